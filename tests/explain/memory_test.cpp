// The memory limit: chunks that fit, refusals with numbers, arenas that programs share.
#include <gtest/gtest.h>

#include "base/threads.h"
#include "explain/chunk.h"
#include "runtime/arena_pool.h"
#include "signxai/error.h"
#include "signxai/explainer.h"

namespace signxai {
namespace {

using explain::ChunkNeed;
using explain::fit_chunk;
using explain::usual_chunk;

constexpr auto kNothing = [] {};

TEST(UsualChunk, HoldsTheSameInEveryChunkOrNearly) {
  const Model model = Model::load(std::string(SIGNXAI_SOURCE_DIR) + "/examples/digits/digits_cnn.h5");
  Shape sample = model.inputs().front().shape;
  sample.insert(sample.begin(), 1);
  const auto chunk = [&](std::int64_t rows) { return usual_chunk(*model.network(), {sample}, rows); };
  {
    const ThreadScope threads(2);
    EXPECT_EQ(chunk(1), 1);
    EXPECT_EQ(chunk(64), 64);
    EXPECT_EQ(chunk(200), 50);
    EXPECT_EQ(chunk(65), 33);
    EXPECT_EQ(chunk(130), 44);
  }
  const ThreadScope threads(3);
  EXPECT_EQ(chunk(63), 63);
  EXPECT_EQ(chunk(64), 32);
}

TEST(FitChunk, IsAsLargeAsTheLimitAllows) {
  base::MemoryBudget budget(1000);
  budget.take(300);
  const auto linear = [](std::int64_t count) { return ChunkNeed{60 * count, 10 * count}; };
  EXPECT_EQ(fit_chunk(64, budget, linear, kNothing), 10);
  EXPECT_EQ(fit_chunk(4, budget, linear, kNothing), 4);
  EXPECT_EQ(fit_chunk(64, base::MemoryBudget(), linear, kNothing), 64);
}

TEST(FitChunk, ShrinksWhereNeedsGrowFasterOrCannotBeMet) {
  const base::MemoryBudget budget(1000);
  int dropped = 0;
  const auto drop = [&] { ++dropped; };
  const std::int64_t chunk = fit_chunk(
      64, budget,
      [](std::int64_t n) {
        return ChunkNeed{50 * n + (n > 1 ? 300 : 0), 0};
      },
      drop);
  EXPECT_LE(50 * chunk + 300, 1000);
  EXPECT_GT(chunk, 5);
  EXPECT_GT(dropped, 0);
  const auto refusing = [](std::int64_t n) {
    if (n > 3) throw Error(ErrorCode::kOutOfMemory, "plan", "", "too many constants");
    return ChunkNeed{10, 0};
  };
  EXPECT_LE(fit_chunk(64, budget, refusing, kNothing), 3);
}

TEST(FitChunk, SaysWhatOneSampleNeeds) {
  const base::MemoryBudget budget(std::int64_t{4} << 20);
  try {
    fit_chunk(
        8, budget,
        [](std::int64_t n) {
          return ChunkNeed{n << 22, n << 21};
        },
        kNothing);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kOutOfMemory);
    EXPECT_NE(error.message().find("one sample needs 6.0 MiB"), std::string::npos) << error.what();
    EXPECT_NE(error.message().find("allowed are 4.0 MiB"), std::string::npos) << error.what();
  }
}

TEST(MemoryBudget, RefusesBeforeItIsExceeded) {
  base::MemoryBudget budget(100);
  budget.take(60);
  EXPECT_THROW(budget.take(41), Error);
  EXPECT_EQ(budget.taken(), 60);
  budget.give_back(20);
  budget.take(60);
  EXPECT_EQ(budget.taken(), 100);
}

TEST(ArenaPool, LendsIdleArenasAndReplacesSmallOnes) {
  runtime::ArenaPool pool;
  auto large = pool.borrow(4096);
  const auto* memory = large.memory.get();
  pool.give_back(std::move(large));
  auto small = pool.borrow(64);
  EXPECT_EQ(small.memory.get(), memory);
  EXPECT_GE(small.bytes, 4096U);
  auto second = pool.borrow(64);  // while the first is lent
  EXPECT_NE(second.memory.get(), memory);
  pool.give_back(std::move(second));
  EXPECT_GE(pool.borrow(128).bytes, 128U);
}

TEST(Explainer, KeepsItsMemoryLimit) {
  const Model model = Model::load(std::string(SIGNXAI_SOURCE_DIR) + "/examples/digits/digits_cnn.h5");
  const Tensor input({40, 28, 28, 1}, std::vector<float>(40 * 784, 0.5F));
  const std::vector<MethodRequest> methods = {{"lrp_alpha_1_beta_0", {}}, {"smoothgrad", {{"augment_by_n", 3.0}}}};
  const Explainer free(model);
  ExplainerOptions options;
  options.max_memory = std::int64_t{6} << 20;
  const Explainer limited(model, options);
  const std::vector<Shape> sample = {{28, 28, 1}};
  const std::int64_t chunk = limited.chunk(sample, methods, Target::max(), 40);
  EXPECT_GE(chunk, 1);
  EXPECT_LT(chunk, free.chunk(sample, methods, Target::max(), 40));
  EXPECT_EQ(free.chunk(sample, methods, Target::max(), 5), 5);
  const Explanation a = free.explain(input, methods), b = limited.explain(input, methods);
  for (std::size_t m = 0; m < 2; ++m) {
    for (std::size_t i = 0; i < a.maps[m].map.data.size(); ++i)
      ASSERT_NEAR(a.maps[m].map.data[i], b.maps[m].map.data[i], 1e-4);
  }
  options.max_memory = 1000;
  EXPECT_THROW(Explainer(model, options), Error);
  options.max_memory = 400000;
  EXPECT_THROW(Explainer(model, options).explain(input, methods), Error);
}

TEST(Explainer, OfASingleCallGivesTheSameBits) {
  const Model model = Model::load(std::string(SIGNXAI_SOURCE_DIR) + "/examples/digits/digits_cnn.h5");
  const std::vector<MethodRequest> plain = {{"lrp_z", {}}, {"gradient", {}}}, sampling = {{"smoothgrad", {}}};
  ExplainerOptions options;
  options.single_call = true;
  const Explainer kept(model), once(model, options);
  for (const std::int64_t samples : {1, 3}) {
    Tensor input({samples, 28, 28, 1});
    for (std::size_t i = 0; i < input.data.size(); ++i) input.data[i] = static_cast<float>(i % 17) / 17;
    for (const Target& target : {Target::max(), Target::top(2)}) {
      for (const auto& methods : {plain, sampling}) {
        const Explanation a = kept.explain(input, methods, target), b = once.explain(input, methods, target);
        for (std::size_t m = 0; m < methods.size(); ++m) EXPECT_EQ(a.maps[m].map.data, b.maps[m].map.data);
        EXPECT_EQ(a.outputs.front().data, b.outputs.front().data);
      }
    }
  }
}

}  // namespace
}  // namespace signxai
