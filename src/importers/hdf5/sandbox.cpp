// The parent's side: the pipe, the wait with a deadline, and what becomes of a child that does not answer. The reply is
// framed by its length: the end of the pipe alone would not do, because another thread may fork at the wrong moment and
// hold the write end open.
#include "importers/hdf5/sandbox.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "base/mapped_file.h"
#include "importers/hdf5/sandbox_child.h"
#include "signxai/error.h"

namespace signxai::hdf5 {
namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void fail(ErrorCode code, const std::string& subject, const std::string& message) {
  throw Error(code, "import", subject, message);
}

// A child that is killed and reaped however the scope is left.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (wait(WNOHANG)) return;
    ::kill(pid_, SIGKILL);
    wait(0);
  }

  /// Whether it has ended. With WNOHANG in `options` the call does not wait for that.
  bool wait(int options) noexcept {
    while (!reaped_) {
      const pid_t result = ::waitpid(pid_, &status_, options);
      if (result == 0) return false;
      if (result < 0 && errno == EINTR) continue;
      // ECHILD: the user's process ignores SIGCHLD or reaps everything itself; the status is lost, not the reply.
      if (result < 0) status_ = 0;
      reaped_ = true;
    }
    return true;
  }
  pid_t pid() const noexcept { return pid_; }
  int status() const noexcept { return status_; }

 private:
  pid_t pid_;
  bool reaped_ = false;
  int status_ = 0;
};

// Collects the frame; the pipe does not block.
class Reply {
 public:
  Reply(int pipe, std::size_t limit, const std::string& subject) : pipe_(pipe), limit_(limit), subject_(subject) {}

  /// Takes what is in the pipe. False once nothing more can come: the frame is complete, or the pipe has ended.
  bool drain() {
    while (!complete()) {
      char* target = has_size() ? text_.data() + text_received_ : reinterpret_cast<char*>(&size_) + size_received_;
      const std::size_t room =
          has_size() ? std::min(text_.size() - text_received_, kBlock) : sizeof size_ - size_received_;
      const ssize_t received = ::read(pipe_, target, room);
      if (received < 0 && errno == EINTR) continue;
      if (received < 0 && errno == EAGAIN) return true;
      if (received <= 0) return false;
      accept(static_cast<std::size_t>(received));
    }
    return false;
  }
  bool complete() const noexcept { return has_size() && text_received_ == text_.size(); }
  std::string take() { return std::move(text_); }

 private:
  static constexpr std::size_t kBlock = std::size_t{1} << 16;

  bool has_size() const noexcept { return size_received_ == sizeof size_; }
  void accept(std::size_t received) {
    if (has_size()) {
      text_received_ += received;
      return;
    }
    size_received_ += received;
    if (!has_size()) return;
    if (size_ > limit_) fail(ErrorCode::kCorruptFile, subject_, "the description of the file's contents is too large");
    text_.resize(size_);
  }

  int pipe_;
  std::size_t limit_;
  const std::string& subject_;
  std::uint64_t size_ = 0;
  std::size_t size_received_ = 0, text_received_ = 0;
  std::string text_;
};

std::string describe_end(int status, const SandboxLimits& limits) {
  const std::string prefix = "the file is damaged or hostile: reading it ";
  if (WIFSIGNALED(status)) {
    const int number = WTERMSIG(status);
    if (number == SIGXCPU) return prefix + "took more than " + std::to_string(limits.cpu_seconds) + " s of CPU time";
    if (number == SIGXFSZ) return prefix + "produced more data than allowed";
    const char* description = ::sigdescr_np(number);
    return prefix + "crashed the reading process with signal " + std::to_string(number) + " (" +
           (description != nullptr ? description : "unknown") + ")";
  }
  if (WEXITSTATUS(status) == kExitNoMemory) return prefix + "needs more memory than allowed";
  return prefix + "ended without an answer (exit status " + std::to_string(WEXITSTATUS(status)) + ")";
}

