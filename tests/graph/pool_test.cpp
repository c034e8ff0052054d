// max_pool, avg_pool and their pull-backs: by hand, against a second formulation, and by differences.
#include <gtest/gtest.h>

#include <cmath>

#include "graph/op.h"
#include "graph/rewrite.h"
#include "signxai/error.h"
#include "support/window_case.h"

namespace signxai::test {
namespace {

using graph::kOpen;
using graph::Sign;

Attrs pool(Ints window, Ints strides, std::string padding) {
  return {{"window", std::move(window)}, {"strides", std::move(strides)}, {"padding", std::move(padding)}};
}

/// Flat positions (without channels) of the valid cells of every window, straight from the definition.
std::vector<std::vector<std::int64_t>> window_members(const WindowCase& c) {
  const std::size_t rank = c.window.size();
  std::int64_t cells = 1, positions = 1;
  for (std::size_t d = 0; d < rank; ++d) cells *= c.out(d), positions *= c.extents[d];
  std::vector<std::vector<std::int64_t>> members(static_cast<std::size_t>(cells));
  for (std::int64_t cell = 0; cell < cells; ++cell) {
    for (std::int64_t position = 0; position < positions; ++position) {
      std::int64_t o = cell, p = position;
      bool inside = true;
      for (std::size_t d = rank; d-- > 0; o /= c.out(d), p /= c.extents[d]) {
        const std::int64_t offset = p % c.extents[d] - (o % c.out(d) * c.strides[d] - c.pad_before(d));
        inside = inside && offset >= 0 && offset < c.window[d];
      }
      if (inside) members[static_cast<std::size_t>(cell)].push_back(position);
    }
  }
  return members;
}

struct Problem {
  WindowCase window;
  Array x, y;  // y of the pooled shape, all zero
  std::vector<std::vector<std::int64_t>> members;

