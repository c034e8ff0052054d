// The directory is checked before anything is unpacked.
#include "importers/zip/archive.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <set>

#include "base/zip_handles.h"
#include "importers/hdf5/printable.h"
#include "importers/zip/locate.h"
#include "signxai/error.h"

namespace signxai::zip {
namespace {

constexpr std::size_t kBlock = std::size_t{1} << 16;

[[noreturn]] void refuse(ErrorCode code, const std::string& subject, const std::string& message) {
  throw Error(code, "import", subject, message);
}

std::shared_ptr<::zip> open_directory(const base::MappedFile& file, const std::string& path) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(file.data(), file.size(), 0, &error);
  zip_t* archive = source ? zip_open_from_source(source, ZIP_RDONLY, &error) : nullptr;
  const std::string reason = archive ? "" : zip_error_strerror(&error);
  if (!archive && source) zip_source_free(source);
  zip_error_fini(&error);
  if (!archive) refuse(ErrorCode::kCorruptFile, path, "the zip archive is damaged or cut short; " + reason);
  return base::ZipArchive(archive);
}

/// Nothing is unpacked to such a place here, but an archive that has one was made to do harm.
bool leads_out(const std::string& name) {
  const std::string framed = "/" + name + "/";
  const bool drive = name.size() > 1 && name[1] == ':';
  return name.empty() || name.front() == '/' || drive || framed.find("/../") != std::string::npos ||
         name.find('\\') != std::string::npos || hdf5::printable(name) != name;
}

Member checked_member(zip_t* archive, zip_uint64_t index, const std::string& path) {
  zip_stat_t info;
  zip_stat_init(&info);
  constexpr zip_uint64_t kNeeded = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD;
  if (zip_stat_index(archive, index, ZIP_FL_ENC_RAW, &info) != 0 || (info.valid & kNeeded) != kNeeded) {
    refuse(ErrorCode::kCorruptFile, path,
           "the directory of the zip archive is damaged at member " + std::to_string(index));
  }
  const std::string subject = path + "[" + hdf5::printable(info.name) + "]";
  if (leads_out(info.name))
    refuse(ErrorCode::kCorruptFile, subject, "the name leads out of the archive; the file is hostile");
  if ((info.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && info.encryption_method != ZIP_EM_NONE) {
    refuse(ErrorCode::kUnsupported, subject, "is encrypted; try an archive without password");
  }
  if (info.comp_method != ZIP_CM_STORE && info.comp_method != ZIP_CM_DEFLATE) {
    refuse(ErrorCode::kUnsupported, subject,
           "uses compression method " + std::to_string(info.comp_method) + "; expected stored or deflated");
  }
  const bool stored = info.comp_method == ZIP_CM_STORE;
  if (info.size / (stored ? 1 : base::kMaxDeflateRatio) > info.comp_size) {
    refuse(ErrorCode::kCorruptFile, subject,
           "claims a size its bytes cannot hold; got " + std::to_string(info.size) + " from " +
               std::to_string(info.comp_size));
  }
  return {info.name, index, info.size, stored};
}

}  // namespace

Archive Archive::open(const std::string& path) { return Archive(path); }

Archive::Archive(const std::string& path)
    : file_(std::make_shared<const base::MappableFile>(path)), mapped_(file_->map()) {
  if (mapped_->size() == 0) refuse(ErrorCode::kCorruptFile, path, "the file is empty");
  zip_ = open_directory(*mapped_, path);
  const zip_int64_t count = zip_get_num_entries(zip_.get(), 0);
  if (count > base::kMaxZipMembers) {
    refuse(ErrorCode::kCorruptFile, path,
           "has " + std::to_string(count) + " members; expected at most " + std::to_string(base::kMaxZipMembers));
  }
  std::set<std::string> names;
  for (zip_int64_t i = 0; i < count; ++i) {
    members_.push_back(checked_member(zip_.get(), static_cast<zip_uint64_t>(i), path));
    if (!names.insert(members_.back().name).second) fail(members_.back().name, "occurs twice in the archive");
  }
}

void Archive::fail(const std::string& member, const std::string& message) const {
  refuse(ErrorCode::kCorruptFile, path() + "[" + hdf5::printable(member) + "]", message);
}

const Member* Archive::find(std::string_view name) const {
  const auto it = std::find_if(members_.begin(), members_.end(), [&](const Member& m) { return m.name == name; });
  return it == members_.end() ? nullptr : &*it;
}

std::uint64_t Archive::default_limit() const { return (std::uint64_t{256} << 20) + 64 * mapped_->size(); }

std::shared_ptr<const std::byte> Archive::locate(const Member& member) const {
  if (!member.stored) return nullptr;
  const auto offset = locate_stored({mapped_->data(), mapped_->size()}, member.index, member.name, member.size);
  return offset ? std::shared_ptr<const std::byte>(mapped_, mapped_->data() + *offset) : nullptr;
}

base::Bytes Archive::read(const Member& member, std::uint64_t limit) const {
  if (member.size > limit) {
    refuse(ErrorCode::kOutOfMemory, path() + "[" + member.name + "]",
           "would unpack to " + std::to_string(member.size) + " bytes; allowed for an archive of this size are " +
               std::to_string(limit));
  }
  const base::ZipMember stream(zip_fopen_index(zip_.get(), member.index, 0));
  if (!stream) fail(member.name, std::string("cannot be unpacked; ") + zip_strerror(zip_.get()));
  // What libzip reads decides. The bytes in the mapping are used if they are the same; else they are collected.
  const std::shared_ptr<const std::byte> in_place = locate(member);
  std::shared_ptr<std::byte[]> collected;
  try {
    if (!in_place) collected.reset(new std::byte[std::max<std::uint64_t>(member.size, 1)]);
  } catch (const std::bad_alloc&) {
    refuse(ErrorCode::kOutOfMemory, path() + "[" + member.name + "]", "no memory to unpack it");
  }
  std::array<std::byte, kBlock> block;
  for (std::uint64_t done = 0; done < member.size;) {
    std::byte* target = in_place ? block.data() : collected.get() + done;
    const zip_int64_t got = zip_fread(stream.get(), target, std::min<std::uint64_t>(kBlock, member.size - done));
    if (got < 0) fail(member.name, std::string("cannot be unpacked; ") + zip_file_strerror(stream.get()));
    if (got == 0)
      fail(member.name, "ends after " + std::to_string(done) + " of " + std::to_string(member.size) + " bytes");
    if (in_place && std::memcmp(target, in_place.get() + done, static_cast<std::size_t>(got)) != 0) {
      fail(member.name, "lies in two places according to the two directories of the archive; the file is hostile");
    }
    done += static_cast<std::uint64_t>(got);
  }
  // The checksum is compared when the end is reached, so one more read is due.
  const zip_int64_t more = zip_fread(stream.get(), block.data(), 1);
  if (more > 0) fail(member.name, "is longer than the directory of the archive says");
  if (more < 0) fail(member.name, std::string("cannot be unpacked; ") + zip_file_strerror(stream.get()));
  if (in_place) return {in_place, member.size};
  return {std::shared_ptr<const std::byte>(collected, collected.get()), member.size};
}

}  // namespace signxai::zip
