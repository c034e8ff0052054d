// What a long run shows and how it is stopped: a progress line on a terminal, and Ctrl-C.
#pragma once

#include <chrono>
#include <cstdint>

namespace signxai::cli {

/// From construction to destruction the first SIGINT or SIGTERM is noted, so that the run can end cleanly; the second
/// ends the process. One at a time.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  static bool requested() noexcept;
};

/// "  240/1000 [=====>       ]  24 %  35.2/s  0:21 left" on stderr, if that is a terminal and there is more than one
/// sample; the line is removed at the end.
class ProgressLine {
 public:
  explicit ProgressLine(std::int64_t total);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void show(std::int64_t done);

 private:
  using Clock = std::chrono::steady_clock;

  const std::int64_t total_;
  const bool visible_;
  const Clock::time_point begin_ = Clock::now();
  Clock::time_point last_{};
};

}  // namespace signxai::cli
