// Writer of .npz archives through libzip, which asks for the bytes of all members when the archive is closed: arrays in
// memory are lent to it, arrays that come row by row wait in nameless files beside the target. Members are stored and
// carry a fixed date, so that the same arrays give the same bytes.
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <set>

#include "base/arrays/npy.h"
#include "base/arrays/writer.h"
#include "base/atomic_file.h"
#include "base/zip_handles.h"
#include "signxai/error.h"

namespace signxai {
namespace {

[[noreturn]] void fail(const std::string& path, const std::string& what) {
  throw Error(ErrorCode::kIo, "output", path, what);
}

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

/// Where libzip writes an archive: into a file that is there already. By name it would write to one more temporary
/// file, and to name that it seeds a generator of random numbers, which takes longer than to store a small map.
class Sink {
 public:
  explicit Sink(File file) : file_(std::move(file)) { zip_error_init(&error_); }
  ~Sink() { zip_error_fini(&error_); }
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  /// Must not outlive the sink.
  zip_source_t* source() { return zip_source_function_create(handle, this, nullptr); }

 private:
  static zip_int64_t handle(void* self, void* data, zip_uint64_t length, zip_source_cmd_t command) {
    return static_cast<Sink*>(self)->handle(data, length, command);
  }

  zip_int64_t handle(void* data, zip_uint64_t length, zip_source_cmd_t command) {
    switch (command) {
      case ZIP_SOURCE_SUPPORTS: return ZIP_SOURCE_SUPPORTS_WRITABLE;
      case ZIP_SOURCE_STAT: zip_stat_init(static_cast<zip_stat_t*>(data)); return sizeof(zip_stat_t);
      case ZIP_SOURCE_ERROR: return zip_error_to_data(&error_, data, length);
      case ZIP_SOURCE_WRITE:
        return checked(std::fwrite(data, 1, length, file_.get()) == length, static_cast<zip_int64_t>(length));
      case ZIP_SOURCE_TELL_WRITE: return std::ftell(file_.get());
      case ZIP_SOURCE_SEEK_WRITE: {
        const auto* to = ZIP_SOURCE_GET_ARGS(zip_source_args_seek_t, data, length, &error_);
        return to == nullptr ? -1 : checked(std::fseek(file_.get(), to->offset, to->whence) == 0, 0);
      }
      case ZIP_SOURCE_COMMIT_WRITE: return checked(std::fflush(file_.get()) == 0, 0);
      default:  // nothing is there to be read, and what fails is removed with the file
        return 0;
    }
  }

  zip_int64_t checked(bool done, zip_int64_t result) {
    if (done) return result;
    zip_error_set(&error_, ZIP_ER_WRITE, errno);
    return -1;
  }

  File file_;
  zip_error_t error_;
};

/// An archive that is filled member by member and appears as a whole.
class NewArchive {
 public:
  NewArchive(const std::string& path, bool overwrite) : path_(path), file_(path, overwrite), sink_(open()) {
    zip_source_t* source = sink_.source();
    archive_.reset(source == nullptr ? nullptr : zip_open_from_source(source, ZIP_TRUNCATE, nullptr));
    if (archive_ != nullptr) return;
    zip_source_free(source);
    fail(path, "cannot be written; libzip cannot begin an archive");
  }

  zip_t* get() { return archive_.get(); }

  /// Takes the source, which may be null after a failure.
  void add(const std::string& name, zip_source_t* source) {
    const zip_int64_t index = source == nullptr ? -1 : zip_file_add(get(), name.c_str(), source, ZIP_FL_ENC_UTF_8);
    if (index < 0) {
      zip_source_free(source);
      fail(path_, "member '" + name + "' cannot be added; " + zip_strerror(get()));
    }
    constexpr zip_uint16_t kFirstDay = 0x21;  // 1980-01-01, where the format's dates begin
    zip_set_file_compression(get(), static_cast<zip_uint64_t>(index), ZIP_CM_STORE, 0);
    zip_file_set_dostime(get(), static_cast<zip_uint64_t>(index), 0, kFirstDay, 0);
  }

  void commit() {
    if (zip_close(get()) != 0) fail(path_, std::string("cannot be written; ") + zip_strerror(get()));
    static_cast<void>(archive_.release());  // zip_close has freed it
    file_.commit();
  }

 private:
  File open() const {
    File file(std::fopen(file_.temporary_path().c_str(), "r+b"));
    if (file == nullptr) fail(path_, std::string("cannot be written; ") + std::strerror(errno));
    return file;
  }

