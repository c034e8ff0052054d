// Progress line and signals.
#include "progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <string>

#include <fmt/format.h>

namespace signxai::cli {
namespace {

volatile std::sig_atomic_t interrupted = 0;  // a signal handler can reach nothing else

void note_signal(int) { interrupted = 1; }

bool is_terminal() {
  const char* kind = std::getenv("TERM");
  return isatty(STDERR_FILENO) == 1 && kind != nullptr && std::string(kind) != "dumb";
}

int terminal_width() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

std::string clock_text(double seconds) {
  const auto whole = static_cast<std::int64_t>(seconds + 0.5);
  if (whole >= 3600) return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

}  // namespace

Interrupt::Interrupt() {
  interrupted = 0;
  struct sigaction action {};
  action.sa_handler = note_signal;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  for (const int number : {SIGINT, SIGTERM}) {
    struct sigaction before {};
    sigaction(number, nullptr, &before);
    if (before.sa_handler != SIG_IGN) sigaction(number, &action, nullptr);  // nohup and the like stay in force
  }
}

Interrupt::~Interrupt() {
  for (const int number : {SIGINT, SIGTERM}) {
    struct sigaction now {};
    sigaction(number, nullptr, &now);
    if (now.sa_handler == note_signal) std::signal(number, SIG_DFL);
  }
}

bool Interrupt::requested() noexcept { return interrupted != 0; }

ProgressLine::ProgressLine(std::int64_t total) : total_(total), visible_(total > 1 && is_terminal()) {}

ProgressLine::~ProgressLine() {
  if (visible_) fmt::print(stderr, "\r\x1b[K");
}

void ProgressLine::show(std::int64_t done) {
  constexpr auto kInterval = std::chrono::milliseconds(100);
  const Clock::time_point now = Clock::now();
  if (!visible_ || (done < total_ && now - last_ < kInterval)) return;
  last_ = now;
  const double seconds = std::chrono::duration<double>(now - begin_).count();
  const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
  const std::string left = rate > 0 ? clock_text(static_cast<double>(total_ - done) / rate) + " left" : "";
  const std::string head = fmt::format("{:>{}}/{}", done, std::to_string(total_).size(), total_);
  const std::string tail = fmt::format("{:3} %  {:.3g}/s  {}", 100 * done / total_, rate, left);
  const int room = std::clamp(terminal_width() - static_cast<int>(head.size() + tail.size()) - 7, 5, 40);
  const auto filled = static_cast<std::size_t>(room * done / total_);
  std::string bar = std::string(filled, '=') + (filled < static_cast<std::size_t>(room) ? ">" : "");
  bar.resize(static_cast<std::size_t>(room), ' ');
  // The cursor goes back to the start, so that a message takes the line's place.
  fmt::print(stderr, "\r\x1b[K{} [{}] {}\r", head, bar, tail);
}

}  // namespace signxai::cli
