// SHA-256 of files, for provenance.
#pragma once

#include <cstdint>
#include <string>

namespace signxai::base {

/// Which content a path had when it was looked at.
struct FileStamp {
  std::string path;
  std::uint64_t device = 0, inode = 0, size = 0;
  std::int64_t seconds = 0, nanoseconds = 0;  ///< of the last change
};

/// All zero where there is no such file.
FileStamp stamp_of(const std::string& path);

/// SHA-256 of the whole file in lower-case hexadecimal. Throws kIo when the file is no longer the one of the stamp,
/// and what InputFile throws.
std::string sha256_of(const FileStamp& stamp);

}  // namespace signxai::base
