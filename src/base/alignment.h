// How data that kernels read and write is aligned: a cache line, and the widest vector.
#pragma once

#include <cstddef>

namespace signxai::base {

inline constexpr std::size_t kAlignment = 64;

/// `bytes`, rounded up.
constexpr std::size_t aligned(std::size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

}  // namespace signxai::base
