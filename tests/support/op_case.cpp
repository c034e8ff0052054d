// Single primitives under test.
#include "support/op_case.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "backends/reference/evaluate.h"
#include "graph/rewrite.h"
#include "graph/verify.h"
#include "signxai/error.h"

namespace signxai::test {
namespace {

using graph::Builder;
using graph::Value;

std::vector<Value> make_inputs(Builder& builder, const std::vector<Shape>& shapes) {
  std::vector<Value> values;
  for (const Shape& shape : shapes) values.push_back(builder.input("x" + std::to_string(values.size()), shape));
  return values;
}

std::vector<Shape> shapes_of(const std::vector<Array>& arrays) {
  std::vector<Shape> shapes;
  for (const Array& a : arrays) shapes.push_back(a.shape);
  return shapes;
}

}  // namespace

Array array(Shape shape, std::vector<double> values) {
  Array result(std::move(shape));
  EXPECT_EQ(result.data.size(), values.size());
  result.data = std::move(values);
  return result;
}

Array counting(Shape shape) {
  Array result(std::move(shape));
  std::iota(result.data.begin(), result.data.end(), 0.0);
  return result;
}

Array random_array(Shape shape, std::mt19937& random) {
  Array result(std::move(shape));
  std::uniform_real_distribution<double> uniform(-1.0, 1.0);
  for (double& v : result.data) v = uniform(random);
  return result;
}

Array shuffled_array(Shape shape, std::mt19937& random) {
  Array result = counting(std::move(shape));
  for (double& v : result.data) v = 0.1 * (v - 0.5 * static_cast<double>(result.data.size()));
  std::shuffle(result.data.begin(), result.data.end(), random);
  return result;
}

double dot(const Array& a, const Array& b) {
  EXPECT_EQ(a.shape, b.shape);
  return std::inner_product(a.data.begin(), a.data.end(), b.data.begin(), 0.0);
}

Array run_op(const std::string& op, const std::vector<Array>& inputs, Attrs attrs) {
  Builder builder;
  builder.output("y", builder.make(op, make_inputs(builder, shapes_of(inputs)), std::move(attrs)));
  const graph::Graph graph = builder.take();
  graph::verify(graph);
  Array result = reference::evaluate(graph, inputs).at(0);
  EXPECT_EQ(result.shape, graph.type(graph.outputs()[0].value).shape);
  EXPECT_EQ(static_cast<std::int64_t>(result.data.size()), element_count(result.shape));
  return result;
}

Shape infer_op(const std::string& op, const std::vector<Shape>& inputs, Attrs attrs) {
  Builder builder;
  return builder.shape(builder.make(op, make_inputs(builder, inputs), std::move(attrs)));
}

std::string refusal(const std::string& op, const std::vector<Shape>& inputs, Attrs attrs) {
  try {
    infer_op(op, inputs, std::move(attrs));
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
    EXPECT_EQ(error.stage(), "graph");
    return error.message();
  }
  return {};
}

graph::Sign sign_of(const std::string& op, const std::vector<Shape>& shapes, const std::vector<graph::Sign>& signs,
                    Attrs attrs) {
  Builder builder;
  const Value value = builder.make(op, make_inputs(builder, shapes), std::move(attrs));
  const graph::Node node = builder[value];
  return node.op->sign ? node.op->sign(node, signs) : graph::Sign::any();
}

void expect_equal(const Array& got, const Array& expected, double tolerance) {
  ASSERT_EQ(got.shape, expected.shape);
  for (std::size_t i = 0; i < got.data.size(); ++i) {
    ASSERT_NEAR(got.data[i], expected.data[i], tolerance) << "element " << i << " of " << to_string(got.shape);
  }
}

void expect_gradients(const std::string& op, const std::vector<Array>& inputs, const Attrs& attrs,
                      const std::vector<std::size_t>& wrt, std::mt19937& random) {
  Builder builder;
  const std::vector<Value> values = make_inputs(builder, shapes_of(inputs));
  const Value result = builder.make(op, values, attrs);
  const Value cotangent = builder.input("cotangent", Shape(builder.shape(result)));
  std::vector<Value> sources;
  for (std::size_t i : wrt) sources.push_back(values[i]);
  const std::vector<Value> pulled = graph::pull_back(builder, result, cotangent, sources);
  for (std::size_t k = 0; k < wrt.size(); ++k) {
    ASSERT_TRUE(pulled[k]) << op << " gives no cotangent for input " << wrt[k];
    builder.output("d" + std::to_string(k), pulled[k]);
  }
  const graph::Graph graph = builder.take();
  graph::verify(graph);
  std::vector<Array> feeds = inputs;
  feeds.push_back(random_array(graph.type(cotangent).shape, random));
  const std::vector<Array> gradients = reference::evaluate(graph, feeds);
  constexpr double kStep = 1e-4;
  for (std::size_t k = 0; k < wrt.size(); ++k) {
    Array numeric(inputs[wrt[k]].shape);
    for (std::size_t i = 0; i < numeric.data.size(); ++i) {
      std::vector<Array> up = inputs, down = inputs;
      up[wrt[k]].data[i] += kStep;
      down[wrt[k]].data[i] -= kStep;
      numeric.data[i] =
          (dot(run_op(op, up, attrs), feeds.back()) - dot(run_op(op, down, attrs), feeds.back())) / (2 * kStep);
    }
    SCOPED_TRACE(op + ", cotangent of input " + std::to_string(wrt[k]));
    expect_equal(gradients[k], numeric, 1e-6);
  }
}

}  // namespace signxai::test
