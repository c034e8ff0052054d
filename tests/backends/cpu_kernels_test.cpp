// Every kernel of the CPU backend that takes a problem, against the op's double-precision evaluation: on every
// instruction set of this machine, with one thread and with two.
#include <gtest/gtest.h>

#include <hwy/targets.h>

#include "backends/cpu/implementations.h"
#include "base/threads.h"
#include "support/cpu_problem.h"

namespace signxai::cpu {
namespace {

struct Case {
  const char* line;
  double tolerance = 2e-6;
  const char* fastest = "";  ///< the implementation that must come first; empty: any
};

class CpuKernels : public testing::TestWithParam<Case> {};

void compare(const Case& c, const std::string& where) {
  const CpuProblem problem = parse_problem(c.line);
  const std::vector<float> expected = expected_result(problem);
  const auto entries = candidates(problem);
  ASSERT_FALSE(entries.empty()) << "only the reference kernel takes it";
  if (*c.fastest != 0) {
    EXPECT_EQ(entries.front().name, c.fastest);
  }
  backends::PackedWeights weights;
  for (const backends::Implementation& entry : entries) {
    EXPECT_LE(deviation(run_implementation(entry, problem, weights), expected), c.tolerance)
        << entry.name << ", " << where;
  }
}

/// Weights that are packed at each run, in scratch memory, give the bits of those that are kept, and nothing is kept.
TEST_P(CpuKernels, PackInScratchMemoryWithTheSameBits) {
  const CpuProblem problem = parse_problem(GetParam().line);
  backends::Problem once = problem.problem();
  once.packs_in_scratch = true;
  for (const backends::Implementation& entry : candidates(problem)) {
    base::MemoryBudget budget;
    backends::PackedWeights kept, unused(&budget);
    EXPECT_EQ(run_kernel(*entry.make(once, unused), problem), run_implementation(entry, problem, kept)) << entry.name;
    EXPECT_EQ(budget.taken(), 0) << entry.name;
  }
}

TEST_P(CpuKernels, AgreeWithReference) {
  for (const int threads : {1, 2}) {
    const ThreadScope scope(threads);
    compare(GetParam(), std::to_string(threads) + " threads");
  }
}

TEST_P(CpuKernels, AgreeOnEveryInstructionSet) {
  on_every_target([](std::int64_t target) { compare(GetParam(), hwy::TargetName(target)); });
}

constexpr Case kConvolutions[] = {
    {"conv 2x9x8x3;3x3x3x8 strides=1,1 dilations=1,1 padding=same constant=1"},
    {"conv 2x9x8x3;3x3x3x8 strides=2,2 dilations=1,1 padding=same constant=1"},
    {"conv 1x31x33x16;3x3x16x32 strides=1,1 dilations=1,1 padding=same constant=1", 2e-6, "oneDNN"},
    {"conv 1x31x33x16;3x3x16x32;32 strides=1,1 dilations=1,1 padding=valid activation=relu constant=1,2"},
    {"conv 1x31x33x16;3x3x16x32;32 strides=1,1 dilations=1,1 padding=valid activation=relu", 2e-6, "direct"},
    {"conv 3x17x5;7x5x9 strides=3 dilations=1 padding=same constant=1"},
    {"conv 2x200x12;9x12x40;40 strides=2 dilations=1 padding=same constant=1"},
    {"conv 2x50x7;3x7x13 strides=1 dilations=4 padding=valid constant=1"},
    {"conv 1x6x7x8x3;2x3x3x3x11 strides=1,2,1 dilations=1,1,1 padding=same constant=1"},
    {"conv 1x14x15x12;3x3x4x24 strides=2,1 dilations=1,1 padding=same groups=3 constant=1"},
    {"conv 1x20x20x32;3x3x1x32 strides=1,1 dilations=1,1 padding=same groups=32 constant=1"},
    {"conv 1x12x13x4;5x3x4x6 strides=2,1 dilations=1,2 padding=explicit pads=3,1,2,4 constant=1"},
    {"conv 1x5x6x7;3x3x7x9 strides=1,2 dilations=1,1 padding=explicit pads=5,4,3,6 constant=1"},
    {"conv 1x10x10x3;3x3x3x70 strides=1,1 dilations=1,1 padding=same"},
    {"conv 1x31x33x16;3x3x16x32 strides=1,1 dilations=1,1 padding=same precision=winograd constant=1", 2e-6,
     "Winograd"},
    {"conv 3x15x12x48;3x3x48x64;64 strides=1,1 dilations=1,1 padding=valid activation=relu precision=winograd "
     "constant=1,2",
     2e-6, "Winograd"},
    {"conv 1x14x17x32;3x3x32x16 strides=1,1 dilations=1,1 padding=explicit pads=4,0,1,3 precision=winograd constant=1",
     2e-6, "Winograd"},
    {"conv 1x30x30x16;3x3x16x16 strides=2,2 dilations=1,1 padding=same precision=winograd constant=1", 2e-6, "oneDNN"},
    {"conv 1x30x30x24;3x3x24x16 strides=1,1 dilations=1,1 padding=same precision=winograd constant=1", 2e-6, "oneDNN"},
    {"conv 1x30x30x16;5x3x16x16 strides=1,1 dilations=1,1 padding=same precision=winograd constant=1", 2e-6, "oneDNN"},
    {"conv 1x9x10x16;3x3x16x16 strides=1,1 dilations=1,1 padding=same precision=winograd constant=1", 2e-6, "oneDNN"},
    {"conv_backward_data 2x9x8x8;3x3x3x8 strides=1,1 dilations=1,1 padding=same input_spatial=9,8 constant=1"},
    {"conv_backward_data 2x24x26x64;3x3x3x64 strides=1,1 dilations=1,1 padding=same input_spatial=24,26 constant=1",
     2e-6, "narrow"},
    {"conv_backward_data 1x30x30x24;7x7x3x24 strides=2,2 dilations=1,1 padding=same input_spatial=60,59 constant=1"},
    {"conv_backward_data 1x30x30x21;5x4x1x21 strides=1,3 dilations=2,1 padding=valid input_spatial=38,93 constant=1"},
    {"conv_backward_data 1x20x21x32;3x3x4x32 strides=1,1 dilations=1,1 padding=same input_spatial=20,21"},
    {"conv_backward_data 2x33x35x30;3x2x2x30 strides=2,2 dilations=1,1 padding=explicit pads=1,2,0,3 "
     "input_spatial=65,67"},
    {"conv_backward_data 1x31x33x32;3x3x16x32 strides=1,1 dilations=1,1 padding=same input_spatial=31,33 constant=1",
     2e-6, "oneDNN"},
    {"conv_backward_data 1x31x33x32;3x3x16x32 strides=1,1 dilations=1,1 padding=same input_spatial=31,33"},
    {"conv_backward_data 1x31x33x32;3x3x16x32 strides=1,1 dilations=1,1 padding=same input_spatial=31,33 "
     "precision=winograd constant=1",
     2e-6, "Winograd"},
    {"conv_backward_data 3x13x10x64;3x3x48x64 strides=1,1 dilations=1,1 padding=valid input_spatial=15,12 "
     "precision=winograd constant=1",
     2e-6, "Winograd"},
    {"conv_backward_data 1x16x19x16;3x3x32x16 strides=1,1 dilations=1,1 padding=explicit pads=4,0,1,3 "
     "input_spatial=14,17 precision=winograd constant=1",
     2e-6, "Winograd"},
    {"conv_backward_data 1x7x15x24;3x3x4x24 strides=2,1 dilations=1,1 padding=same groups=3 input_spatial=14,15 "
     "constant=1"},
    {"conv_backward_data 2x100x40;9x12x40 strides=2 dilations=1 padding=same input_spatial=200 constant=1"},
    {"conv_backward_data 1x500x16;5x1x16 strides=1 dilations=3 padding=same input_spatial=500 constant=1"},
    {"conv_backward_data 1x6x4x8x11;2x3x3x3x11 strides=1,2,1 dilations=1,1,1 padding=same input_spatial=6,7,8 "
     "constant=1"},
};

constexpr Case kMatmuls[] = {
    {"matmul 1x300;300x257 constant=1", 2e-6, "streaming"},
    {"matmul 3x1000;1000x130;130 activation=relu constant=1"},
    {"matmul 8x129;129x19;19"},
    {"matmul 5x77;64x77 transpose_b=1 constant=1", 2e-6, "streaming"},
    {"matmul 1x999;501x999;501 transpose_b=1 activation=relu"},
    {"matmul 2x10;3000x10 transpose_b=1"},
    {"matmul 13x100;300x100;300 transpose_b=1 activation=relu constant=1", 2e-6, "streaming"},
    {"matmul 1x3;3x1"},
    {"matmul 1x300;300x257 weights=positive constant=1", 2e-6, "streaming"},
    {"matmul 8x129;129x19;19 weights=negative activation=relu constant=1", 2e-6, "streaming"},
    {"matmul 3x77;64x77 transpose_b=1 weights=squared constant=1", 2e-6, "streaming"},
    {"matmul 9x77;65x77 transpose_b=1 weights=positive constant=1", 2e-6, "streaming"},
    {"matmul 2x35;64x35 transpose_b=1 weights=negative constant=1", 2e-6, "streaming"},
    {"matmul 27x4100;50x4100 transpose_b=1 weights=positive constant=1", 2e-6, "streaming"},
    {"matmul 64x90;301x90;301 transpose_b=1 activation=relu constant=1", 2e-6, "streaming"},
    {"matmul 65x40;40x33;33 activation=relu", 2e-6, "oneDNN sgemm"},
    {"matmul 65x40;33x40 transpose_b=1"},
    {"matmul 40x6;40x33 transpose_a=1"},
    {"matmul 40x6;33x40 transpose_a=1 transpose_b=1"},
    {"matmul 4x5x6;6x7;7"},
    {"matmul 4x3x5x6;4x3x6x7"},
    {"matmul 4x1x5x6;3x6x7;7 activation=relu"},
    {"matmul 2x3x5x6;2x3x7x6 transpose_b=1"},
};

constexpr Case kPools[] = {
    {"max_pool 2x8x9x20 window=2,2 strides=2,2 padding=valid data=ties", 0},
    {"max_pool 2x8x9x3 window=3,3 strides=2,1 padding=same data=ties", 0},
    {"max_pool 1x40x1 window=3 strides=3 padding=same", 0},
    {"max_pool 1x5x6x7x5 window=2,3,2 strides=2,2,1 padding=same", 0},
    {"max_pool_backward 2x8x8x20;2x4x4x20 window=2,2 strides=2,2 padding=valid data=ties"},
    {"max_pool_backward 2x8x9x20;2x4x4x20 window=2,2 strides=2,2 padding=valid data=ties"},
    {"max_pool_backward 3x8x9x3;3x4x9x3 window=3,3 strides=2,1 padding=same data=ties"},
    {"max_pool_backward 3x8x9x3;3x4x9x3 window=3,3 strides=2,1 padding=same data=ties ties=all"},
    {"max_pool_backward 1x60x61x40;1x30x31x40 window=3,3 strides=2,2 padding=same data=ties"},
    {"max_pool_backward 2x41x1;2x14x1 window=2 strides=3 padding=same data=ties"},
    {"max_pool_backward 1x5x6x7x5;1x3x3x7x5 window=2,3,2 strides=2,2,1 padding=same data=ties ties=all"},
    {"avg_pool 2x8x9x20 window=3,3 strides=2,2 padding=same"},
    {"avg_pool 2x70x6 window=5 strides=2 padding=valid"},
    {"avg_pool_backward 2x4x5x20 window=3,3 strides=2,2 padding=same input_spatial=8,9"},
    {"avg_pool_backward 1x30x31x40 window=2,2 strides=2,2 padding=valid input_spatial=61,62"},
    {"avg_pool_backward 1x3x3x7x5 window=2,3,2 strides=2,2,1 padding=same input_spatial=5,6,7"},
};

constexpr Case kPointwise[] = {
    {"abs 3x1001 data=wide", 0},
    {"exp 5000", 4e-7},
    {"expm1 5000", 6e-7},
    {"log 5000 data=positive", 3e-7},
    {"log1p 5000 data=positive", 3e-7},
    {"neg 37", 0},
    {"relu 7x99x101", 0},
    {"sigmoid 70000 data=wide", 3e-7},
    {"sqrt 1003 data=positive", 1e-7},
    {"tanh 70000", 4e-7},
    {"erf 1003", 3e-7},
    {"add 2x9x9x64;2x9x9x64", 1e-7},
    {"sub 2x9x9x64;64", 1e-7},
    {"mul 2x9x9x64;2x1x1x64", 1e-7},
    {"mul 2x33x31x3;2x33x31x1", 1e-7},
    {"mul 2x33x31x3;2x1x1x1", 1e-7},
    {"mul 2x33x31x3;33x31x3", 1e-7},
    {"mul 1x5x1x7;3x1x6x7", 1e-7},
    {"mul 40x3000;3000", 1e-7},
    {"div 5000;5000", 1e-7},
    {"div 5000;.", 1e-7},
    {"div .;5000", 1e-7},
    {"safe_div 5000;5000 data=ties", 1e-7},
    {"maximum 999;999 data=ties", 0},
    {"minimum 999;. data=ties", 0},
    {"equal 999;999 data=ties", 0},
    {"greater 999;999 data=ties", 0},
    {"greater_equal 999;999 data=ties", 0},
    {"less 999;999 data=ties", 0},
    {"less_equal 999;999 data=ties", 0},
    {"select 7x33;7x33;33 data=ties", 0},
    {"select 33;7x33;7x1 data=ties", 0},
};

constexpr Case kReductions[] = {
    {"reduce_sum 150528 axes=0", 1e-6},        {"reduce_sum 2x224x224x3 axes=1,2,3", 1e-6},
    {"reduce_mean 2x57x56x70 axes=1,2", 1e-6}, {"reduce_mean 9x7x5 axes=0,2 keep_dims=1", 1e-6},
    {"reduce_sum 8x40000 axes=0", 1e-6},       {"reduce_sum 300x1000 axes=1", 1e-6},
    {"reduce_sum 3x4x5x6x7 axes=0,2,4", 1e-6}, {"reduce_sum 5x1x3 axes=1", 0},
    {"reduce_max 2x57x56x70 axes=1,2", 0},     {"reduce_max 2x5001 axes=1 keep_dims=1", 0},
    {"reduce_min 13x17 axes=0,1", 0},          {"reduce_min 3x4x5x6x7 axes=1,3", 0},
    {"argmax 5x1000 axis=1 data=ties", 0},     {"argmax 5x10x7 axis=1 data=ties", 0},
};

constexpr Case kMovements[] = {
    {"reshape 4x5x6 shape=0,-1", 0},
    {"reshape 300x400 shape=400,300", 0},
    {"broadcast 7x1x5 shape=3,7,4,5", 0},
    {"broadcast 7x1 shape=7,300", 0},
    {"transpose 37x41 perm=1,0", 0},
    {"transpose 2x30x31x20 perm=0,3,1,2", 0},
    {"transpose 2x20x30x31 perm=0,2,3,1", 0},
    {"transpose 3x4x5x6x7 perm=4,2,0,3,1", 0},
    {"reverse 3x50x7 axis=1", 0},
    {"reverse 3x50x7 axis=2", 0},
    {"slice 10x11x12 begin=1,2,3 end=9,10,11", 0},
    {"slice 10x11x12 begin=0,1,0 end=10,11,12 strides=1,3,5", 0},
    {"concat 3x4x5;3x1x5;3x7x5 axis=1", 0},
    {"concat 30x40x50;30x40x7 axis=2", 0},
    {"pad 3x4x5 pads=1,2,0,3,4,0 value=1.5", 0},
    {"pad 200x200 pads=1,1,1,1", 0},
    {"one_hot 40 depth=5 data=ties", 0},
    {"gather 3x4x6;5x2 data=ties", 0},
};

INSTANTIATE_TEST_SUITE_P(Convolutions, CpuKernels, testing::ValuesIn(kConvolutions));
INSTANTIATE_TEST_SUITE_P(Matmuls, CpuKernels, testing::ValuesIn(kMatmuls));
INSTANTIATE_TEST_SUITE_P(Pools, CpuKernels, testing::ValuesIn(kPools));
INSTANTIATE_TEST_SUITE_P(Pointwise, CpuKernels, testing::ValuesIn(kPointwise));
INSTANTIATE_TEST_SUITE_P(Reductions, CpuKernels, testing::ValuesIn(kReductions));
INSTANTIATE_TEST_SUITE_P(Movements, CpuKernels, testing::ValuesIn(kMovements));

void PrintTo(const Case& c, std::ostream* out) { *out << c.line; }

constexpr Case kLowered[] = {
    {"conv 1x31x33x16;3x3x16x32 strides=1,1 dilations=1,1 padding=same precision=bf16 constant=1", 2e-6, "oneDNN"},
    {"conv 2x15x9x64;3x3x64x48;48 strides=2,1 dilations=1,1 padding=valid activation=relu precision=bf16 constant=1,2",
     2e-6, "oneDNN"},
    {"conv 2x77x32;5x32x24 strides=1 dilations=2 padding=same precision=bf16 constant=1", 2e-6, "oneDNN"},
    {"conv_backward_data 1x31x33x32;3x3x16x32 strides=1,1 dilations=1,1 padding=same input_spatial=31,33 "
     "precision=bf16 constant=1",
     2e-6, "oneDNN"},
    {"conv_backward_data 2x8x5x48;3x3x64x48 strides=2,2 dilations=1,1 padding=same input_spatial=15,9 precision=bf16 "
     "constant=1",
     2e-6, "oneDNN"},
};

/// Beside the others, which run on every machine.
TEST(CpuKernelsInBfloat16, AgreeWithReference) {
  for (const Case& c : kLowered) {
    if (has_bfloat16()) {
      compare(c, c.line);
    } else {
      EXPECT_TRUE(candidates(parse_problem(c.line)).empty()) << c.line;
    }
  }
}

}  // namespace
}  // namespace signxai::cpu
