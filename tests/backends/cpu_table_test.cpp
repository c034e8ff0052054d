// The table of CPU kernels as a whole, and what the kernels promise beyond right numbers: exact ties, NaN that stays
// visible, the same bits again, runs that overlap in time, weights packed once.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <thread>

#include "backends/cpu/implementations.h"
#include "base/threads.h"
#include "graph/op.h"
#include "support/cpu_problem.h"

namespace signxai::cpu {
namespace {

TEST(CpuTable, EveryOpEndsWithItsReferenceKernel) {
  std::map<std::string_view, std::string_view> last;
  for (const backends::Implementation& entry : implementations()) {
    EXPECT_NE(graph::find_op_or_null(entry.op), nullptr) << entry.op;
    last[entry.op] = entry.name;
  }
  for (const graph::OpDef* op : graph::op_table()) {
    if (op->kind != graph::OpKind::kLeaf) {
      EXPECT_EQ(last[op->name], "reference") << op->name;
    }
  }
}

TEST(CpuTable, ReferenceKernelComputes) {
  const CpuProblem problem = parse_problem("resize 2x3x4x2 size=5,7 mode=bilinear");
  backends::PackedWeights weights;
  for (const backends::Implementation& entry : implementations()) {
    if (entry.op != "resize") continue;
    ASSERT_EQ(entry.reject(problem.problem()), "");
    EXPECT_EQ(run_implementation(entry, problem, weights), expected_result(problem));
  }
}

TEST(CpuTable, NanStaysVisible) {
  for (const char* line :
       {"max_pool 1x6x6x19 window=3,3 strides=2,2 padding=same", "reduce_max 1x6x6x19 axes=1,2",
        "reduce_max 700 axes=0", "reduce_min 700 axes=0", "argmax 5x7 axis=1", "reduce_sum 700 axes=0", "relu 37"}) {
    CpuProblem problem = parse_problem(line);
    problem.inputs[0].data[23] = std::nanf("");
    backends::PackedWeights weights;
    EXPECT_LE(deviation(run_implementation(candidates(problem)[0], problem, weights), expected_result(problem)), 1e-6)
        << line;
  }
}

const char* const kRepeatable[] = {
    "conv 1x40x40x16;3x3x16x32;32 strides=1,1 dilations=1,1 padding=same activation=relu constant=1,2",
    "conv_backward_data 1x40x40x32;3x3x3x32 strides=1,1 dilations=1,1 padding=same input_spatial=40,40 constant=1",
    "matmul 3x4000;4000x200;200 constant=1",
    "matmul 3x4000;200x4000 transpose_b=1 constant=1",
    "matmul 100x90;90x80 constant=1",
    "max_pool_backward 2x40x40x16;2x20x20x16 window=3,3 strides=2,2 padding=same",
    "sigmoid 300000",
    "reduce_sum 4x50x50x16 axes=1,2",
};

TEST(CpuTable, SameThreadsSameBits) {
  for (const int threads : {1, 2}) {
    const ThreadScope scope(threads);
    for (const char* line : kRepeatable) {
      const CpuProblem problem = parse_problem(line);
      backends::PackedWeights weights;
      const auto kernel = candidates(problem)[0].make(problem.problem(), weights);
      const auto first = run_kernel(*kernel, problem);
      for (int i = 0; i < 5; ++i) EXPECT_EQ(run_kernel(*kernel, problem), first) << line;
      EXPECT_EQ(run_implementation(candidates(problem)[0], problem, weights), first) << line;
    }
  }
}

TEST(CpuTable, RunsMayOverlap) {
  for (const char* line : kRepeatable) {
    const CpuProblem problem = parse_problem(line);
    backends::PackedWeights weights;
    const auto kernel = candidates(problem)[0].make(problem.problem(), weights);
    const auto expected = run_kernel(*kernel, problem);
    std::vector<std::thread> callers;
    std::vector<int> wrong(4, 0);
    for (std::size_t t = 0; t < wrong.size(); ++t) {
      callers.emplace_back([&, t] {
        for (int i = 0; i < 10; ++i) wrong[t] += run_kernel(*kernel, problem) != expected;
      });
    }
    for (std::thread& caller : callers) caller.join();
    EXPECT_EQ(wrong, std::vector<int>(4, 0)) << line;
  }
}

TEST(CpuTable, WeightsArePackedOnce) {
  const CpuProblem problem = parse_problem(
      "conv_backward_data 1x8x8x16;3x3x3x16 strides=1,1 dilations=1,1 padding=same input_spatial=8,8 constant=1");
  backends::PackedWeights weights;
  const auto first = candidates(problem)[0].make(problem.problem(), weights);
  bool packed_again = false;
  weights.get(*problem.problem().constants[1], "narrow 2 1 0", 4, [&](std::byte*) { packed_again = true; });
  EXPECT_FALSE(packed_again);
}

TEST(CpuTable, PackedWeightsLieApartAndAligned) {
  backends::PackedWeights store;
  std::vector<graph::Literal> sources;
  std::vector<backends::AlignedBytes> packed;
  std::vector<std::size_t> sizes;
  for (std::size_t i = 0; i < 40; ++i) {  // up to beyond the largest slab
    sizes.push_back(std::size_t{1} << (i % 8 == 7 ? 21 + i / 8 : 3 + i % 17));
    sources.emplace_back(Shape{1}, std::vector<float>{0});
    const auto fill = [&](std::byte* bytes) { std::fill_n(bytes, sizes[i], static_cast<std::byte>(i)); };
    packed.push_back(store.get(sources[i], "filled", sizes[i], fill));
    ASSERT_EQ(reinterpret_cast<std::uintptr_t>(packed.back().get()) % 64, 0u);
  }
  for (std::size_t i = 0; i < packed.size(); ++i) {
    EXPECT_EQ(std::count(packed[i].get(), packed[i].get() + sizes[i], static_cast<std::byte>(i)),
              static_cast<std::ptrdiff_t>(sizes[i]));
    EXPECT_EQ(store.get(sources[i], "filled", sizes[i], [](std::byte*) { FAIL(); }), packed[i]);
  }
}

TEST(CpuTable, AllTiedCellsOrTheFirst) {
  const std::vector<float> x(16, 1.0f), dy = {1, 2, 3, 4};
  for (const std::string ties : {"first", "all"}) {
    CpuProblem problem =
        parse_problem("max_pool_backward 1x4x4x1;1x2x2x1 window=2,2 strides=2,2 padding=valid ties=" + ties);
    problem.inputs[0].data = x;
    problem.inputs[1].data = dy;
    backends::PackedWeights weights;
    const auto dx = run_implementation(candidates(problem)[0], problem, weights);
    EXPECT_EQ(dx[0], 1.0f);
    EXPECT_EQ(dx[2], 2.0f);
    EXPECT_EQ(dx[5], ties == "all" ? 1.0f : 0.0f);
    EXPECT_EQ(dx[13], ties == "all" ? 3.0f : 0.0f);
  }
}

}  // namespace
}  // namespace signxai::cpu
