// Scopes of threads and floating-point modes, and how ranges are shared out.
#include "base/threads.h"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

namespace signxai {
namespace {

/// Half of the smallest normal float, computed where the compiler does not see it.
bool keeps_denormals() {
  volatile float smallest = 1.17549435e-38f, half = 0.5f;
  return smallest * half != 0.0f;
}

/// Asks every thread of a section.
bool all_threads(bool (*question)()) {
  std::atomic<bool> all{true};
  parallel_for(1000, 1, [&](std::int64_t, std::int64_t) {
    if (!question()) all = false;
  });
  return all;
}

TEST(Threads, ScopeRestores) {
  const int before = max_threads();
  {
    const ThreadScope three(3);
    EXPECT_EQ(max_threads(), 3);
    {
      const ThreadScope same(0);
      EXPECT_EQ(max_threads(), 3);
    }
    const ThreadScope one(1);
    EXPECT_EQ(max_threads(), 1);
  }
  EXPECT_EQ(max_threads(), before);
}

TEST(Threads, DenormalsAreFlushedInsideTheScopeOnly) {
  for (const int threads : {1, 2, 4}) {
    const ThreadScope scope(threads);
    EXPECT_TRUE(all_threads(keeps_denormals));
    {
      const DenormalScope denormals;
      EXPECT_TRUE(all_threads([] { return !keeps_denormals(); }));
      EXPECT_FALSE(keeps_denormals());
      const DenormalScope nested;
      EXPECT_FALSE(keeps_denormals());
    }
    EXPECT_TRUE(keeps_denormals());
    EXPECT_TRUE(all_threads(keeps_denormals));
  }
}

TEST(Threads, ScopesOfTwoCallersDoNotMeet) {
  int other_threads = 0;
  const ThreadScope scope(3);
  std::thread([&] {
    const ThreadScope own(2);
    other_threads = max_threads();
  }).join();
  EXPECT_EQ(other_threads, 2);
  EXPECT_EQ(max_threads(), 3);
}

TEST(Threads, RangesCoverEverythingOnce) {
  for (const int threads : {1, 2, 3, 7}) {
    const ThreadScope scope(threads);
    for (const std::int64_t count : {0, 1, 5, 64, 1000}) {
      for (const std::int64_t grain : {1, 7, 64, 5000}) {
        std::vector<int> seen(static_cast<std::size_t>(count), 0);
        std::mutex mutex;
        std::set<std::thread::id> workers;
        parallel_for(count, grain, [&](std::int64_t begin, std::int64_t end) {
          EXPECT_EQ(begin % grain, 0);
          for (std::int64_t i = begin; i < end; ++i) ++seen[static_cast<std::size_t>(i)];
          const std::lock_guard lock(mutex);
          workers.insert(std::this_thread::get_id());
        });
        EXPECT_EQ(seen, std::vector<int>(static_cast<std::size_t>(count), 1));
        if (count <= grain) {
          EXPECT_LE(workers.size(), 1u);
        }
        if (count == 1000 && grain == 1) {
          EXPECT_EQ(workers.size(), static_cast<std::size_t>(threads));
        }
      }
    }
  }
}

TEST(Threads, InstructionSetHasAName) { EXPECT_FALSE(cpu_path().empty()); }

}  // namespace
}  // namespace signxai
