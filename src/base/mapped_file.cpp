// Opening and mapping of input files.
#include "base/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <limits>
#include <system_error>
#include <utility>

#include "signxai/error.h"

namespace signxai::base {
namespace {

std::string reason(int error) { return std::generic_category().message(error); }

struct stat status_of(int fd, const std::string& path) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) {
    throw Error(ErrorCode::kIo, "import", path, "the file cannot be examined: " + reason(errno));
  }
  return status;
}

/// Marks a pointer, and those that share its ownership, as one into a mapping.
struct DeleteMapping {
  void operator()(const MappedFile* file) const { delete file; }
};

}  // namespace

UniqueFd& UniqueFd::operator=(UniqueFd&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = other.release();
  }
  return *this;
}

int UniqueFd::release() noexcept { return std::exchange(fd_, -1); }

void UniqueFd::reset() noexcept {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

std::shared_ptr<const MappedFile> MappedFile::map(int fd, std::uint64_t size, const std::string& subject) {
  if (size == 0) return std::shared_ptr<const MappedFile>(new MappedFile(nullptr, 0));
  if (size > std::numeric_limits<std::size_t>::max() / 2) {
    throw Error(ErrorCode::kOutOfMemory, "import", subject, "the file is too large for the address space");
  }
  void* bytes = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (bytes == MAP_FAILED) {
    const ErrorCode code = errno == ENOMEM ? ErrorCode::kOutOfMemory : ErrorCode::kIo;
    throw Error(code, "import", subject, "the file cannot be mapped into memory: " + reason(errno));
  }
  return {new MappedFile(static_cast<const std::byte*>(bytes), size), DeleteMapping()};
}

MappedFile::~MappedFile() {
  if (size_ > 0) ::munmap(const_cast<std::byte*>(data_), size_);
}

void release_pages(const std::shared_ptr<const void>& owner, const void* bytes, std::size_t count) noexcept {
  if (std::get_deleter<DeleteMapping>(owner) == nullptr) return;
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto first = reinterpret_cast<std::uintptr_t>(bytes);
  const std::uintptr_t begin = (first + page - 1) / page * page, end = (first + count) / page * page;
  if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

MappableFile::MappableFile(const std::string& path) : path_(path) {
  // O_NONBLOCK: opening a named pipe must not wait for a writer. It changes nothing for regular files.
  fd_ = UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (fd_.get() < 0) {
    const ErrorCode code = errno == ENOENT || errno == ENOTDIR ? ErrorCode::kNotFound : ErrorCode::kIo;
    throw Error(code, "import", path, "the file cannot be opened: " + reason(errno));
  }
  const struct stat status = status_of(fd_.get(), path);
  if (!S_ISREG(status.st_mode)) {
    throw Error(ErrorCode::kInvalidArgument, "import", path,
                S_ISDIR(status.st_mode) ? "got a directory, expected a file" : "got a pipe or device, expected a file");
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
  modified_ = status.st_mtim;
}

void MappableFile::require_unchanged() const {
  const struct stat status = status_of(fd_.get(), path_);
  const bool same = static_cast<std::uint64_t>(status.st_size) == size_ && status.st_mtim.tv_sec == modified_.tv_sec &&
                    status.st_mtim.tv_nsec == modified_.tv_nsec;
  if (!same) {
    throw Error(ErrorCode::kIo, "import", path_, "the file was changed while it was being read; try again");
  }
}

}  // namespace signxai::base
