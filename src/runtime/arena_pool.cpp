// The pool of arenas.
#include "runtime/arena_pool.h"

#include <algorithm>
#include <utility>

namespace signxai::runtime {

ArenaPool::Arena ArenaPool::borrow(std::size_t bytes) {
  {
    const std::lock_guard lock(mutex_);
    const auto smaller = [](const Arena& a, const Arena& b) { return a.bytes < b.bytes; };
    const auto largest = std::max_element(idle_.begin(), idle_.end(), smaller);
    if (largest != idle_.end()) {
      Arena arena = std::move(*largest);
      idle_.erase(largest);
      if (arena.bytes >= bytes) return arena;
    }
  }
  return {backends::allocate_aligned(bytes), bytes};
}

void ArenaPool::give_back(Arena arena) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(arena));
}

}  // namespace signxai::runtime
