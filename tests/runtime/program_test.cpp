// Programs: what is computed for an output lies there at once; denormals inside; those that run once keep nothing that
// they pack, unless several steps share it, and their bits are the same.
#include <algorithm>
#include <numeric>
#include <optional>
#include <random>

#include <gtest/gtest.h>

#include "backends/packed_weights.h"
#include "base/memory_budget.h"
#include "base/threads.h"
#include "graph/text.h"
#include "runtime/program.h"
#include "support/small_network.h"

namespace signxai::runtime {
namespace {

using graph::Graph;

/// A convolution and its pull-back, and a second pull-back through the same weights where `twice`.
Graph made(bool twice) {
  const std::string pull_back = " %w {dilations=[1,1], input_spatial=[12,12], padding=\"same\", strides=[1,1]}\n";
  const std::string text =
      "%x = input \"x\" : f32[1,12,12,32]\n"
      "%w = const @w : f32[3,3,32,48]\n"
      "%y = conv %x %w {dilations=[1,1], padding=\"same\", strides=[1,1]}\n"
      "%a = conv_backward_data %y" +
      pull_back + (twice ? "%z = relu %y\n%b = conv_backward_data %z" + pull_back + "output \"b\" %b\n" : "") +
      "output \"a\" %a\n";
  return graph::from_text(text, [](std::string_view, const Shape& shape) -> std::optional<graph::Literal> {
    std::mt19937 random(1);
    return test::random_literal(shape, random);
  });
}

struct Result {
  std::vector<std::vector<float>> values;
  std::int64_t kept;  ///< bytes of weights that were packed for good
};

Result run(const Graph& graph, bool runs_once) {
  base::MemoryBudget budget;
  backends::PackedWeights weights(&budget);
  const Program program(graph, weights, std::make_shared<ArenaPool>(), runs_once);
  std::vector<float> input(12 * 12 * 32);
  std::mt19937 random(2);
  for (float& value : input) value = std::normal_distribution<float>()(random);
  Result result{std::vector<std::vector<float>>(graph.outputs().size(), std::vector<float>(input.size())), 0};
  std::vector<float*> outputs;
  for (auto& value : result.values) outputs.push_back(value.data());
  const float* const inputs[] = {input.data()};
  program.run(inputs, outputs);
  const auto first = result.values;
  program.run(inputs, outputs);  // what is said to run once may run again
  EXPECT_EQ(result.values, first);
  result.kept = budget.taken();
  return result;
}

constexpr std::int64_t kWeights = std::int64_t{3} * 3 * 32 * 48 * 4;

TEST(ProgramThatRunsOnce, KeepsNoWeightsOfOneStepAlone) {
  const Result kept = run(made(false), false), once = run(made(false), true);
  EXPECT_EQ(kept.kept, 2 * kWeights);
  EXPECT_EQ(once.kept, 0);
  EXPECT_EQ(once.values, kept.values);
}

TEST(ProgramThatRunsOnce, PacksWhatStepsShareOneTime) {
  const Result kept = run(made(true), false), once = run(made(true), true);
  EXPECT_EQ(kept.kept, 2 * kWeights);
  EXPECT_EQ(once.kept, kWeights);
  EXPECT_EQ(once.values, kept.values);
}

/// Of a program of `rows` x 1000 numbers: a small one runs on one thread, a large one on those of the caller.
bool flushes_denormals(std::int64_t rows) {
  const std::string shape = "f32[" + std::to_string(rows) + ",1000]";
  backends::PackedWeights weights;
  const Program program(graph::from_text("%x = input \"x\" : " + shape + "\n%y = add %x %x\noutput \"y\" %y\n"),
                        weights);
  const std::vector<float> input(static_cast<std::size_t>(rows) * 1000, 1e-39f);
  std::vector<float> result(input.size(), 1.0f);
  const float* const inputs[] = {input.data()};
  float* const outputs[] = {result.data()};
  program.run(inputs, outputs);
  return std::all_of(result.begin(), result.end(), [](float value) { return value == 0; });
}

TEST(Program, FlushesDenormalsOnAllThreadsAndInsideOnly) {
  for (const int count : {1, 3}) {
    const ThreadScope threads(count);
    EXPECT_TRUE(flushes_denormals(1));
    EXPECT_TRUE(flushes_denormals(2000));
    volatile float small = 1e-39f;
    EXPECT_GT(small + small, 0);
  }
}

TEST(Program, ComputesOutputsInTheCallersMemoryAlone) {
  backends::PackedWeights weights;
  const Program program(graph::from_text("%x = input \"x\" : f32[2,3,1000]\n"
                                         "%c = const [5, 6] : f32[2]\n"
                                         "%y = add %x %x\n"
                                         "%z = mul %y %x\n"
                                         "%flat = reshape %z {shape=[2,3000]}\n"
                                         "output \"y\" %y\n"
                                         "output \"flat\" %flat\n"
                                         "output \"again\" %y\n"
                                         "output \"x\" %x\n"
                                         "output \"c\" %c\n"),
                        weights);
  EXPECT_LT(program.arena_bytes(), 200U);  // addresses alone
  std::vector<float> input(6000);
  std::iota(input.begin(), input.end(), 0.0f);
  // Behind one element each, as callers' memory need not be aligned, and before one that stays.
  std::vector<std::vector<float>> memory(5, std::vector<float>(input.size() + 2, -1));
  std::vector<float*> outputs;
  for (auto& values : memory) outputs.push_back(values.data() + 1);
  const float* const inputs[] = {input.data()};
  program.run(inputs, outputs);
  for (std::size_t i = 0; i < input.size(); ++i) {
    ASSERT_EQ(outputs[0][i], 2 * input[i]);
    ASSERT_EQ(outputs[1][i], 2 * input[i] * input[i]);
    ASSERT_EQ(outputs[2][i], 2 * input[i]);
    ASSERT_EQ(outputs[3][i], input[i]);
  }
  EXPECT_EQ(outputs[4][0], 5);
  EXPECT_EQ(outputs[4][1], 6);
  EXPECT_EQ(outputs[4][2], -1);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(memory[i].front(), -1);
    EXPECT_EQ(memory[i].back(), -1);
  }
}

}  // namespace
}  // namespace signxai::runtime
