// Reading of zip archives in place, as .keras files are. First stage of the importers, beside hdf5/. libzip reads the
// directory and unpacks; a stored member is used where it lies in the mapped file, nothing is written to disk.
// Immutable after opening, but not for use by several threads at once: libzip's reader is one object.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/mapped_file.h"

struct zip;

namespace signxai::zip {

struct Member {
  std::string name;
  std::uint64_t index = 0;
  std::uint64_t size = 0;
  bool stored = false;  ///< not compressed
};

class Archive {
 public:
  /// Throws kNotFound, kIo, kCorruptFile (damaged or hostile: sizes that cannot be, names that lead out of a folder or
  /// occur twice), kUnsupported (encrypted, other compression than deflate).
  static Archive open(const std::string& path);

  const std::string& path() const { return file_->path(); }
  const std::vector<Member>& members() const { return members_; }
  /// Or nullptr.
  const Member* find(std::string_view name) const;

  /// The member's bytes, its checksum compared. Throws kOutOfMemory when they would exceed `limit`, kCorruptFile.
  base::Bytes read(const Member& member, std::uint64_t limit) const;
  /// To what members of an archive of this size may be unpacked.
  std::uint64_t default_limit() const;

  /// Throws kIo when the file was changed since it was opened.
  void require_unchanged() const { file_->require_unchanged(); }

 private:
  explicit Archive(const std::string& path);
  std::shared_ptr<const std::byte> locate(const Member& member) const;
  [[noreturn]] void fail(const std::string& member, const std::string& message) const;

  std::shared_ptr<const base::MappableFile> file_;
  std::shared_ptr<const base::MappedFile> mapped_;
  std::shared_ptr<::zip> zip_;
  std::vector<Member> members_;
};

}  // namespace signxai::zip
