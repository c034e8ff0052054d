// Sweeps of the CPU backend: regions with shared values, constants and every way of broadcasting, edge values of the
// functions, and results written over an input.
#include <gtest/gtest.h>

#include <hwy/targets.h>

#include <bit>
#include <cmath>
#include <limits>

#include "backends/cpu/implementations.h"
#include "backends/cpu/sweep/program.h"
#include "base/threads.h"
#include "graph/builder.h"
#include "graph/op.h"
#include "support/cpu_problem.h"

namespace signxai::cpu {
namespace {

using graph::Builder;
using graph::Value;

constexpr float kInf = std::numeric_limits<float>::infinity();
const float kNan = std::nanf("");

/// A sweep of `body`, a function of (builder, region inputs), over inputs of these shapes.
template <typename Body>
CpuProblem sweep_of(const std::vector<Shape>& shapes, const Body& body) {
  Builder region, outer;
  std::vector<Value> parameters, operands;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    parameters.push_back(region.input("p" + std::to_string(i), shapes[i]));
    operands.push_back(outer.input("x" + std::to_string(i), shapes[i]));
  }
  region.output("y", body(region, parameters));
  outer.make("sweep", operands, {{"body", std::make_shared<const graph::Graph>(region.take())}});
  return make_problem(outer.take(), "normal");
}

std::unique_ptr<backends::Kernel> fastest(const CpuProblem& problem) {
  backends::PackedWeights weights;
  return candidates(problem).at(0).make(problem.problem(), weights);
}

void expect_right(const CpuProblem& problem) {
  const auto expected = expected_result(problem);
  for (const int threads : {1, 2}) {
    const ThreadScope scope(threads);
    EXPECT_LE(deviation(run_kernel(*fastest(problem), problem), expected), 1e-6) << threads << " threads";
  }
}

TEST(CpuSweep, EpsilonRule) {
  expect_right(sweep_of({{2, 30, 31, 24}, {2, 30, 31, 24}, {24}, {}}, [](Builder& b, const auto& p) {
    const Value z = b.mul(p[0], p[2]), epsilon = b.unary("exp", p[3]);  // no sum that cancels
    const Value sign = b.select(b.make("greater_equal", {z, b.constant(0.0)}), b.constant(1.0), b.constant(-1.0));
    return b.mul(p[0], b.safe_div(p[1], b.add(z, b.mul(sign, epsilon))));
  }));
}

TEST(CpuSweep, EveryBroadcast) {
  const std::vector<Shape> shapes = {{3, 7, 9, 5}, {5},       {9, 5},       {3, 1, 1, 1},
                                     {3, 1, 1, 5}, {7, 1, 5}, {1, 7, 9, 1}, {}};
  expect_right(sweep_of(shapes, [](Builder& b, const auto& p) {
    Value sum = p[0];
    for (std::size_t i = 1; i < p.size(); ++i) sum = b.add(b.mul(sum, p[i]), p[i - 1]);
    return sum;
  }));
}

TEST(CpuSweep, ConstantsOfTheRegion) {
  expect_right(sweep_of({{40, 33}, {33}}, [](Builder& b, const auto& p) {
    const Value scale = b.unary("exp", b.mul(p[1], b.constant(0.5)));  // the same for every row
    const Value offsets = b.constant({{33}, std::vector<float>(33, 0.25f)});
    return b.add(b.mul(p[0], scale), b.add(offsets, b.unary("abs", scale)));
  }));
}

/// One element of the region of GivesTheBitsOfSingleOperations, operation by operation.
float by_hand(float x, float u, float mean, float epsilon) {
  const float centred = x - mean, scaled = centred * mean, product = u * x;
  const float active = scaled > 0 ? 1.0F : 0.0F, capped = std::min(6.0F, std::max(x, 0.0F));
  const float sign = u >= 0 ? 1.0F : -1.0F, offset = sign * epsilon, z = u + offset;
  const float kept = product * capped, masked = active * kept;
  return masked / (z == 0 ? 1e-7F : z);
}

TEST(CpuSweep, GivesTheBitsOfSingleOperations) {
  const CpuProblem problem = sweep_of({{61, 33}, {61, 33}, {33}, {}}, [](Builder& b, const auto& p) {
    const Value scaled = b.mul(b.sub(p[0], p[2]), p[2]), active = b.make("greater", {scaled, b.constant(0.0)});
    const Value capped = b.make("minimum", {b.constant(6.0), b.relu(p[0])}), kept = b.mul(b.mul(p[1], p[0]), capped);
    const Value sign = b.select(b.make("greater_equal", {p[1], b.constant(0.0)}), b.constant(1.0), b.constant(-1.0));
    return b.safe_div(b.mul(active, kept), b.add(p[1], b.mul(sign, p[3])));
  });
  const Program program = compile_sweep(problem.problem());
  EXPECT_EQ(program.body.size(), 10U);    // a step each, and one for u + epsilon * sign of u
  EXPECT_EQ(program.sources.size(), 6U);  // without the numbers 1 and -1
  std::vector<float> expected;
  for (std::size_t i = 0; i < 61 * 33; ++i) {
    const auto value = [&](std::size_t input, std::size_t at) { return problem.inputs[input].data[at]; };
    expected.push_back(by_hand(value(0, i), value(1, i), value(2, i % 33), value(3, 0)));
  }
  EXPECT_EQ(run_kernel(*fastest(problem), problem), expected);
}

std::vector<float> run(const Program& program, const CpuProblem& problem) {
  std::vector<const float*> arrays;
  for (const SourceArray& array : program.arrays) {
    arrays.push_back(array.input < 0 ? array.constant
                                     : problem.inputs[static_cast<std::size_t>(array.input)].data.data());
  }
  std::vector<float> result(static_cast<std::size_t>(program.size));
  run_sweep(program, arrays.data(), result.data(), 0, program.size);
  return result;
}

/// The machine code of every instruction set that has any against the loops.
void expect_same_bits(const CpuProblem& problem) {
  on_every_target([&](std::int64_t target) {
    const Program program = compile_sweep(problem.problem()), loops = compile_sweep(problem.problem(), true);
    EXPECT_EQ(loops.code, nullptr);
    const bool has_code = (hwy::SupportedTargets() & (HWY_AVX2 | HWY_AVX3)) != 0;
    EXPECT_EQ(program.code != nullptr, has_code) << hwy::TargetName(target);
    const std::vector<float> result = run(program, problem), expected = run(loops, problem);
    for (std::size_t i = 0; i < result.size(); ++i) {
      if (std::isnan(expected[i]) && std::isnan(result[i])) continue;
      ASSERT_EQ(std::bit_cast<std::uint32_t>(result[i]), std::bit_cast<std::uint32_t>(expected[i]))
          << hwy::TargetName(target) << ", element " << i << ": " << result[i] << ", " << expected[i];
    }
  });
}

TEST(CpuSweep, MachineCodeGivesTheBitsOfTheLoops) {
  const float edges[] = {0.0F, -0.0F, 1.0F, -1.0F, kInf, -kInf, kNan, 1e-40F, -1e-6F, 87.5F, -88.5F, 1e30F, -1e30F};
  for (const char* op : {"abs", "neg", "relu", "sigmoid", "sqrt", "add", "div", "equal", "greater", "greater_equal",
                         "less", "less_equal", "maximum", "minimum", "mul", "safe_div", "sub", "select"}) {
    SCOPED_TRACE(op);
    CpuProblem problem = sweep_of({{61, 33}, {61, 33}, {61, 33}}, [&](Builder& b, const auto& p) {
      const int arity = graph::find_op(op).max_inputs;
      const std::vector<Value> operands(p.begin(), p.begin() + arity);
      return b.mul(b.constant(-2.0), b.make(op, operands));
    });
    for (std::size_t i = 0; i < 61 * 33; i += 2) {
      for (std::size_t k = 0; k < 3; ++k) problem.inputs[k].data[i] = edges[(i / 2 * (k + 1) + i / 26) % 13];
    }
    expect_same_bits(problem);
  }
}

TEST(CpuSweep, MachineCodeOfMoreArraysThanRegisters) {
  std::vector<Shape> shapes = {{5, 70}, {70}, {}, {1}, {5, 1}};
  shapes.resize(40, {5, 70});
  expect_same_bits(sweep_of(shapes, [](Builder& b, const auto& p) {
    Value sum = b.mul(p[3], p[4]);
    for (const Value x : p) sum = b.add(b.mul(b.sub(sum, x), x), b.unary("sigmoid", x));
    return sum;
  }));
}

// Sigmoids whose result is stored, kept, or put in the place of what is read no more; in sweeps that leave registers
// for four vectors side by side, or fewer.
TEST(CpuSweep, MachineCodeOfVectorsSideBySide) {
  for (const std::int64_t extent : {31, 64, 100, 250}) {
    for (int kept = 0; kept < 7; ++kept) {
      SCOPED_TRACE(std::to_string(extent) + ", " + std::to_string(kept));
      CpuProblem problem = sweep_of({{extent}, {extent}}, [&](Builder& b, const auto& p) {
        std::vector<Value> values = {p[0]};
        for (int i = 0; i < kept; ++i) values.push_back(b.mul(b.sub(values.back(), p[1]), b.constant(1.5)));
        const Value gate = b.unary("sigmoid", b.unary("sigmoid", b.mul(values.back(), p[0])));
        Value sum = gate;
        for (const Value value : values) sum = b.add(b.mul(value, gate), sum);
        return b.unary("sigmoid", sum);
      });
      for (std::int64_t i = 0; i < extent; i += 5) problem.inputs[0].data[static_cast<std::size_t>(i)] = kNan;
      expect_same_bits(problem);
    }
  }
}

TEST(CpuSweep, MachineCodeOfShortResults) {
  for (const std::int64_t extent : {1, 2, 7, 8, 9, 15, 16, 17, 31}) {
    expect_same_bits(
        sweep_of({{extent}, {1}}, [](Builder& b, const auto& p) { return b.relu(b.add(b.mul(p[0], p[1]), p[1])); }));
  }
}

/// More results at once than any instruction set has registers for.
TEST(CpuSweep, LoopsWhereRegistersDoNotSuffice) {
  const CpuProblem problem = sweep_of({{90, 7}, {7}}, [](Builder& b, const auto& p) {
    std::vector<Value> values = {p[0]};
    for (int i = 0; i < 30; ++i) values.push_back(b.mul(values.back(), p[1]));
    Value sum = values[0];
    for (const Value value : values) sum = b.add(sum, value);
    return sum;
  });
  EXPECT_EQ(compile_sweep(problem.problem()).code, nullptr);
  expect_right(problem);
}

TEST(CpuSweep, LongChainReusesBuffers) {
  expect_right(sweep_of({{50, 50}, {50, 50}}, [](Builder& b, const auto& p) {
    std::vector<Value> values(p.begin(), p.end());
    for (int i = 0; i < 60; ++i) {
      values.push_back(b.mul(b.constant(0.5), b.sub(values[values.size() - 1], values[values.size() / 2])));
    }
    return b.add(values.back(), values[5]);
  }));
}

TEST(CpuSweep, IdentityAndDeadNodes) {
  expect_right(sweep_of({{50, 50}}, [](Builder& b, const auto& p) { return b.unary("exp", p[0]), p[0]; }));
}

/// Channels [begin, end) of an array.
Value channels(Builder& b, Value x, std::int64_t begin, std::int64_t end) {
  const std::size_t rank = b.shape(x).size();
  graph::Ints begins(rank, 0), ends = b.shape(x);
  begins.back() = begin, ends.back() = end;
  return b.make("slice", {x}, {{"begin", begins}, {"end", ends}});
}

/// Rows that are shorter and longer than a block, of parts that are shorter and longer than a vector.
TEST(CpuSweep, ReadsJoinedArraysAndSlicesWhereTheyLie) {
  for (const std::int64_t wide : {3, 16, 37, 700, 2500}) {
    const std::vector<Shape> shapes = {{3, 7, wide}, {3, 7, 21}, {3, 7, wide + 40}, {wide + 21}, {3, 7, wide + 21}};
    const auto body = [wide](Builder& b, const auto& p) {
      const Value joined = b.make("concat", {p[0], p[1]}, {{"axis", std::int64_t{2}}});
      const Value cut = channels(b, p[2], 8, wide + 29);
      const Value again =
          b.make("concat", {channels(b, joined, 5, wide + 21), channels(b, p[4], 0, 5)}, {{"axis", std::int64_t{2}}});
      return b.add(b.mul(b.sub(joined, p[3]), cut), b.sub(again, p[4]));
    };
    SCOPED_TRACE(wide);
    expect_right(sweep_of(shapes, body));
    expect_same_bits(sweep_of(shapes, body));
  }
}

TEST(CpuSweep, JoinsManyArrays) {
  expect_right(sweep_of(std::vector<Shape>(300, {11, 16}), [](Builder& b, const auto& p) {
    return b.relu(b.make("concat", p, {{"axis", std::int64_t{1}}}));
  }));
}

TEST(CpuSweep, NotInPlaceOverAnArrayThatAViewShows) {
  const CpuProblem problem = sweep_of({{30, 32}, {30, 32}, {30, 16}}, [](Builder& b, const auto& p) {
    const Value turned = b.make("concat", {channels(b, p[0], 16, 32), p[2]}, {{"axis", std::int64_t{1}}});
    return b.add(b.add(p[0], p[1]), turned);
  });
  const auto kernel = fastest(problem);
  EXPECT_FALSE(kernel->in_place(0));
  EXPECT_TRUE(kernel->in_place(1));
  EXPECT_FALSE(kernel->in_place(2));
}

TEST(CpuSweep, InPlaceOverFullInputsOnly) {
  const CpuProblem problem = sweep_of({{300, 70}, {70}, {300, 70}}, [](Builder& b, const auto& p) {
    return b.add(b.mul(p[0], p[1]), b.safe_div(p[2], p[0]));
  });
  const auto kernel = fastest(problem);
  EXPECT_TRUE(kernel->in_place(0));
  EXPECT_FALSE(kernel->in_place(1));
  EXPECT_TRUE(kernel->in_place(2));
  const auto expected = run_kernel(*kernel, problem);
  for (const std::size_t over : {0u, 2u}) {
    std::vector<Tensor> inputs = problem.inputs;
    const float* addresses[] = {inputs[0].data.data(), inputs[1].data.data(), inputs[2].data.data()};
    kernel->run({addresses, inputs[over].data.data(), nullptr});
    EXPECT_EQ(inputs[over].data, expected);
  }
}

/// Results of a pointwise op on these values, at every place of a vector.
std::vector<float> apply(const std::string& op, std::vector<std::vector<float>> columns) {
  std::string shapes = "19";
  for (std::size_t i = 1; i < columns.size(); ++i) shapes += ";19";
  CpuProblem problem = parse_problem(op + " " + shapes);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    for (std::size_t k = 0; k < 19; ++k) problem.inputs[i].data[k] = columns[i][k % columns[i].size()];
  }
  const auto result = run_kernel(*fastest(problem), problem);
  EXPECT_LE(deviation(result, expected_result(problem)), 1e-6) << op;
  return result;
}

