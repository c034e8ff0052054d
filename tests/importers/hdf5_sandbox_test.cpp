// The sandbox by itself: answers arrive whole; crashes, endless loops, memory bombs and early exits become errors; the
// child can reach nothing it was not given; no child is left behind.
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <stdexcept>

#include "importers/hdf5_fixture.h"

namespace signxai::hdf5 {
namespace {

using Work = std::function<std::string()>;

class Hdf5Sandbox : public testing::Test {
 protected:
  Hdf5Sandbox() {
    limits_.wall_time = std::chrono::seconds(10);
    limits_.cpu_seconds = 1;
  }
  ~Hdf5Sandbox() override {
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD);
  }

  std::string run(const Work& work, std::span<const int> keep = {}) { return run_sandboxed(limits_, keep, "f", work); }
  void expect_failure(const std::string& part, const Work& work) {
    expect_error(ErrorCode::kCorruptFile, part, [&] { run(work); });
  }

  SandboxLimits limits_;
};

TEST_F(Hdf5Sandbox, ReturnsTheAnswer) {
  EXPECT_EQ(run([] { return ""; }), "");
  EXPECT_EQ(run([] { return std::string("a\0b", 3); }), std::string("a\0b", 3));
  const std::string large(10'000'000, 'x');  // many times what a pipe holds
  EXPECT_EQ(run([&] { return large; }), large);
}

TEST_F(Hdf5Sandbox, TooLargeAnAnswerIsRefused) {
  limits_.reply_bytes = 1000;
  expect_failure("too large", [] { return std::string(1001, 'x'); });
}

TEST_F(Hdf5Sandbox, CrashesBecomeErrors) {
  expect_failure("signal 11 (Segmentation fault)", []() -> std::string {
    ::raise(SIGSEGV);
    return "";
  });
  expect_failure("signal 6 (Aborted)", []() -> std::string { ::abort(); });
  expect_failure("exit status 3", []() -> std::string { ::_exit(3); });
  expect_failure("exit status", []() -> std::string { throw std::runtime_error("x"); });
}

TEST_F(Hdf5Sandbox, EndlessLoopsMeetTheCpuLimit) {
  expect_failure("more than 1 s of CPU time", []() -> std::string {
    for (volatile bool forever = true; forever;) {
    }
    return "";
  });
}

TEST_F(Hdf5Sandbox, EndlessLoopsMeetTheWallClock) {
  limits_.wall_time = std::chrono::milliseconds(200);
  limits_.cpu_seconds = 100;
  expect_failure("longer than 200 ms", []() -> std::string {
    for (volatile bool forever = true; forever;) {
    }
    return "";
  });
  // A child that gives up its end of the pipe but stays.
  expect_failure("longer than 200 ms", []() -> std::string {
    for (int fd = 0; fd < 1000; ++fd) ::close(fd);
    while (true) ::pause();
  });
}

TEST_F(Hdf5Sandbox, ABlockedChildIsReplaced) {
  const int fd = ::memfd_create("attempts", MFD_CLOEXEC);
  limits_.file_bytes = 100;
  const int keep[] = {fd};
  const auto block_until_attempt = [&](off_t last) {
    return run(
        [=]() -> std::string {
          const off_t attempt = ::lseek(fd, 1, SEEK_CUR);  // the offset is shared with the other children
          while (attempt < last) ::pause();
          return std::to_string(attempt);
        },
        keep);
  };
  EXPECT_EQ(block_until_attempt(2), "2");
  expect_error(ErrorCode::kIo, "waits for a lock", [&] { block_until_attempt(100); });
  ::close(fd);
}

TEST_F(Hdf5Sandbox, MemoryIsLimited) {
  limits_.memory_bytes = 100'000'000;
  expect_failure("reading it", [] {
    void* bytes = ::mmap(nullptr, 1'000'000'000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return bytes == MAP_FAILED ? throw std::bad_alloc() : "";
  });
}

TEST_F(Hdf5Sandbox, FilesDoNotGrowBeyondTheLimit) {
  limits_.file_bytes = 1000;
  const int fd = ::memfd_create("test", MFD_CLOEXEC);
  const int keep[] = {fd};
  const auto grow_to = [&](off_t size) {
    return run(
        [=] {
          ::signal(SIGXFSZ, SIG_IGN);
          return ::ftruncate(fd, size) == 0 ? "grown" : "refused";
        },
        keep);
  };
  EXPECT_EQ(grow_to(1000), "grown");
  EXPECT_EQ(grow_to(1001), "refused");
  ::close(fd);
}

TEST_F(Hdf5Sandbox, OnlyTheGivenDescriptorsAreOpen) {
  const int kept = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const int other = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const int keep[] = {kept};
  const std::string open_descriptors = run(
      [] {
        std::string list;
        for (int fd = 3; fd < 1000; ++fd) {
          if (::fcntl(fd, F_GETFD) >= 0) list += std::to_string(fd) + " ";
        }
        return list;
      },
      keep);
  EXPECT_EQ(open_descriptors.find(std::to_string(kept) + " "), 0u) << open_descriptors;
  EXPECT_EQ(open_descriptors.find(" " + std::to_string(other) + " "), std::string::npos) << open_descriptors;
  EXPECT_EQ(std::count(open_descriptors.begin(), open_descriptors.end(), ' '), 2);  // and the pipe
  ::close(kept);
  ::close(other);
}

TEST_F(Hdf5Sandbox, NothingCanBeOpenedAfterwards) {
  const std::string result = run([] {
    forbid_opening_files();
    return ::open("/proc/self/stat", O_RDONLY) < 0 ? std::strerror(errno) : "opened";
  });
  EXPECT_EQ(result, std::strerror(EMFILE));
}

TEST_F(Hdf5Sandbox, WorksWhereTheProgramIgnoresItsChildren) {
  const auto before = ::signal(SIGCHLD, SIG_IGN);
  EXPECT_EQ(run([] { return "answer"; }), "answer");
  expect_failure("reading", []() -> std::string { ::abort(); });
  ::signal(SIGCHLD, before);
}

}  // namespace
}  // namespace signxai::hdf5
