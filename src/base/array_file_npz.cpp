// .npz archives through libzip. The directory's sizes are not believed: each member must be as long as its own .npy
// header says, and no longer than its compressed bytes can expand to.
#include <zip.h>

#include <algorithm>
#include <memory>
#include <set>

#include "base/array_file_npy.h"
#include "base/atomic_file.h"
#include "base/input_file.h"
#include "signxai/error.h"

namespace signxai {
namespace {

constexpr std::uint64_t kMaxDeflateRatio = 1032;  // of any deflate stream
constexpr zip_uint64_t kMaxMembers = 65536;

struct DiscardArchive {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct CloseMember {
  void operator()(zip_file_t* member) const { zip_fclose(member); }
};
using Archive = std::unique_ptr<zip_t, DiscardArchive>;
using Member = std::unique_ptr<zip_file_t, CloseMember>;

[[noreturn]] void fail(ErrorCode code, const std::string& subject, const std::string& what) {
  throw Error(code, "array", subject, what);
}

std::string message_of(int code) {
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  std::string text = zip_error_strerror(&error);
  zip_error_fini(&error);
  return text;
}

Archive open_archive(const std::string& path) {
  { base::InputFile probe(path, "array"); }  // missing files, folders and pipes get the same message as everywhere
  int code = 0;
  Archive archive(zip_open(path.c_str(), ZIP_RDONLY, &code));
  if (archive == nullptr) fail(ErrorCode::kCorruptFile, path, "is no .npz archive, or damaged; " + message_of(code));
  const zip_int64_t count = zip_get_num_entries(archive.get(), 0);
  if (count > static_cast<zip_int64_t>(kMaxMembers)) {
    fail(ErrorCode::kUnsupported, path,
         "has too many members; got " + std::to_string(count) + ", expected at most 65536");
  }
  return archive;
}

struct Entry {
  zip_uint64_t index;
  std::string name;  // without ".npy"
  std::string subject;
  std::uint64_t size;
};

bool ends_with_npy(const std::string& name) { return name.size() > 4 && name.ends_with(".npy"); }

Entry checked_entry(zip_t* archive, zip_uint64_t index, const std::string& path) {
  zip_stat_t info;
  zip_stat_init(&info);
  constexpr zip_uint64_t kNeeded = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD;
  if (zip_stat_index(archive, index, ZIP_FL_ENC_RAW, &info) != 0 || (info.valid & kNeeded) != kNeeded) {
    fail(ErrorCode::kCorruptFile, path, "the directory of the archive is damaged at member " + std::to_string(index));
  }
  const std::string name = info.name;
  const std::string subject = path + "[" + name + "]";
  if (!ends_with_npy(name)) {
    fail(ErrorCode::kUnsupported, subject,
         "is not an array; expected members that end in .npy, as np.savez writes them");
  }
  if ((info.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && info.encryption_method != ZIP_EM_NONE) {
    fail(ErrorCode::kUnsupported, subject, "is encrypted; try an archive without password");
  }
  if (info.comp_method != ZIP_CM_STORE && info.comp_method != ZIP_CM_DEFLATE) {
    fail(ErrorCode::kUnsupported, subject,
         "uses compression method " + std::to_string(info.comp_method) + "; expected stored or deflated");
  }
  const std::uint64_t ratio = info.comp_method == ZIP_CM_STORE ? 1 : kMaxDeflateRatio;
  if (info.size / ratio > info.comp_size) {
    fail(ErrorCode::kCorruptFile, subject,
         "claims a size its bytes cannot hold; got " + std::to_string(info.size) + " from " +
             std::to_string(info.comp_size));
  }
  return {index, name.substr(0, name.size() - 4), subject, info.size};
}

std::vector<Entry> list_entries(zip_t* archive, const std::string& path) {
  std::vector<Entry> entries;
  const zip_int64_t count = zip_get_num_entries(archive, 0);
  for (zip_int64_t i = 0; i < count; ++i) {
    entries.push_back(checked_entry(archive, static_cast<zip_uint64_t>(i), path));
  }
  return entries;
}

void read_exactly(zip_file_t* member, const std::string& subject, void* to, std::size_t count) {
  auto* bytes = static_cast<char*>(to);
  while (count > 0) {
    const zip_int64_t got = zip_fread(member, bytes, std::min<std::size_t>(count, std::size_t{1} << 24));
    if (got <= 0) {
      const std::string why = got == 0 ? "it ends too early" : zip_file_strerror(member);
      fail(ErrorCode::kCorruptFile, subject, "cannot be unpacked; " + why);
    }
    bytes += got;
    count -= static_cast<std::size_t>(got);
  }
}

// The checksum is compared when the end is reached, so one more read is due.
void expect_end(zip_file_t* member, const std::string& subject) {
  char extra = 0;
  const zip_int64_t got = zip_fread(member, &extra, 1);
  if (got > 0) fail(ErrorCode::kCorruptFile, subject, "is longer than the directory of the archive says");
  if (got < 0) fail(ErrorCode::kCorruptFile, subject, std::string("cannot be unpacked; ") + zip_file_strerror(member));
}

Tensor read_entry(zip_t* archive, const Entry& entry, const ReadLimits& limits) {
  const Member member(zip_fopen_index(archive, entry.index, 0));
  if (member == nullptr) {
    fail(ErrorCode::kCorruptFile, entry.subject, std::string("cannot be unpacked; ") + zip_strerror(archive));
  }
  const auto read = [&](void* to, std::size_t count) { read_exactly(member.get(), entry.subject, to, count); };
  Tensor tensor = base::read_npy_stream({entry.subject, entry.size, read}, limits);
  expect_end(member.get(), entry.subject);
  return tensor;
}

void check_name(const std::string& path, const std::string& name, std::set<std::string>& seen) {
  const auto forbidden = [](unsigned char c) { return c < 0x20 || c == '\\' || c == 0x7f; };
  const std::string framed = "/" + name + "/";  // folders are allowed inside a name, but not ways out of it
  const auto has = [&](const char* part) { return framed.find(part) != std::string::npos; };
  if (name.empty() || has("//") || has("/./") || has("/../") || std::any_of(name.begin(), name.end(), forbidden)) {
    fail(ErrorCode::kInvalidArgument, path, "an array cannot have the name '" + name + "'");
  }
  if (!seen.insert(name).second) fail(ErrorCode::kInvalidArgument, path, "two arrays have the name '" + name + "'");
}

// Header and data of one member; libzip reads the data from where it is when the archive is closed.
struct Pending {
  std::string name, preamble;
  const void* data;
  std::uint64_t bytes;
};

void add_member(zip_t* archive, const std::string& path, Pending& pending) {
  zip_buffer_fragment_t fragments[2] = {
      {reinterpret_cast<zip_uint8_t*>(pending.preamble.data()), pending.preamble.size()},
      {static_cast<zip_uint8_t*>(const_cast<void*>(pending.data)), pending.bytes}};
  const zip_uint64_t used = pending.bytes == 0 ? 1 : 2;
  zip_source_t* source = zip_source_buffer_fragment(archive, fragments, used, 0);
  const zip_int64_t index =
      source == nullptr ? -1 : zip_file_add(archive, (pending.name + ".npy").c_str(), source, ZIP_FL_ENC_UTF_8);
  if (index < 0) {
    zip_source_free(source);
    throw Error(ErrorCode::kIo, "output", path,
                "member '" + pending.name + "' cannot be added; " + zip_strerror(archive));
  }
  zip_set_file_compression(archive, static_cast<zip_uint64_t>(index), ZIP_CM_STORE, 0);
}

std::vector<Pending> collect(const std::string& path, const std::vector<NamedView>& arrays,
                             const std::vector<NamedIntegers>& integers) {
  std::vector<Pending> members;
  std::set<std::string> seen;
  for (const NamedView& array : arrays) {
    check_name(path, array.name, seen);
    const auto count = static_cast<std::uint64_t>(element_count(array.tensor.shape));
    members.push_back(
        {array.name, base::npy_preamble("<f4", array.tensor.shape), array.tensor.data, count * sizeof(float)});
  }
  for (const NamedIntegers& array : integers) {
    check_name(path, array.name, seen);
    if (element_count(array.shape) != static_cast<std::int64_t>(array.values.size())) {
      fail(ErrorCode::kInvalidArgument, path,
           "array '" + array.name + "' does not have as many values as its shape says");
    }
    members.push_back({array.name, base::npy_preamble("<i8", array.shape), array.values.data(),
                       array.values.size() * sizeof(std::int64_t)});
  }
  return members;
}

}  // namespace

std::vector<NamedTensor> read_npz(const std::string& path, const ReadLimits& limits) {
  const Archive archive = open_archive(path);
  std::vector<NamedTensor> arrays;
  ReadLimits rest = limits;
  for (const Entry& entry : list_entries(archive.get(), path)) {
    arrays.push_back({entry.name, read_entry(archive.get(), entry, rest)});
    rest.max_bytes -= static_cast<std::int64_t>(arrays.back().tensor.data.size() * sizeof(float));
  }
  return arrays;
}

Tensor read_npz_member(const std::string& path, const std::string& name, const ReadLimits& limits) {
  const Archive archive = open_archive(path);
  std::string names;
  for (const Entry& entry : list_entries(archive.get(), path)) {
    if (entry.name == name) return read_entry(archive.get(), entry, limits);
    if (names.size() < 400) names += (names.empty() ? "" : ", ") + entry.name;
  }
  fail(ErrorCode::kNotFound, path, "has no array '" + name + "'; got " + (names.empty() ? "none" : names));
}

void write_npz(const std::string& path, const std::vector<NamedView>& arrays,
               const std::vector<NamedIntegers>& integers, bool overwrite) {
  std::vector<Pending> members = collect(path, arrays, integers);
  base::AtomicFile file(path, overwrite);
  int code = 0;
  Archive archive(zip_open(file.temporary_path().c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code));
  if (archive == nullptr) throw Error(ErrorCode::kIo, "output", path, "cannot be written; " + message_of(code));
  for (Pending& member : members) add_member(archive.get(), path, member);
  if (members.empty()) fail(ErrorCode::kInvalidArgument, path, "an archive needs at least one array");
  if (zip_close(archive.get()) != 0) {
    throw Error(ErrorCode::kIo, "output", path, std::string("cannot be written; ") + zip_strerror(archive.get()));
  }
  static_cast<void>(archive.release());  // zip_close has freed it
  file.commit();
}

}  // namespace signxai