  const std::string path_;
  base::AtomicFile file_;
  Sink sink_;
  base::ZipArchive archive_;
};

// Header and data of one member in memory.
struct Pending {
  std::string name, preamble;
  const void* data;
  std::uint64_t bytes;
};

zip_source_t* source_of(zip_t* archive, Pending& pending) {
  zip_buffer_fragment_t fragments[2] = {
      {reinterpret_cast<zip_uint8_t*>(pending.preamble.data()), pending.preamble.size()},
      {static_cast<zip_uint8_t*>(const_cast<void*>(pending.data)), pending.bytes}};
  return zip_source_buffer_fragment(archive, fragments, pending.bytes == 0 ? 1 : 2, 0);
}

std::vector<Pending> collect(const std::string& path, const std::vector<NamedView>& arrays,
                             const std::vector<NamedIntegers>& integers) {
  std::vector<Pending> members;
  std::set<std::string> seen;
  for (const NamedView& array : arrays) {
    base::check_array_name(path, array.name, seen);
    const auto count = static_cast<std::uint64_t>(element_count(array.tensor.shape));
    members.push_back(
        {array.name, base::npy_preamble("<f4", array.tensor.shape), array.tensor.data, count * sizeof(float)});
  }
  for (const NamedIntegers& array : integers) {
    base::check_array_name(path, array.name, seen);
    if (element_count(array.shape) != static_cast<std::int64_t>(array.values.size())) {
      throw Error(ErrorCode::kInvalidArgument, "array", path,
                  "array '" + array.name + "' does not have as many values as its shape says");
    }
    members.push_back({array.name, base::npy_preamble("<i8", array.shape), array.values.data(),
                       array.values.size() * sizeof(std::int64_t)});
  }
  return members;
}

/// A file without a name on the file system of the target: it is gone when it is closed.
class Spill {
 public:
  explicit Spill(const std::string& target) : target_(target) {
    const std::string folder = std::filesystem::path(target).parent_path().string();
    std::string name = (folder.empty() ? "." : folder) + "/.signxai-XXXXXX";
    const int descriptor = mkstemp(name.data());
    if (descriptor >= 0) std::remove(name.c_str());
    file_.reset(descriptor < 0 ? nullptr : fdopen(descriptor, "w+b"));
    if (file_ == nullptr) broken();
  }

  void write(const void* bytes, std::size_t count) {
    if (count > 0 && std::fwrite(bytes, 1, count, file_.get()) != count) broken();
    size_ += count;
  }

  /// Hands the file over; libzip closes it.
  zip_source_t* source(zip_t* archive) {
    if (std::fflush(file_.get()) != 0 || std::fseek(file_.get(), 0, SEEK_SET) != 0)
      broken();  // libzip reads on from there
    zip_source_t* source = zip_source_filep(archive, file_.get(), 0, static_cast<zip_int64_t>(size_));
    if (source != nullptr) static_cast<void>(file_.release());
    return source;
  }

 private:
  [[noreturn]] void broken() const { fail(target_, std::string("cannot be written; ") + std::strerror(errno)); }

  std::string target_;
  File file_;
  std::uint64_t size_ = 0;
};

class NpzWriter : public ArrayWriter {
 public:
  NpzWriter(const std::string& path, ArrayFilePlan plan, bool overwrite)
      : ArrayWriter(path, std::move(plan)), archive_(path, overwrite) {
    for (const ArrayPlan& array : plan_.arrays) {
      const std::string preamble = base::preamble_of(array);
      spills_.emplace_back(path).write(preamble.data(), preamble.size());
    }
  }

 private:
  void put(std::size_t array, const void* values, std::int64_t, std::int64_t rows) override {
    spills_[array].write(values, row_bytes(array) * static_cast<std::size_t>(rows));
  }

  void finish() override {
    for (std::size_t i = 0; i < spills_.size(); ++i) {
      archive_.add(plan_.arrays[i].name + ".npy", spills_[i].source(archive_.get()));
    }
    if (!plan_.provenance.empty()) {
      const std::string& text = plan_.provenance;
      archive_.add(std::string(base::kProvenanceMember),
                   zip_source_buffer(archive_.get(), text.data(), text.size(), 0));
    }
    archive_.commit();
  }

  NewArchive archive_;
  std::vector<Spill> spills_;
};

}  // namespace

std::unique_ptr<ArrayWriter> base::make_npz_writer(const std::string& path, ArrayFilePlan plan, bool overwrite) {
  return std::make_unique<NpzWriter>(path, std::move(plan), overwrite);
}

void write_npz(const std::string& path, const std::vector<NamedView>& arrays,
               const std::vector<NamedIntegers>& integers, bool overwrite) {
  std::vector<Pending> members = collect(path, arrays, integers);
  if (members.empty()) {
    throw Error(ErrorCode::kInvalidArgument, "array", path, "an archive needs at least one array");
  }
  NewArchive archive(path, overwrite);
  for (Pending& member : members) archive.add(member.name + ".npy", source_of(archive.get(), member));
  archive.commit();
}

}  // namespace signxai
