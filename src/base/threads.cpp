// OpenMP and control registers; nothing else in the library touches either.
#include "base/threads.h"

#include <hwy/targets.h>
#include <omp.h>
#include <pthread.h>

#include <algorithm>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace signxai {
namespace {

#if defined(__SSE2__)
constexpr unsigned kFlush = 0x8040;  // flush results to zero, read denormals as zero
unsigned float_mode() { return _mm_getcsr(); }
void set_float_mode(unsigned mode) { _mm_setcsr(mode); }
#elif defined(__aarch64__)
constexpr unsigned kFlush = 1u << 24;
unsigned float_mode() {
  std::uint64_t mode;
  asm volatile("mrs %0, fpcr" : "=r"(mode));
  return static_cast<unsigned>(mode);
}
void set_float_mode(unsigned mode) { asm volatile("msr fpcr, %0" : : "r"(std::uint64_t{mode})); }
#else
constexpr unsigned kFlush = 0;
unsigned float_mode() { return 0; }
void set_float_mode(unsigned) {}
#endif

/// A forked child has no worker threads, and OpenMP would wait for them. So the thread that forks ends its own workers
/// first; parent and child get new ones with their next parallel section. (Inside a parallel section this does
/// nothing.)
void end_workers() { omp_pause_resource_all(omp_pause_hard); }

void prepare_for_forks() {
  [[maybe_unused]] static const int registered = pthread_atfork(end_workers, nullptr, nullptr);
}

}  // namespace

int max_threads() { return omp_get_max_threads(); }

ThreadScope::ThreadScope(int threads) : previous_(omp_get_max_threads()) {
  prepare_for_forks();
  if (threads > 0) omp_set_num_threads(threads);
}
ThreadScope::~ThreadScope() { omp_set_num_threads(previous_); }

DenormalScope::DenormalScope() : previous_(static_cast<std::size_t>(omp_get_max_threads()), float_mode()) {
  if (previous_.size() > 1) {
#pragma omp parallel num_threads(static_cast <int>(previous_.size()))
    {
      previous_[static_cast<std::size_t>(omp_get_thread_num())] = float_mode();
      set_float_mode(float_mode() | kFlush);
    }
  }
  set_float_mode(float_mode() | kFlush);
}

DenormalScope::~DenormalScope() {
  if (previous_.size() > 1) {
#pragma omp parallel num_threads(static_cast <int>(previous_.size()))
    set_float_mode(previous_[static_cast<std::size_t>(omp_get_thread_num())]);
  }
  set_float_mode(previous_[0]);
}

std::string cpu_path() {
  const std::int64_t targets = hwy::SupportedTargets();
  const std::string name = hwy::TargetName(targets & -targets);  // the lowest bit is the best target
  if (name == "AVX3" || name == "AVX3_DL") return "avx512";
  std::string lower = name;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  return lower;
}

void parallel_ranges(std::int64_t count, std::int64_t grain, const void* context, RangeFunction function) {
  if (count <= 0) return;
  const std::int64_t grains = (count + grain - 1) / grain;
  const std::int64_t threads = omp_in_parallel() ? 1 : omp_get_max_threads();
  if (grains < 2 || threads < 2) return function(context, 0, count);
    // Always the whole team, even if there are fewer grains: libgomp ends the threads that a smaller team leaves idle.
#pragma omp parallel num_threads(static_cast <int>(threads))
  {
    const std::int64_t team = omp_get_num_threads(), rank = omp_get_thread_num();
    const std::int64_t begin = grains * rank / team * grain;
    const std::int64_t end = std::min(count, grains * (rank + 1) / team * grain);
    if (begin < end) function(context, begin, end);
  }
}

}  // namespace signxai
