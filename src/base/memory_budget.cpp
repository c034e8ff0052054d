// Refusals of the memory budget.
#include "base/memory_budget.h"

#include <array>
#include <cstdio>

#include "signxai/error.h"

namespace signxai::base {

void MemoryBudget::take(std::uint64_t bytes) {
  const std::int64_t after = taken_ += static_cast<std::int64_t>(bytes);
  if (limit_ == 0 || after <= limit_) return;
  give_back(bytes);
  throw Error(ErrorCode::kOutOfMemory, "plan", "memory",
              "the weights alone need " + bytes_text(after) + " or more; allowed are " + bytes_text(limit_) +
                  "; try a larger limit or fewer methods");
}

std::string bytes_text(std::int64_t bytes) {
  constexpr double kMebi = 1024.0 * 1024.0;
  const bool giga = bytes >= (std::int64_t{1} << 30);
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), giga ? "%.2f GiB" : "%.1f MiB",
                static_cast<double>(bytes) / (giga ? 1024 * kMebi : kMebi));
  return text.data();
}

}  // namespace signxai::base
