// Writer of HDF5 files: one contiguous dataset per array, `inputs` with the names of the rows, and attributes. Nothing
// in the file depends on the time. Debian's libhdf5 is not made for several threads, so its calls stand behind a lock.
#include <fcntl.h>
#include <hdf5.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <mutex>
#include <utility>

#include "base/arrays/writer.h"
#include "base/atomic_file.h"
#include "signxai/error.h"

namespace signxai {
namespace {

std::mutex& hdf5_lock() {
  static std::mutex mutex;
  return mutex;
}

/// Runs calls of libhdf5 one at a time and without its own messages on stderr.
void quietly(const std::function<void()>& calls) {
  const std::lock_guard lock(hdf5_lock());
  H5E_auto2_t function = nullptr;
  void* data = nullptr;
  H5Eget_auto2(H5E_DEFAULT, &function, &data);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  try {
    calls();
  } catch (...) {
    H5Eset_auto2(H5E_DEFAULT, function, data);
    throw;
  }
  H5Eset_auto2(H5E_DEFAULT, function, data);
}

/// Owns an identifier of libhdf5.
class Handle {
 public:
  Handle() = default;
  Handle(hid_t id, herr_t (*closer)(hid_t), const std::string& path) : id_(id), close_(closer) {
    if (id < 0) throw Error(ErrorCode::kIo, "output", path, "cannot be written as HDF5; is the disk full?");
  }
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(close_, other.close_);
    return *this;
  }
  ~Handle() { close(); }

  hid_t get() const { return id_; }
  bool close() { return id_ < 0 || close_(std::exchange(id_, -1)) >= 0; }

 private:
  hid_t id_ = -1;
  herr_t (*close_)(hid_t) = nullptr;
};

class H5Writer : public ArrayWriter {
 public:
  H5Writer(const std::string& path, ArrayFilePlan plan, bool overwrite)
      : ArrayWriter(path, std::move(plan)), target_(path, overwrite) {
    quietly([this] { begin(); });
  }
  ~H5Writer() override {
    if (finished_) return;
    // Where the disk is full, this makes room for closing; see reserve().
    [[maybe_unused]] const int ignored = ::truncate(target_.temporary_path().c_str(), 0);
    quietly([this] { close(); });
  }
  H5Writer(const H5Writer&) = delete;
  H5Writer& operator=(const H5Writer&) = delete;

  std::int64_t offset(std::size_t array) const override { return array < offsets_.size() ? offsets_[array] : -1; }

 private:
  Handle handle(hid_t id, herr_t (*closer)(hid_t)) const { return {id, closer, path_}; }
  void require(bool done) const {
    if (!done) throw Error(ErrorCode::kIo, "output", path_, "cannot be written as HDF5; is the disk full?");
  }

