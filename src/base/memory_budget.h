// The memory that one explainer may use, and what of it is taken for good. Thread safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

namespace signxai::base {

class MemoryBudget {
 public:
  /// `limit` in bytes; 0: none.
  explicit MemoryBudget(std::int64_t limit = 0) : limit_(limit) {}

  /// Takes bytes before they are allocated; kOutOfMemory, with the numbers, when they are more than the limit leaves.
  void take(std::uint64_t bytes);
  void give_back(std::uint64_t bytes) { taken_ -= static_cast<std::int64_t>(bytes); }

  std::int64_t limit() const { return limit_; }
  std::int64_t taken() const { return taken_; }

 private:
  const std::int64_t limit_;
  std::atomic<std::int64_t> taken_{0};
};

/// "1.5 GiB", "12.0 MiB".
std::string bytes_text(std::int64_t bytes);

}  // namespace signxai::base