  std::size_t x_at(std::size_t n, std::int64_t position, std::size_t c) const {
    const std::size_t cells = x.data.size() / static_cast<std::size_t>(x.shape[0] * x.shape.back());
    return (n * cells + static_cast<std::size_t>(position)) * static_cast<std::size_t>(x.shape.back()) + c;
  }
  /// visit(element of y, batch index, channel, valid positions)
  template <typename Visit>
  void for_each(Visit&& visit) const {
    const auto channels = static_cast<std::size_t>(y.shape.back());
    for (std::size_t i = 0; i < y.data.size(); ++i) {
      const std::size_t cell = i / channels;
      visit(i, cell / members.size(), i % channels, members[cell % members.size()]);
    }
  }
};

Problem random_problem(int seed) {
  std::mt19937 random(static_cast<unsigned>(seed));
  const std::size_t rank = 1 + static_cast<std::size_t>(seed) % 3;
  Problem p{random_window(rank, seed % 2 ? "same" : "valid", false, random), {}, {}, {}};
  Shape x{2}, y{2};
  for (std::size_t d = 0; d < rank; ++d) x.push_back(p.window.extents[d]), y.push_back(p.window.out(d));
  x.push_back(2), y.push_back(2);
  p.x = shuffled_array(x, random);
  p.y = Array(y);
  p.members = window_members(p.window);
  return p;
}

TEST(MaxPool, ByHand) {
  const Array x = array({1, 3, 3, 1}, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  expect_equal(run_op("max_pool", {x}, pool({2, 2}, {2, 2}, "valid")), array({1, 1, 1, 1}, {5}));
  expect_equal(run_op("max_pool", {x}, pool({2, 2}, {2, 2}, "same")), array({1, 2, 2, 1}, {5, 6, 8, 9}));
}

TEST(MaxPool, PaddingNeverWins) {
  const Array x = array({1, 3, 1}, {-3, -2, -1});
  expect_equal(run_op("max_pool", {x}, pool({3}, {1}, "same")), array({1, 3, 1}, {-2, -1, -1}));
  const Array lowest = array({1, 1, 1}, {-INFINITY});
  EXPECT_EQ(run_op("max_pool", {lowest}, pool({3}, {1}, "same")).data[0], -INFINITY);
}

TEST(MaxPool, NanStaysVisible) {
  const Array x = array({1, 4, 1}, {1, NAN, 2, 3});
  const Array y = run_op("max_pool", {x}, pool({2}, {2}, "valid"));
  EXPECT_TRUE(std::isnan(y.data[0]));
  EXPECT_EQ(y.data[1], 3);
}

TEST(MaxPool, FirstOfTheTiedTakesAll) {
  const Array x = array({1, 2, 2, 1}, {0, 7, 7, 7}), dy = array({1, 1, 1, 1}, {3});
  Attrs attrs = pool({2, 2}, {2, 2}, "valid");
  expect_equal(run_op("max_pool_backward", {x, dy}, attrs), array({1, 2, 2, 1}, {0, 3, 0, 0}));
  attrs.set("ties", std::string("all"));
  expect_equal(run_op("max_pool_backward", {x, dy}, attrs), array({1, 2, 2, 1}, {0, 3, 3, 3}));
}

TEST(MaxPool, OverlappingWindowsAddUp) {
  const Array x = array({1, 4, 1}, {1, 5, 5, 2}), dy = array({1, 3, 1}, {1, 10, 100});
  Attrs attrs = pool({2}, {1}, "valid");
  expect_equal(run_op("max_pool_backward", {x, dy}, attrs), array({1, 4, 1}, {0, 11, 100, 0}));
  attrs.set("ties", std::string("all"));
  expect_equal(run_op("max_pool_backward", {x, dy}, attrs), array({1, 4, 1}, {0, 11, 110, 0}));
}

TEST(MaxPool, AgreesWithItsDefinition) {
  for (int seed = 0; seed < 60; ++seed) {
    Problem p = random_problem(seed);
    SCOPED_TRACE(p.window.text());
    p.for_each([&](std::size_t i, std::size_t n, std::size_t c, const auto& members) {
      p.y.data[i] = -1e9;
      for (auto position : members) p.y.data[i] = std::max(p.y.data[i], p.x.data[p.x_at(n, position, c)]);
    });
    expect_equal(run_op("max_pool", {p.x}, p.window.pool_attrs()), p.y);
  }
}

TEST(MaxPool, BackwardAgreesWithItsDefinitionOnTies) {
  for (int seed = 0; seed < 60; ++seed) {
    Problem p = random_problem(seed);
    SCOPED_TRACE(p.window.text());
    std::mt19937 random(static_cast<unsigned>(seed));
    for (double& v : p.x.data) v = std::floor(std::fmod(std::fabs(v) * 10, 3));  // many ties
    const Array dy = random_array(p.y.shape, random);
    Array first(p.x.shape), all(p.x.shape);
    p.for_each([&](std::size_t i, std::size_t n, std::size_t c, const auto& members) {
      double top = -1;
      for (auto position : members) top = std::max(top, p.x.data[p.x_at(n, position, c)]);
      bool taken = false;
      for (auto position : members) {
        const std::size_t at = p.x_at(n, position, c);
        if (p.x.data[at] != top) continue;
        if (!taken) first.data[at] += dy.data[i];
        all.data[at] += dy.data[i];
        taken = true;
      }
    });
    Attrs attrs = p.window.pool_attrs();
    expect_equal(run_op("max_pool_backward", {p.x, dy}, attrs), first);
    attrs.set("ties", std::string("all"));
    expect_equal(run_op("max_pool_backward", {p.x, dy}, attrs), all);
  }
}

TEST(MaxPool, Gradients) {
  std::mt19937 random(7);
  for (int seed = 0; seed < 12; ++seed) {
    const Problem p = random_problem(seed);
    SCOPED_TRACE(p.window.text());
    Attrs attrs = p.window.pool_attrs();
    attrs.set("ties", std::string(seed % 2 ? "all" : "first"));
    expect_gradients("max_pool", {p.x}, attrs, {0}, random);
  }
}

TEST(MaxPool, HasNoSecondDerivative) {
  graph::Builder b;
  const auto x = b.input("x", {1, 4, 1}), dy = b.input("dy", {1, 2, 1});
  const auto dx = b.make("max_pool_backward", {x, dy}, pool({2}, {2}, "valid"));
  EXPECT_FALSE(graph::pull_back(b, dx, dx, {x})[0]);
  EXPECT_THROW(graph::pull_back(b, dx, dx, {dy}), Error);
}

TEST(AvgPool, ByHand) {
  const Array x = array({1, 3, 3, 1}, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  expect_equal(run_op("avg_pool", {x}, pool({2, 2}, {2, 2}, "valid")), array({1, 1, 1, 1}, {3}));
  expect_equal(run_op("avg_pool", {x}, pool({2, 2}, {2, 2}, "same")), array({1, 2, 2, 1}, {3, 4.5, 7.5, 9}));
}

TEST(AvgPool, AgreesWithItsDefinition) {
  for (int seed = 0; seed < 60; ++seed) {
    Problem p = random_problem(seed);
    SCOPED_TRACE(p.window.text());
    p.for_each([&](std::size_t i, std::size_t n, std::size_t c, const auto& members) {
      for (auto position : members) p.y.data[i] += p.x.data[p.x_at(n, position, c)];
      p.y.data[i] /= static_cast<double>(members.size());
    });
    expect_equal(run_op("avg_pool", {p.x}, p.window.pool_attrs()), p.y, 1e-10);
  }
}

TEST(AvgPool, BackwardIsTheTranspose) {
  for (int seed = 0; seed < 60; ++seed) {
    const Problem p = random_problem(seed);
    SCOPED_TRACE(p.window.text());
    std::mt19937 random(static_cast<unsigned>(seed));
    const Array dy = random_array(p.y.shape, random);
    Attrs attrs = p.window.pool_attrs();
    const Array y = run_op("avg_pool", {p.x}, attrs);
    attrs.set("input_spatial", p.window.extents);
    EXPECT_NEAR(dot(y, dy), dot(p.x, run_op("avg_pool_backward", {dy}, attrs)), 1e-9);
  }
}

TEST(AvgPool, Gradients) {
  std::mt19937 random(8);
  for (int seed = 0; seed < 12; ++seed) {
    const Problem p = random_problem(seed);
    SCOPED_TRACE(p.window.text());
    Attrs attrs = p.window.pool_attrs();
    expect_gradients("avg_pool", {p.x}, attrs, {0}, random);
    attrs.set("input_spatial", p.window.extents);
    expect_gradients("avg_pool_backward", {random_array(p.y.shape, random)}, attrs, {0}, random);
  }
}

TEST(Pool, OpenExtents) {
  for (const char* op : {"max_pool", "avg_pool"}) {
    EXPECT_EQ(infer_op(op, {{kOpen, kOpen, 7, 3}}, pool({2, 2}, {2, 2}, "same")), (Shape{kOpen, kOpen, 4, 3}));
  }
  EXPECT_EQ(infer_op("max_pool_backward", {{kOpen, 7, 3}, {kOpen, kOpen, 3}}, pool({2}, {2}, "same")),
            (Shape{kOpen, 7, 3}));
  Attrs attrs = pool({2}, {2}, "valid");
  attrs.set("input_spatial", Ints{7});
  EXPECT_EQ(infer_op("avg_pool_backward", {{kOpen, 3, 4}}, attrs), (Shape{kOpen, 7, 4}));
}

TEST(Pool, Refusals) {
  EXPECT_NE(refusal("max_pool", {{1, 8, 3}}, pool({2, 2}, {2, 2}, "same")).find("(1, 8, 3)"), std::string::npos);
  EXPECT_NE(refusal("avg_pool", {{1, 1, 3}}, pool({2}, {2}, "valid")).find("does not fit"), std::string::npos);
  EXPECT_NE(refusal("avg_pool", {{1, 4, 3}}, pool({2}, {2}, "explicit")).find("pads"), std::string::npos);
  Attrs wide = pool({2}, {2}, "explicit");
  wide.set("pads", Ints{0, 2});
  EXPECT_NE(refusal("max_pool", {{1, 4, 3}}, wide).find("in the padding altogether"), std::string::npos);
  EXPECT_NE(refusal("avg_pool", {{1, 3}}, pool({}, {}, "valid")).find("spatial"), std::string::npos);
  Attrs attrs = pool({2}, {2}, "valid");
  attrs.set("ties", std::string("last"));
  EXPECT_NE(refusal("max_pool", {{1, 4, 3}}, attrs).find("'last'"), std::string::npos);
  EXPECT_NE(refusal("max_pool_backward", {{1, 4, 3}, {1, 3, 3}}, pool({2}, {2}, "valid")).find("(1, 2, 3)"),
            std::string::npos);
  attrs = pool({2}, {2}, "valid");
  attrs.set("input_spatial", Ints{4});
  EXPECT_NE(refusal("avg_pool_backward", {{1, 3, 3}}, attrs).find("(None, 2, None)"), std::string::npos);
  EXPECT_NE(refusal("avg_pool_backward", {{}}, attrs).find("does not fit"), std::string::npos);
}

TEST(Pool, Signs) {
  const Attrs attrs = pool({2}, {2}, "valid");
  const Sign pos = Sign::only_positive(), negative{true, false, false};
  EXPECT_EQ(sign_of("max_pool", {{1, 4, 1}}, {pos}, attrs), pos);
  EXPECT_EQ(sign_of("avg_pool", {{1, 4, 1}}, {pos}, attrs), Sign::non_negative());
  EXPECT_EQ(sign_of("max_pool_backward", {{1, 4, 1}, {1, 2, 1}}, {pos, negative}, attrs), (Sign{true, true, false}));
}

}  // namespace
}  // namespace signxai::test