  void begin() {
    reserve(planned_bytes());  // which the next call gives back
    const Handle access = handle(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
    require(H5Pset_sieve_buf_size(access.get(), 0) >= 0);  // numbers are not held back
    require(H5Pset_alignment(access.get(), 1, 64) >= 0);   // and can be used where they lie in the file
    file_ = handle(H5Fcreate(target_.temporary_path().c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access.get()), H5Fclose);
    if (!plan_.provenance.empty()) add_text(file_.get(), "provenance", plan_.provenance);
    for (const ArrayPlan& array : plan_.arrays) {
      datasets_.push_back(create(array.name, array.shape, array.integers ? H5T_STD_I64LE : H5T_IEEE_F32LE));
      for (const auto& [name, text] : array.attributes) add_text(datasets_.back().get(), name, text);
    }
    if (!plan_.rows.empty()) add_rows();
  }

  Handle create(const std::string& name, const Shape& shape, hid_t type) const {
    const Handle links = handle(H5Pcreate(H5P_LINK_CREATE), H5Pclose);  // METHOD/PLACE stands in a group
    require(H5Pset_create_intermediate_group(links.get(), 1) >= 0 &&
            H5Pset_char_encoding(links.get(), H5T_CSET_UTF8) >= 0);
    const Handle options = handle(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
    require(H5Pset_obj_track_times(options.get(), false) >= 0 &&
            H5Pset_fill_time(options.get(), H5D_FILL_TIME_NEVER) >= 0);
    const std::vector<hsize_t> extents(shape.begin(), shape.end());
    const Handle space = handle(H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr), H5Sclose);
    return handle(H5Dcreate2(file_.get(), name.c_str(), type, space.get(), links.get(), options.get(), H5P_DEFAULT),
                  H5Dclose);
  }

  Handle text_type(std::size_t bytes) const {
    Handle type = handle(H5Tcopy(H5T_C_S1), H5Tclose);
    const H5T_str_t padding = bytes == H5T_VARIABLE ? H5T_STR_NULLTERM : H5T_STR_NULLPAD;
    require(H5Tset_size(type.get(), bytes) >= 0 && H5Tset_cset(type.get(), H5T_CSET_UTF8) >= 0 &&
            H5Tset_strpad(type.get(), padding) >= 0);
    return type;
  }

  /// Of variable length: it may be longer than an object's header, and h5py gives it as str.
  void add_text(hid_t object, const std::string& name, const std::string& text) const {
    const Handle type = text_type(H5T_VARIABLE), space = handle(H5Screate(H5S_SCALAR), H5Sclose);
    const Handle attribute =
        handle(H5Acreate2(object, name.c_str(), type.get(), space.get(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
    const char* start = text.c_str();
    require(H5Awrite(attribute.get(), type.get(), &start) >= 0);
  }

  void add_rows() const {
    std::size_t longest = 1;
    for (const std::string& name : plan_.rows) longest = std::max(longest, name.size());
    std::string names;
    for (const std::string& name : plan_.rows) names += name + std::string(longest - name.size(), '\0');
    const Handle type = text_type(longest);
    const Handle dataset = create("inputs", {static_cast<std::int64_t>(plan_.rows.size())}, type.get());
    require(H5Dwrite(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, names.data()) >= 0);
  }

  void put(std::size_t array, const void* values, std::int64_t first, std::int64_t rows) override {
    if (rows == 0) return;
    quietly([&] {
      const ArrayPlan& plan = plan_.arrays[array];
      std::vector<hsize_t> start(plan.shape.size(), 0), count(plan.shape.begin(), plan.shape.end());
      start.front() = static_cast<hsize_t>(first);
      count.front() = static_cast<hsize_t>(rows);
      const Handle file_space = handle(H5Dget_space(datasets_[array].get()), H5Sclose);
      require(H5Sselect_hyperslab(file_space.get(), H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr) >= 0);
      const Handle memory = handle(H5Screate_simple(static_cast<int>(count.size()), count.data(), nullptr), H5Sclose);
      const hid_t type = plan.integers ? H5T_NATIVE_INT64 : H5T_NATIVE_FLOAT;
      require(H5Dwrite(datasets_[array].get(), type, memory.get(), file_space.get(), H5P_DEFAULT, values) >= 0);
    });
  }

  bool close() {
    bool done = true;
    for (Handle& dataset : datasets_) {
      offsets_.push_back(static_cast<std::int64_t>(H5Dget_offset(dataset.get())));
      done = dataset.close() && done;
    }
    datasets_.clear();
    return file_.close() && done;
  }

  /// Takes space on the disk. libhdf5 cannot close a file any more when it runs into a full disk with what it holds
  /// back, and then crashes at the end of the process.
  void reserve(std::size_t bytes) const {
    const int descriptor = ::open(target_.temporary_path().c_str(), O_WRONLY | O_CLOEXEC);
    const bool full = descriptor >= 0 && ::fallocate(descriptor, 0, 0, static_cast<off_t>(bytes)) != 0 &&
                      (errno == ENOSPC || errno == EDQUOT || errno == EFBIG);  // other file systems cannot say
    if (descriptor >= 0) ::close(descriptor);
    require(descriptor >= 0 && !full);
  }

  /// An upper bound of the file's size.
  std::size_t planned_bytes() const {
    std::size_t bytes = (std::size_t{1} << 16) + plan_.provenance.size();
    for (std::size_t i = 0; i < plan_.arrays.size(); ++i) {
      bytes += 4096 + row_bytes(i) * static_cast<std::size_t>(plan_.arrays[i].shape.front());
    }
    for (const std::string& name : plan_.rows) bytes += name.size();
    return bytes;
  }

  void finish() override {
    quietly([this] {
      hsize_t size = 0;
      require(H5Fget_filesize(file_.get(), &size) >= 0);
      reserve(size);
      require(close());
    });
    finished_ = true;
    target_.commit();
  }

  base::AtomicFile target_;
  Handle file_;
  std::vector<Handle> datasets_;
  bool finished_ = false;
  std::vector<std::int64_t> offsets_;  ///< known when the datasets are complete
};

}  // namespace

std::unique_ptr<ArrayWriter> base::make_h5_writer(const std::string& path, ArrayFilePlan plan, bool overwrite) {
  return std::make_unique<H5Writer>(path, std::move(plan), overwrite);
}

}  // namespace signxai
