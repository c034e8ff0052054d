// Writer of .npz archives through libzip, which asks for the bytes of all members when the archive is closed: arrays in
// memory are lent to it, arrays that come row by row wait in nameless files beside the target. Members are stored and
// carry a fixed date, so that the same arrays give the same bytes.
#include <zip.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <set>

#include "base/arrays/npy.h"
#include "base/arrays/writer.h"
#include "base/atomic_file.h"
#include "signxai/error.h"

namespace signxai {
namespace {

[[noreturn]] void fail(const std::string& path, const std::string& what) {
  throw Error(ErrorCode::kIo, "output", path, what);
}

struct DiscardArchive {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};

std::string message_of(int code) {
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  std::string text = zip_error_strerror(&error);
  zip_error_fini(&error);
  return text;
}

/// An archive that is filled member by member and appears as a whole.
class NewArchive {
 public:
  NewArchive(const std::string& path, bool overwrite) : path_(path), file_(path, overwrite) {
    int code = 0;
    archive_.reset(zip_open(file_.temporary_path().c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code));
    if (archive_ == nullptr) fail(path, "cannot be written; " + message_of(code));
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
  const std::string path_;
  base::AtomicFile file_;
  std::unique_ptr<zip_t, DiscardArchive> archive_;
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

  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::string target_;
  std::unique_ptr<std::FILE, Close> file_;
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
