// .npz archives through libzip. The directory's sizes are not believed: each member must be as long as its own .npy
// header says, and no longer than its compressed bytes can expand to.
#include <algorithm>
#include <memory>

#include "base/arrays/npy.h"
#include "base/input_file.h"
#include "base/zip_handles.h"
#include "signxai/error.h"

namespace signxai {
namespace {

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

base::ZipArchive open_archive(const std::string& path) {
  { base::InputFile probe(path, "array"); }  // missing files, folders and pipes get the same message as everywhere
  int code = 0;
  base::ZipArchive archive(zip_open(path.c_str(), ZIP_RDONLY, &code));
  if (archive == nullptr) fail(ErrorCode::kCorruptFile, path, "is no .npz archive, or damaged; " + message_of(code));
  const zip_int64_t count = zip_get_num_entries(archive.get(), 0);
  if (count > base::kMaxZipMembers) {
    fail(ErrorCode::kUnsupported, path,
         "has too many members; got " + std::to_string(count) + ", expected at most " +
             std::to_string(base::kMaxZipMembers));
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
  const std::uint64_t ratio = info.comp_method == ZIP_CM_STORE ? 1 : base::kMaxDeflateRatio;
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
    const char* name = zip_get_name(archive, static_cast<zip_uint64_t>(i), ZIP_FL_ENC_RAW);
    if (name != nullptr && name == base::kProvenanceMember) continue;  // a text beside the arrays
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

base::ZipMember open_member(zip_t* archive, const Entry& entry) {
  base::ZipMember member(zip_fopen_index(archive, entry.index, 0));
  if (member == nullptr) {
    fail(ErrorCode::kCorruptFile, entry.subject, std::string("cannot be unpacked; ") + zip_strerror(archive));
  }
  return member;
}

Tensor read_entry(zip_t* archive, const Entry& entry, const ReadLimits& limits) {
  const base::ZipMember member = open_member(archive, entry);
  const auto read = [&](void* to, std::size_t count) { read_exactly(member.get(), entry.subject, to, count); };
  Tensor tensor = base::read_npy_stream({entry.subject, entry.size, read}, limits);
  expect_end(member.get(), entry.subject);
  return tensor;
}

Entry find_entry(zip_t* archive, const std::string& path, const std::string& name) {
  std::string names;
  for (const Entry& entry : list_entries(archive, path)) {
    if (entry.name == name) return entry;
    if (names.size() < 400) names += (names.empty() ? "" : ", ") + entry.name;
  }
  fail(ErrorCode::kNotFound, path, "has no array '" + name + "'; got " + (names.empty() ? "none" : names));
}

}  // namespace

std::vector<NamedTensor> read_npz(const std::string& path, const ReadLimits& limits) {
  const base::ZipArchive archive = open_archive(path);
  std::vector<NamedTensor> arrays;
  ReadLimits rest = limits;
  for (const Entry& entry : list_entries(archive.get(), path)) {
    arrays.push_back({entry.name, read_entry(archive.get(), entry, rest)});
    rest.max_bytes -= static_cast<std::int64_t>(arrays.back().tensor.data.size() * sizeof(float));
  }
  return arrays;
}

Tensor read_npz_member(const std::string& path, const std::string& name, const ReadLimits& limits) {
  const base::ZipArchive archive = open_archive(path);
  return read_entry(archive.get(), find_entry(archive.get(), path, name), limits);
}

std::vector<std::string> npz_names(const std::string& path) {
  const base::ZipArchive archive = open_archive(path);
  std::vector<std::string> names;
  for (const Entry& entry : list_entries(archive.get(), path)) names.push_back(entry.name);
  return names;
}

struct ArrayReader::Impl {
  std::unique_ptr<base::InputFile> file;
  base::ZipArchive archive;
  base::ZipMember member;
  std::string subject;
  ReadLimits limits;
  std::unique_ptr<base::NpyStream> stream;
};

ArrayReader::ArrayReader(const std::string& path, const std::string& member, const ReadLimits& limits)
    : impl_(std::make_unique<Impl>()) {
  impl_->limits = limits;
  impl_->subject = path;
  if (member.empty()) {
    impl_->file = std::make_unique<base::InputFile>(path, "array");
    const auto read = [file = impl_->file.get()](void* to, std::size_t count) { file->read(to, count); };
    impl_->stream = std::make_unique<base::NpyStream>(base::ByteSource{path, impl_->file->size(), read});
    return;
  }
  impl_->archive = open_archive(path);
  const Entry entry = find_entry(impl_->archive.get(), path, member);
  impl_->subject = entry.subject;
  impl_->member = open_member(impl_->archive.get(), entry);
  const auto read = [from = impl_->member.get(), subject = entry.subject](void* to, std::size_t count) {
    read_exactly(from, subject, to, count);
  };
  impl_->stream = std::make_unique<base::NpyStream>(base::ByteSource{entry.subject, entry.size, read});
}

ArrayReader::~ArrayReader() = default;
ArrayReader::ArrayReader(ArrayReader&&) noexcept = default;
ArrayReader& ArrayReader::operator=(ArrayReader&&) noexcept = default;

const Shape& ArrayReader::shape() const { return impl_->stream->shape(); }

Tensor ArrayReader::read(std::int64_t rows) {
  const bool over = impl_->stream->at_end();
  Tensor tensor = impl_->stream->read(rows, impl_->limits);
  if (impl_->member && !over && impl_->stream->at_end()) expect_end(impl_->member.get(), impl_->subject);
  return tensor;
}

}  // namespace signxai
