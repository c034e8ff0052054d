// Descriptors, signals and limits of the child.
#include "importers/hdf5/sandbox_child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <new>
#include <optional>
#include <utility>

#include "base/mapped_file.h"

namespace signxai::hdf5 {
namespace {

void lower_limit(__rlimit_resource resource, rlim_t soft, rlim_t hard) noexcept {
  rlimit current{};
  if (::getrlimit(resource, &current) != 0) return;
  const rlimit lowered{std::min(soft, current.rlim_max), std::min(hard, current.rlim_max)};
  ::setrlimit(resource, &lowered);
}

// Bytes of address space in use. The limit is set relative to it: the parent may hold a large model already, and
// sanitizers reserve terabytes.
std::optional<rlim_t> address_space_in_use() noexcept {
  const base::UniqueFd statm(::open("/proc/self/statm", O_RDONLY | O_CLOEXEC));
  char text[64] = {};
  if (::read(statm.get(), text, sizeof text - 1) <= 0) return std::nullopt;
  return std::strtoull(text, nullptr, 10) * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE));
}

void apply_limits(const SandboxLimits& limits) noexcept {
  lower_limit(RLIMIT_CORE, 1, 1);  // 1, not 0: a core handler behind a pipe ignores 0 (see core(5))
  lower_limit(RLIMIT_CPU, limits.cpu_seconds, limits.cpu_seconds + 1);
  lower_limit(RLIMIT_FSIZE, limits.file_bytes, limits.file_bytes);
  if (const auto in_use = address_space_in_use()) {
    const rlim_t total = *in_use + limits.memory_bytes;
    lower_limit(RLIMIT_AS, total, total);
  }
}

// The user's handlers (crash reporters, Python's interrupt) must not run in the child.
void reset_signals() noexcept {
  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) ::sigaction(number, &standard, nullptr);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

void close_descriptors(std::vector<int> keep) noexcept {
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int stream = 0; stream <= 2; ++stream) {
    if (null < 0 || ::dup2(null, stream) < 0) ::close(stream);
  }
  std::sort(keep.begin(), keep.end());
  unsigned first = 3;
  for (const int fd : keep) {
    if (static_cast<unsigned>(fd) > first) ::close_range(first, static_cast<unsigned>(fd) - 1, 0);
    first = std::max(first, static_cast<unsigned>(fd) + 1);
  }
  ::close_range(first, ~0u, 0);
}

bool write_all(int fd, const void* data, std::size_t size) noexcept {
  const char* bytes = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t written = ::write(fd, bytes, size);
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) bytes += written, size -= static_cast<std::size_t>(written);
  }
  return true;
}

}  // namespace

void run_child(const SandboxLimits& limits, std::vector<int> keep, int pipe,
               const std::function<std::string()>& work) noexcept {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  reset_signals();
  keep.push_back(pipe);
  close_descriptors(std::move(keep));
  apply_limits(limits);
  try {
    const std::string reply = work();
    const std::uint64_t size = reply.size();
    const bool sent = write_all(pipe, &size, sizeof size) && write_all(pipe, reply.data(), reply.size());
    ::_exit(sent ? 0 : kExitPipe);
  } catch (const std::bad_alloc&) {
    ::_exit(kExitNoMemory);
  } catch (...) {
    ::_exit(kExitException);
  }
}

void forbid_opening_files() noexcept { lower_limit(RLIMIT_NOFILE, 0, 0); }

}  // namespace signxai::hdf5
