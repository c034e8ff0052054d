// POSIX side of AtomicFile.
#include "base/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <random>

#include "signxai/error.h"

namespace signxai::base {
namespace {

std::string folder_of(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

// The name is short and independent of the target's, which may be as long as the file system allows.
std::string temporary_name(const std::string& folder) {
  std::random_device device;
  const std::uint64_t number = (std::uint64_t{device()} << 32) | device();
  std::array<char, 40> name{};
  std::snprintf(name.data(), name.size(), "/.signxai-%016llx.tmp", static_cast<unsigned long long>(number));
  return folder + name.data();
}

// A link is followed so that the file it points to is replaced, not the link.
std::string resolve_link(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::is_symlink(path, ignored)) return path;
  const auto resolved = std::filesystem::weakly_canonical(path, ignored);
  return ignored ? path : resolved.string();
}

}  // namespace

AtomicFile::AtomicFile(const std::string& target, bool overwrite)
    : target_(overwrite ? resolve_link(target) : target), folder_(folder_of(target_)), overwrite_(overwrite) {
  struct stat info {};
  if (::lstat(target_.c_str(), &info) == 0) {
    if (S_ISDIR(info.st_mode)) fail("is a folder, not a file", 0);
    if (!overwrite) fail("exists already; choose another name or allow overwriting", 0);
    if (!S_ISREG(info.st_mode)) fail("is not a regular file and cannot be replaced", 0);
    mode_ = info.st_mode & 07777u;
  }
  for (int attempt = 0; descriptor_ < 0; ++attempt) {
    temporary_ = temporary_name(folder_);
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor_ < 0 && (errno != EEXIST || attempt == 16)) fail("cannot be written in " + folder_, errno);
  }
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!committed_ && !temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::fail(const std::string& what, int reason) const {
  throw Error(ErrorCode::kIo, "output", target_, reason == 0 ? what : what + "; " + std::strerror(reason));
}

void AtomicFile::write(const void* bytes, std::size_t count) {
  constexpr std::size_t kLargestWrite = std::size_t{1} << 30;
  const auto* from = static_cast<const char*>(bytes);
  while (count > 0) {
    const ssize_t put = ::write(descriptor_, from, std::min(count, kLargestWrite));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) fail("cannot be written", errno);
    from += put;
    count -= static_cast<std::size_t>(put);
  }
}

void AtomicFile::close_descriptor() {
  const int descriptor = descriptor_;
  descriptor_ = -1;
  if (::close(descriptor) != 0) fail("cannot be written", errno);
}

void AtomicFile::commit() {
  close_descriptor();
  // Opened again by name: a library that writes by name may have replaced the file that the constructor created.
  descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CLOEXEC);
  if (descriptor_ < 0) fail("cannot be written", errno);
  if (mode_ != 0 && ::fchmod(descriptor_, static_cast<mode_t>(mode_)) != 0) fail("cannot be given permissions", errno);
  if (::fsync(descriptor_) != 0) fail("cannot be made durable", errno);
  close_descriptor();
  publish();
  committed_ = true;
  // The file is there already; a folder that cannot be synced (some network file systems) does not undo that.
  const int folder = ::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) {
    ::fsync(folder);
    ::close(folder);
  }
}

void AtomicFile::publish() {
  if (!overwrite_) {
    if (::link(temporary_.c_str(), target_.c_str()) == 0) {
      ::unlink(temporary_.c_str());
      return;
    }
    if (errno == EEXIST) fail("exists already; choose another name or allow overwriting", 0);
    // No hard links on this file system: claim the name first, then replace the empty file, which is ours.
    const int claim = ::open(target_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (claim < 0 && errno == EEXIST) fail("exists already; choose another name or allow overwriting", 0);
    if (claim < 0) fail("cannot be written", errno);
    ::close(claim);
  }
  if (::rename(temporary_.c_str(), target_.c_str()) == 0) return;
  const int reason = errno;
  if (!overwrite_) ::unlink(target_.c_str());
  fail("cannot be written", reason);
}

void write_file_atomically(const std::string& target, std::string_view content, bool overwrite) {
  AtomicFile file(target, overwrite);
  file.write(content);
  file.commit();
}

}  // namespace signxai::base