std::pair<base::UniqueFd, base::UniqueFd> make_pipe(const std::string& subject) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    fail(ErrorCode::kIo, subject, "no pipe for the reading process: " + std::generic_category().message(errno));
  }
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return {base::UniqueFd(ends[0]), base::UniqueFd(ends[1])};
}

// Whether the process sleeps. One that computes runs, and one that waits for its file's storage is in another state, as
// the file is mapped: a child that sleeps although the pipe is empty waits for a lock.
bool is_asleep(pid_t pid) noexcept {
  const base::UniqueFd stat(::open(("/proc/" + std::to_string(pid) + "/stat").c_str(), O_RDONLY | O_CLOEXEC));
  char text[512] = {};
  if (::read(stat.get(), text, sizeof text - 1) <= 0) return false;
  const char* name_end = ::strrchr(text, ')');
  return name_end != nullptr && name_end[1] == ' ' && name_end[2] == 'S';
}

enum class Outcome { kAnswered, kEnded, kBlocked, kTimeOut };

// Waits until the frame is complete or the child has ended, has been asleep for a while, or time is up.
Outcome receive(Reply& reply, Child& child, int pipe, Clock::time_point deadline) {
  constexpr int kSliceMilliseconds = 50;
  constexpr int kSlicesAsleep = 6;
  for (int asleep = 0; asleep < kSlicesAsleep;) {
    const bool pipe_is_open = reply.drain();
    if (reply.complete()) return Outcome::kAnswered;
    if (child.wait(WNOHANG)) {
      reply.drain();
      return reply.complete() ? Outcome::kAnswered : Outcome::kEnded;
    }
    if (Clock::now() >= deadline) return Outcome::kTimeOut;
    pollfd event{pipe, POLLIN, 0};
    if (!pipe_is_open) {  // it is about to end
      ::poll(nullptr, 0, 1);
    } else if (::poll(&event, 1, kSliceMilliseconds) == 0 && is_asleep(child.pid())) {
      ++asleep;
    } else {
      asleep = 0;
    }
  }
  return Outcome::kBlocked;
}

// One child. An answer, or nothing if it was blocked.
std::optional<std::string> attempt(const SandboxLimits& limits, std::vector<int> keep, const std::string& subject,
                                   const std::function<std::string()>& work, Clock::time_point deadline) {
  auto [read_end, write_end] = make_pipe(subject);
  const pid_t pid = ::fork();
  if (pid < 0) {
    fail(ErrorCode::kIo, subject, "no process to read the file in: " + std::generic_category().message(errno));
  }
  if (pid == 0) run_child(limits, std::move(keep), write_end.get(), work);

  Child child(pid);
  write_end.reset();
  Reply reply(read_end.get(), limits.reply_bytes, subject);
  switch (receive(reply, child, read_end.get(), deadline)) {
    case Outcome::kAnswered: return reply.take();  // ~Child ends what the child may still be doing
    case Outcome::kBlocked: return std::nullopt;
    case Outcome::kEnded: fail(ErrorCode::kCorruptFile, subject, describe_end(child.status(), limits));
    case Outcome::kTimeOut: break;
  }
  fail(ErrorCode::kCorruptFile, subject,
       "reading the file took longer than " + std::to_string(limits.wall_time.count()) +
           " ms and was stopped; it is damaged, or its storage does not answer");
}

}  // namespace

std::string run_sandboxed(const SandboxLimits& limits, std::span<const int> keep_open, const std::string& subject,
                          const std::function<std::string()>& work) {
  constexpr int kAttempts = 5;
  const Clock::time_point deadline = Clock::now() + limits.wall_time;
  for (int i = 0; i < kAttempts; ++i) {
    std::vector<int> keep;
    keep.reserve(keep_open.size() + 1);
    keep.assign(keep_open.begin(), keep_open.end());
    if (auto answer = attempt(limits, std::move(keep), subject, work, deadline)) return *std::move(answer);
  }
  fail(ErrorCode::kIo, subject,
       "the process that reads the file waits for a lock that another thread held when it was started; try to load "
       "models before other threads are busy");
}

}  // namespace signxai::hdf5
