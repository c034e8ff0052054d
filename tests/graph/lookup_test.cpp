// Ops that make or take indices.
#include <gtest/gtest.h>

#include <cmath>

#include "graph/op.h"
#include "support/op_case.h"

namespace signxai::test {
namespace {

using graph::kOpen;

TEST(Argmax, FirstMaximumWins) {
  const Array x = array({2, 3}, {1, 5, 5, -1, -3, -1});
  expect_equal(run_op("argmax", {x}, {{"axis", std::int64_t{1}}}), array({2}, {1, 0}));
  expect_equal(run_op("argmax", {x}, {{"axis", std::int64_t{0}}}), array({3}, {0, 0, 0}));
  expect_equal(run_op("argmax", {array({3}, {1, NAN, 7})}, {{"axis", std::int64_t{0}}}), array({}, {1}));
}

TEST(Argmax, InnerAxes) {
  const Array x = array({2, 2, 3}, {0, 9, 2, 3, 4, 5, 6, 7, 8, 1, 10, 11});
  expect_equal(run_op("argmax", {x}, {{"axis", std::int64_t{1}}}), array({2, 3}, {1, 0, 1, 0, 1, 1}));
  EXPECT_EQ(infer_op("argmax", {{kOpen, 10}}, {{"axis", std::int64_t{1}}}), Shape{kOpen});
  EXPECT_FALSE(refusal("argmax", {{2, 3}}, {{"axis", std::int64_t{2}}}).empty());
  EXPECT_FALSE(refusal("argmax", {{2, 0}}, {{"axis", std::int64_t{1}}}).empty());
}

TEST(OneHot, IndicesOutOfRangeSelectNothing) {
  const Attrs depth{{"depth", std::int64_t{3}}};
  expect_equal(run_op("one_hot", {array({2}, {2, 0})}, depth), array({2, 3}, {0, 0, 1, 1, 0, 0}));
  for (double bad : {-1.0, 3.0, 1e300, -1e300, double(INFINITY), double(NAN)}) {
    expect_equal(run_op("one_hot", {array({1}, {bad})}, depth), Array({1, 3}));
  }
  EXPECT_EQ(infer_op("one_hot", {{kOpen}}, depth), (Shape{kOpen, 3}));
  EXPECT_FALSE(refusal("one_hot", {{2}}, {{"depth", std::int64_t{0}}}).empty());
  EXPECT_NE(refusal("one_hot", {{2}}, {{"depth", std::int64_t{1} << 40}}).find("absurd"), std::string::npos);
}

TEST(Gather, TakesRows) {
  const Array table = array({3, 2}, {1, 2, 3, 4, 5, 6});
  expect_equal(run_op("gather", {table, array({2, 2}, {2, 0, 1, 2})}), array({2, 2, 2}, {5, 6, 1, 2, 3, 4, 5, 6}));
  expect_equal(run_op("gather", {array({3}, {7, 8, 9}), array({2}, {1, 2})}), array({2}, {8, 9}));
  for (double bad : {-1.0, 3.0, 1e300, double(NAN)}) {
    expect_equal(run_op("gather", {table, array({1}, {bad})}), Array({1, 2}));
  }
}

TEST(Gather, Shapes) {
  EXPECT_EQ(infer_op("gather", {{1000, 16}, {kOpen, kOpen}}), (Shape{kOpen, kOpen, 16}));
  EXPECT_FALSE(refusal("gather", {{}, {2}}).empty());
  EXPECT_NE(refusal("gather", {{2, 1 << 21}, {1 << 21}}).find("absurd"), std::string::npos);
}

TEST(Lookup, HasNoDerivative) {
  for (const char* op : {"argmax", "one_hot", "gather"}) EXPECT_EQ(graph::find_op(op).pull_back, nullptr) << op;
}

}  // namespace
}  // namespace signxai::test
