// A file opened once for reading, and read-only views of its bytes in memory. Used by the importers so that weights are
// mapped, not copied. Everything refers to the one descriptor, never to the path again: replacing the path by another
// file has no effect. A file that somebody shortens *in place* while it is mapped makes later reads raise SIGBUS, as
// with every memory mapping; model files are replaced by renaming, not rewritten.
#pragma once

#include <sys/types.h>
#include <time.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace signxai::base {

/// Owns a descriptor.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) noexcept : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept;
  ~UniqueFd() { reset(); }

  int get() const noexcept { return fd_; }
  int release() noexcept;
  void reset() noexcept;

 private:
  int fd_ = -1;
};

/// The bytes of a file, private and read-only. Immutable, hence safe to share between threads.
class MappedFile {
 public:
  /// Maps the first `size` bytes of `fd`, which may be closed afterwards. `subject` names the file in errors.
  static std::shared_ptr<const MappedFile> map(int fd, std::uint64_t size, const std::string& subject);

  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  const std::byte* data() const noexcept { return data_; }
  std::uint64_t size() const noexcept { return size_; }

 private:
  MappedFile(const std::byte* data, std::uint64_t size) noexcept : data_(data), size_(size) {}

  const std::byte* data_;
  std::uint64_t size_;
};

/// Takes bytes that are not needed soon out of the process's memory, if they belong to a mapped file; otherwise it does
/// nothing. Whoever reads them again gets them from the file, or from the system's copy of it. `owner` keeps the bytes.
void release_pages(const std::shared_ptr<const void>& owner, const void* bytes, std::size_t count) noexcept;

/// A piece of memory and what keeps it: part of a mapped file, or bytes that were unpacked. Immutable.
struct Bytes {
  std::shared_ptr<const std::byte> data;
  std::uint64_t size = 0;
};

/// A regular file, open for reading. Directories, pipes and devices are refused.
class MappableFile {
 public:
  explicit MappableFile(const std::string& path);

  std::uint64_t size() const noexcept { return size_; }
  const std::string& path() const noexcept { return path_; }

  /// Throws when size or modification time are no longer what they were at opening.
  void require_unchanged() const;
  std::shared_ptr<const MappedFile> map() const { return MappedFile::map(fd_.get(), size_, path_); }

 private:
  std::string path_;
  UniqueFd fd_;
  std::uint64_t size_ = 0;
  timespec modified_{};
};

}  // namespace signxai::base
