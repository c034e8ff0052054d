// Working memory of programs. Programs of one explainer share it: an arena that is idle serves any that fits into it,
// and the largest program decides how much there is. Thread safe; there are as many arenas as programs run at once.
#pragma once

#include <cstddef>
#include <mutex>
#include <vector>

#include "backends/packed_weights.h"

namespace signxai::runtime {

class ArenaPool {
 public:
  struct Arena {
    backends::AlignedBytes memory;
    std::size_t bytes = 0;
  };

  /// At least so many bytes. An idle arena that is too small is freed before a larger one is made.
  Arena borrow(std::size_t bytes);
  void give_back(Arena arena);

 private:
  std::mutex mutex_;
  std::vector<Arena> idle_;
};

}  // namespace signxai::runtime
