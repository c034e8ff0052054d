// POSIX side of InputFile.
#include "base/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "signxai/error.h"

namespace signxai::base {

InputFile::InputFile(const std::string& path, std::string_view stage) : path_(path), stage_(stage) {
  // O_NONBLOCK: opening a pipe nobody writes to must fail, not hang. It means nothing for regular files.
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor_ < 0) {
    const int reason = errno;
    const bool missing = reason == ENOENT || reason == ENOTDIR;
    throw Error(missing ? ErrorCode::kNotFound : ErrorCode::kIo, stage, path,
                std::string("cannot be opened; ") + std::strerror(reason));
  }
  struct stat info {};
  if (::fstat(descriptor_, &info) != 0 || !S_ISREG(info.st_mode)) {
    ::close(descriptor_);
    throw Error(ErrorCode::kInvalidArgument, stage, path,
                std::string("is not a regular file; got ") + (S_ISDIR(info.st_mode) ? "a folder" : "a device or pipe"));
  }
  size_ = static_cast<std::uint64_t>(info.st_size);
}

InputFile::~InputFile() { ::close(descriptor_); }

void InputFile::read(void* to, std::size_t count) {
  constexpr std::size_t kLargestRead = std::size_t{1} << 30;
  auto* bytes = static_cast<char*>(to);
  while (count > 0) {
    const ssize_t got = ::read(descriptor_, bytes, std::min(count, kLargestRead));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw Error(ErrorCode::kIo, stage_, path_, std::string("cannot be read; ") + std::strerror(errno));
    if (got == 0) {
      throw Error(ErrorCode::kCorruptFile, stage_, path_,
                  "ends too early; " + std::to_string(count) + " more bytes expected");
    }
    bytes += got;
    count -= static_cast<std::size_t>(got);
  }
}

std::string read_whole_file(const std::string& path, std::string_view stage, std::uint64_t limit) {
  InputFile file(path, stage);
  if (file.size() > limit) {
    throw Error(
        ErrorCode::kInvalidArgument, stage, path,
        "is too large; got " + std::to_string(file.size()) + " bytes, expected at most " + std::to_string(limit));
  }
  std::string content(static_cast<std::size_t>(file.size()), '\0');
  file.read(content.data(), content.size());
  return content;
}

}  // namespace signxai::base
