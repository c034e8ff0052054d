// The reference backend: inputs are checked and bound, intermediates are freed, results are right.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backends/reference/evaluate.h"
#include "graph/builder.h"
#include "graph/text.h"
#include "signxai/error.h"
#include "support/op_case.h"

namespace signxai::reference {
namespace {

using graph::Array;
using graph::Builder;
using graph::kOpen;
using graph::Value;
using testing::HasSubstr;

graph::Graph open_sum() {
  Builder b;
  const Value x = b.input("left", {kOpen, 3}), y = b.input("right", {kOpen, 3});
  b.output("sum", b.add(x, y));
  b.output("left", x);
  return b.take();
}

std::string refusal_of(const std::vector<Array>& inputs) {
  try {
    evaluate(open_sum(), inputs);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
    return error.what();
  }
  return "";
}

TEST(Reference, BindsOpenExtents) {
  const Array x = test::counting({2, 3});
  const auto out = evaluate(open_sum(), std::vector<Array>{x, x});
  ASSERT_EQ(out.size(), 2u);
  test::expect_equal(out[0], test::array({2, 3}, {0, 2, 4, 6, 8, 10}));
  test::expect_equal(out[1], x);
}

TEST(Reference, ChecksItsInputs) {
  const Array x = test::counting({2, 3});
  Array broken = x;
  broken.data.pop_back();
  EXPECT_THAT(refusal_of({x}), HasSubstr("got 1 inputs, expected 2"));
  EXPECT_THAT(refusal_of({x, test::counting({2, 4})}),
              HasSubstr("right: input has the wrong shape; got (2, 4), expected (None, 3)"));
  EXPECT_THAT(refusal_of({x, test::counting({6})}), HasSubstr("right"));
  EXPECT_THAT(refusal_of({broken, x}), HasSubstr("got 5 elements, expected 6"));
  EXPECT_THAT(refusal_of({x, test::counting({4, 3})}), HasSubstr("do not broadcast"));
}

TEST(Reference, ComputesInDoublePrecision) {
  Builder b;
  const Value x = b.input("x", {1});
  b.output("y", b.sub(b.add(x, b.constant(1.0)), b.constant(1.0)));
  const graph::Graph graph = b.take();
  EXPECT_DOUBLE_EQ(evaluate(graph, std::vector<Array>{test::array({1}, {1e-12})})[0].data[0], (1e-12 + 1) - 1);
}

TEST(Reference, TakesFloatTensors) {
  const Tensor x({1, 3}, {1, 2, 3});
  const auto out = evaluate(open_sum(), std::vector<Tensor>{x, x});
  EXPECT_EQ(out[0].shape, (Shape{1, 3}));
  EXPECT_EQ(out[0].data, (std::vector<float>{2, 4, 6}));
}

TEST(Reference, OneValueMayBeSeveralOutputs) {
  Builder b;
  const Value y = b.relu(b.input("x", {2}));
  b.output("a", y);
  b.output("b", y);
  b.output("c", b.unary("neg", y));
  const auto out = evaluate(b.graph(), std::vector<Array>{test::array({2}, {-1, 3})});
  test::expect_equal(out[0], test::array({2}, {0, 3}));
  test::expect_equal(out[1], out[0]);
  test::expect_equal(out[2], test::array({2}, {0, -3}));
}

TEST(Reference, TuplesAreNoTensors) {
  const graph::Graph graph = graph::from_text(R"(
%a = input "a" : f32[1]
%x = input "x" : f32[1,2]
%s = scan %a %x {carries=1, sequences=1}
  body {
    %a = input "a" : f32[1]
    %x = input "x" : f32[1]
    %y = add %a %x
    output "y" %y
  }
output "s" %s
)");
  const Tensor a({1}, {1}), x({1, 2}, {2, 3});
  EXPECT_THROW(evaluate(graph, std::vector<Tensor>{a, x}), Error);
  const auto out = evaluate(graph, std::vector<Array>{to_array(a), to_array(x)});
  test::expect_equal(out[0].elements[0], test::array({1}, {6}));
}

}  // namespace
}  // namespace signxai::reference