TEST(CpuSweep, FunctionsAtTheirEdges) {
  const std::vector<float> values = {0.0f, -0.0f, 1.0f, -1.0f, kInf, -kInf, kNan, 1e-20f, -1e-6f, 88.0f, 1e10f, -1e10f};
  for (const char* op : {"abs", "erf", "exp", "expm1", "log", "log1p", "neg", "relu", "sigmoid", "sqrt", "tanh"}) {
    SCOPED_TRACE(op);
    apply(op, {values});
  }
  EXPECT_EQ(apply("exp", {{1000.0f, -1000.0f}})[0], kInf);
  EXPECT_TRUE(std::isnan(apply("relu", {{kNan}})[18]));
}

TEST(CpuSweep, SigmoidKeepsItsRelativeAccuracy) {
  CpuProblem problem = parse_problem("sigmoid 4001");
  for (std::size_t i = 0; i < 4001; ++i) problem.inputs[0].data[i] = static_cast<float>(i) * 0.0267F - 86.0F;
  const auto result = run_kernel(*fastest(problem), problem), expected = expected_result(problem);
  for (std::size_t i = 0; i < result.size(); ++i) EXPECT_NEAR(result[i], expected[i], 4e-7 * expected[i]) << i;
}

TEST(CpuSweep, ComparisonsAndExtremaOfNan) {
  const std::vector<float> a = {kNan, 1, kNan, kInf, 0.0f, 2}, b = {1, kNan, kNan, -kInf, -0.0f, 2};
  for (const char* op : {"maximum", "minimum", "equal", "greater", "greater_equal", "less", "less_equal"}) {
    SCOPED_TRACE(op);
    apply(op, {a, b});
  }
}

TEST(CpuSweep, SafeDivIsExact) {
  const auto result = apply("safe_div", {{3, -2, 5, 1e-9f}, {0.0f, -0.0f, 7, 1e-8f}});
  EXPECT_EQ(result[0], 3 / 1e-7f);
  EXPECT_EQ(result[1], -2 / 1e-7f);
  EXPECT_EQ(result[2], 5.0f / 7.0f);
  EXPECT_EQ(result[3], 1e-9f / 1e-8f);
}

TEST(CpuSweep, FunctionsAreAccurate) {
  for (const char* op : {"exp", "expm1", "log", "log1p", "sigmoid", "tanh", "erf"}) {
    for (float x = 1e-5f; x < 80; x *= 1.01f) {
      for (const float value : {x, -x}) {
        if (value < 0 && (std::string(op) == "log" || value < -0.99f)) continue;
        CpuProblem problem = parse_problem(std::string(op) + " 1");
        problem.inputs[0].data[0] = value;
        const double expected = expected_result(problem)[0], got = run_kernel(*fastest(problem), problem)[0];
        ASSERT_NEAR(got, expected, 6e-7 * std::fabs(expected)) << op << "(" << value << ")";
      }
    }
  }
}

}  // namespace
}  // namespace signxai::cpu
