// matmul: by hand, against a second formulation over all transpositions and leading shapes, and by differences.
#include <gtest/gtest.h>

#include <utility>

#include "graph/op.h"
#include "graph/rewrite.h"
#include "signxai/error.h"
#include "support/op_case.h"

namespace signxai::test {
namespace {

using graph::kOpen;
using graph::Sign;

Attrs flags(bool transpose_a, bool transpose_b) {
  return {{"transpose_a", std::int64_t{transpose_a}}, {"transpose_b", std::int64_t{transpose_b}}};
}

struct Problem {
  Shape leading_a, leading_b;
  bool ta, tb;
  Array a, b;
};

/// Leading shapes of dense layers, of attention, and broadcast ones, with each way to transpose.
std::vector<Problem> problems(std::mt19937& random) {
  const std::vector<std::pair<Shape, Shape>> leading = {{{}, {}},   {{4}, {}},        {{2, 3}, {}},  {{}, {3}},
                                                        {{3}, {3}}, {{2, 3}, {2, 3}}, {{2, 1}, {3}}, {{1, 3}, {2, 1}}};
  std::vector<Problem> all;
  for (const auto& [la, lb] : leading) {
    for (int t = 0; t < 4; ++t) {
      Problem p{la, lb, t % 2 == 1, t >= 2, {}, {}};
      Shape a = la, b = lb;
      a.insert(a.end(), {p.ta ? 3 : 2, p.ta ? 2 : 3});
      b.insert(b.end(), {p.tb ? 4 : 3, p.tb ? 3 : 4});
      p.a = random_array(a, random), p.b = random_array(b, random);
      all.push_back(std::move(p));
    }
  }
  return all;
}

/// The matrix of `x` that belongs to leading index `index` of `leading` (right-aligned, 1 repeats).
std::size_t matrix_at(const Array& x, const Shape& leading, std::size_t index) {
  std::size_t offset = 0, scale = 1;
  for (std::size_t d = 0; d < leading.size(); ++d) {
    const std::size_t extent = static_cast<std::size_t>(leading[leading.size() - 1 - d]), own_rank = x.shape.size() - 2;
    const std::size_t at = index % extent;
    index /= extent;
    if (d >= own_rank) continue;
    const auto own = static_cast<std::size_t>(x.shape[own_rank - 1 - d]);
    offset += (own == 1 ? 0 : at) * scale;
    scale *= own;
  }
  return offset;
}

double element(const Array& x, std::size_t matrix, std::size_t row, std::size_t column, bool transposed) {
  const auto rows = static_cast<std::size_t>(x.shape[x.shape.size() - 2]),
             columns = static_cast<std::size_t>(x.shape.back());
  if (transposed) std::swap(row, column);
  return x.data[(matrix * rows + row) * columns + column];
}

Array slow_matmul(const Problem& p, const Shape& shape) {
  Array y(shape);
  const Shape leading(shape.begin(), shape.end() - 2);
  for (std::size_t i = 0; i < y.data.size(); ++i) {
    const std::size_t matrix = i / 8, row = i / 4 % 2, column = i % 4;
    for (std::size_t k = 0; k < 3; ++k) {
      y.data[i] += element(p.a, matrix_at(p.a, leading, matrix), row, k, p.ta) *
                   element(p.b, matrix_at(p.b, leading, matrix), k, column, p.tb);
    }
  }
  return y;
}

TEST(Matmul, ByHand) {
  const Array a = array({2, 2}, {1, 2, 3, 4}), b = array({2, 2}, {5, 6, 7, 8});
  expect_equal(run_op("matmul", {a, b}), array({2, 2}, {19, 22, 43, 50}));
  expect_equal(run_op("matmul", {a, b}, flags(true, false)), array({2, 2}, {26, 30, 38, 44}));
  expect_equal(run_op("matmul", {a, b}, flags(false, true)), array({2, 2}, {17, 23, 39, 53}));
  expect_equal(run_op("matmul", {a, b}, flags(true, true)), array({2, 2}, {23, 31, 34, 46}));
}

TEST(Matmul, BiasAndActivation) {
  const Array a = array({1, 2}, {1, 2}), b = array({2, 2}, {1, -1, 1, -1}), bias = array({2}, {0.5, 0.25});
  expect_equal(run_op("matmul", {a, b, bias}), array({1, 2}, {3.5, -2.75}));
  expect_equal(run_op("matmul", {a, b, bias}, {{"activation", std::string("relu")}}), array({1, 2}, {3.5, 0}));
  // The transform of the weights leaves the other operands alone.
  const Array w = array({2, 2}, {2, -3, -1, 4}), x = array({1, 2}, {1, -2});
  expect_equal(run_op("matmul", {x, w}, {{"weights", std::string("positive")}}), array({1, 2}, {2, -8}));
  expect_equal(run_op("matmul", {x, w}, {{"weights", std::string("negative")}}), array({1, 2}, {2, -3}));
  expect_equal(run_op("matmul", {x, w}, {{"weights", std::string("squared")}}), array({1, 2}, {2, -23}));
}

TEST(Matmul, AgreesWithItsDefinition) {
  std::mt19937 random(1);
  for (const Problem& p : problems(random)) {
    SCOPED_TRACE(to_string(p.a.shape) + " " + to_string(p.b.shape));
    const Array y = run_op("matmul", {p.a, p.b}, flags(p.ta, p.tb));
    expect_equal(y, slow_matmul(p, y.shape));
  }
}

TEST(Matmul, Gradients) {
  std::mt19937 random(2);
  for (const Problem& p : problems(random)) {
    SCOPED_TRACE(to_string(p.a.shape) + " " + to_string(p.b.shape));
    expect_gradients("matmul", {p.a, p.b}, flags(p.ta, p.tb), {0, 1}, random);
  }
}

TEST(Matmul, DifferentiatesOpenBatches) {
  graph::Builder b;
  const auto x = b.input("x", {kOpen, 3}), w = b.input("w", {3, 2});
  const auto y = b.make("matmul", {x, w});
  const auto dx = graph::pull_back(b, y, y, {x})[0];
  EXPECT_EQ(b.shape(dx), (Shape{kOpen, 3}));
}

TEST(Matmul, Shapes) {
  EXPECT_EQ(infer_op("matmul", {{kOpen, kOpen, 3}, {3, 4}}), (Shape{kOpen, kOpen, 4}));
  EXPECT_EQ(infer_op("matmul", {{kOpen, 5, 3}, {2, 3, 4}}), (Shape{2, 5, 4}));
  EXPECT_NE(refusal("matmul", {{2, 3}, {4, 5}}).find("(2, 3) and (4, 5)"), std::string::npos);
  EXPECT_NE(refusal("matmul", {{3}, {3, 5}}).find("matrices"), std::string::npos);
  EXPECT_NE(refusal("matmul", {{2, 2, 3}, {4, 3, 5}}).find("broadcast"), std::string::npos);
  EXPECT_NE(refusal("matmul", {{2, 3}, {3, 5}, {3}}).find("bias"), std::string::npos);
  EXPECT_NE(refusal("matmul", {{2, 3}, {3, 5}}, {{"transpose_a", std::int64_t{2}}}).find("transpose_a"),
            std::string::npos);
  EXPECT_NE(refusal("matmul", {{1 << 21, 1}, {1, 1 << 21}}).find("absurd"), std::string::npos);
}

TEST(Matmul, Signs) {
  EXPECT_EQ(sign_of("matmul", {{1, 2}, {2, 2}}, {Sign::only_positive(), Sign::any()}), Sign::any());
  EXPECT_EQ(sign_of("matmul", {{1, 2}, {2, 2}}, {Sign::non_negative(), Sign::non_negative()}), Sign::non_negative());
}

}  // namespace
}  // namespace signxai::test
