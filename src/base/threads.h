// Threads and floating-point modes of one call. OpenMP is process-wide and shared with oneDNN, so a call sets what it
// needs in scopes that restore what the caller had. The scopes belong to the thread that made them.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

namespace signxai {

/// Threads that a parallel section started by this thread would use.
int max_threads();

/// Sets the number of threads for parallel sections that this thread starts; 0 leaves it as it is.
class ThreadScope {
 public:
  explicit ThreadScope(int threads);
  ~ThreadScope();
  ThreadScope(const ThreadScope&) = delete;
  ThreadScope& operator=(const ThreadScope&) = delete;

 private:
  int previous_;
};

/// Flushes denormals to zero, in this thread and in the workers of its parallel sections, and restores their modes.
/// Open it inside the ThreadScope it is meant for: the workers are those of the current thread count.
class DenormalScope {
 public:
  DenormalScope();
  ~DenormalScope();
  DenormalScope(const DenormalScope&) = delete;
  DenormalScope& operator=(const DenormalScope&) = delete;

 private:
  std::vector<unsigned> previous_;  ///< by thread number
};

/// The instruction set that run-time dispatch chose, for reports: "avx512", "avx2", "sse4" ...
std::string cpu_path();

using RangeFunction = void (*)(const void* context, std::int64_t begin, std::int64_t end);
/// As parallel_for below, without its type.
void parallel_ranges(std::int64_t count, std::int64_t grain, const void* context, RangeFunction function);

/// Calls body(begin, end) on disjoint ranges that cover [0, count), at most one per thread, cut at multiples of
/// `grain`. The cuts depend on count, grain and the number of threads alone. Serial when there are fewer than two
/// grains, and inside another parallel section.
template <typename Body>
void parallel_for(std::int64_t count, std::int64_t grain, const Body& body) {
  parallel_ranges(count, grain, &body, [](const void* context, std::int64_t begin, std::int64_t end) {
    (*static_cast<const Body*>(context))(begin, end);
  });
}

}  // namespace signxai
