// scan and get: forward against unrolled graphs, pull-back against central differences, binding of open extents.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "backends/reference/evaluate.h"
#include "graph/bind.h"
#include "graph/rewrite.h"
#include "graph/text.h"
#include "graph/verify.h"
#include "signxai/error.h"
#include "support/op_case.h"

namespace signxai::graph {
namespace {

using test::random_array;
using testing::HasSubstr;

constexpr const char* kLstm = R"(
%x = input "x" : f32[?,?,3]
%h = input "h" : f32[?,2]
%c = input "c" : f32[?,2]
%w = input "w" : f32[3,8]
%u = input "u" : f32[2,8]
%b = input "b" : f32[8]
%lstm = scan %h %c %x %w %u %b {carries=2, sequences=1}
  body {
    %h = input "h" : f32[?,2]
    %c = input "c" : f32[?,2]
    %x = input "x" : f32[?,3]
    %w = input "w" : f32[3,8]
    %u = input "u" : f32[2,8]
    %b = input "b" : f32[8]
    %wx = matmul %x %w
    %uh = matmul %h %u
    %s = add %wx %uh
    %z = add %s %b
    %zi = slice %z {begin=[0,0], end=[end,2]}
    %zf = slice %z {begin=[0,2], end=[end,4]}
    %zg = slice %z {begin=[0,4], end=[end,6]}
    %zo = slice %z {begin=[0,6], end=[end,8]}
    %i = sigmoid %zi
    %f = sigmoid %zf
    %g = tanh %zg
    %o = sigmoid %zo
    %fc = mul %f %c
    %ig = mul %i %g
    %c1 = add %fc %ig
    %t = tanh %c1
    %h1 = mul %o %t
    output "h" %h1
    output "c" %c1
    output "sequence" %h1
  }
%hT = get %lstm {index=0}
%cT = get %lstm {index=1}
%sequence = get %lstm {index=2}
output "h" %hT
output "c" %cT
output "sequence" %sequence
)";

std::vector<Array> random_inputs(const std::vector<Shape>& shapes, std::mt19937& random) {
  std::vector<Array> arrays;
  for (const Shape& shape : shapes) arrays.push_back(random_array(shape, random));
  return arrays;
}

const std::vector<Shape> kLstmShapes = {{2, 4, 3}, {2, 2}, {2, 2}, {3, 8}, {2, 8}, {8}};

/// sum over the outputs of <output, cotangent>
double loss(const Graph& graph, const std::vector<Array>& inputs, const std::vector<Array>& cotangents) {
  const auto outputs = reference::evaluate(graph, inputs);
  double sum = 0;
  for (std::size_t i = 0; i < outputs.size(); ++i) sum += test::dot(outputs[i], cotangents[i]);
  return sum;
}

/// Pulls constants back from all outputs of a bound graph to all its inputs.
Graph differentiate(const Graph& graph, const std::vector<Array>& cotangents) {
  Builder b(graph);
  b.clear_outputs();
  std::vector<std::pair<Value, Value>> seeds;
  for (std::size_t i = 0; i < cotangents.size(); ++i) {
    const Tensor t = reference::to_tensor(cotangents[i]);
    seeds.emplace_back(graph.outputs()[i].value, b.constant(Literal(t.shape, t.data)));
  }
  const auto gradients = pull_back(b, seeds, graph.inputs());
  for (std::size_t i = 0; i < gradients.size(); ++i) b.output("d" + std::to_string(i), gradients[i]);
  Graph made = b.take();
  verify(made);
  return made;
}

void expect_gradients_of(const Graph& graph, std::vector<Array> inputs, std::mt19937& random) {
  std::vector<Array> cotangents;
  for (const Output& out : graph.outputs()) {
    cotangents.push_back(random_array(graph.type(out.value).shape, random));
    for (double& v : cotangents.back().data) v = static_cast<float>(v);
  }
  const auto gradients = reference::evaluate(differentiate(graph, cotangents), inputs);
  const double h = 1e-5;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    ASSERT_EQ(gradients[i].shape, inputs[i].shape);
    for (std::size_t k = 0; k < inputs[i].data.size(); ++k) {
      const double kept = inputs[i].data[k];
      inputs[i].data[k] = kept + h;
      const double above = loss(graph, inputs, cotangents);
      inputs[i].data[k] = kept - h;
      const double below = loss(graph, inputs, cotangents);
      inputs[i].data[k] = kept;
      EXPECT_NEAR(gradients[i].data[k], (above - below) / (2 * h), 1e-6) << "input " << i << ", element " << k;
    }
  }
}

int count_ops(const Graph& graph, std::string_view op) {
  return static_cast<int>(
      std::count_if(graph.nodes().begin(), graph.nodes().end(), [&](const Node& n) { return n.is(op); }));
}

std::string refusal_of(const std::string& text) {
  try {
    from_text(text);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Scan, SumsByHand) {
  for (const bool reverse : {false, true}) {
    const Graph g = from_text(R"(
%init = input "init" : f32[1]
%x = input "x" : f32[1,3]
%s = scan %init %x {carries=1, sequences=1, reverse=)" +
                              std::string(reverse ? "1" : "0") + R"(}
  body {
    %a = input "a" : f32[1]
    %x = input "x" : f32[1]
    %two = const 2 : f32[]
    %aa = mul %a %two
    %y = add %aa %x
    output "a" %y
    output "y" %y
  }
%last = get %s {index=0}
%all = get %s {index=1}
output "last" %last
output "all" %all
)");
    verify(g);
    const auto out = reference::evaluate(g, std::vector<Array>{test::array({1}, {1}), test::array({1, 3}, {1, 2, 4})});
    if (reverse) {
      test::expect_equal(out[0], test::array({1}, {8 + 16 + 4 + 1}));
      test::expect_equal(out[1], test::array({1, 3}, {29, 14, 6}));
    } else {
      test::expect_equal(out[0], test::array({1}, {8 + 4 + 4 + 4}));
      test::expect_equal(out[1], test::array({1, 3}, {3, 8, 20}));
    }
  }
}

TEST(Scan, NoStepsGiveTheFirstCarry) {
  const Graph g = from_text(kLstm);
  std::mt19937 random(1);
  auto shapes = kLstmShapes;
  shapes[0][1] = 0;
  const auto inputs = random_inputs(shapes, random);
  const auto out = reference::evaluate(g, inputs);
  test::expect_equal(out[0], inputs[1]);
  EXPECT_EQ(out[2].shape, (Shape{2, 0, 2}));
}

TEST(Scan, SplitRunsAgreeWithOneRun) {
  const Graph g = from_text(kLstm);
  std::mt19937 random(2);
  auto inputs = random_inputs({{1, 5, 3}, {1, 2}, {1, 2}, {3, 8}, {2, 8}, {8}}, random);
  const auto whole = reference::evaluate(g, inputs);
  auto first = inputs, second = inputs;
  first[0] = test::array({1, 2, 3}, {inputs[0].data.begin(), inputs[0].data.begin() + 6});
  second[0] = test::array({1, 3, 3}, {inputs[0].data.begin() + 6, inputs[0].data.end()});
  const auto half = reference::evaluate(g, first);
  second[1] = half[0], second[2] = half[1];
  const auto rest = reference::evaluate(g, second);
  test::expect_equal(rest[0], whole[0]);
  test::expect_equal(rest[1], whole[1]);
}

TEST(Scan, BindingFollowsIntoTheRegion) {
  const Graph open = from_text(kLstm);
  const Graph bound = bind_inputs(open, kLstmShapes);
  verify(open);
  verify(bound);
  const Node& scan = bound[bound[bound.outputs()[0].value].inputs[0]];
  EXPECT_EQ(to_string(scan.type), "(f32[2,2], f32[2,2], f32[2,4,2])");
  for (const Node& node : scan.attrs.region("body").nodes()) EXPECT_TRUE(node.type.is_bound());
}

TEST(Scan, LstmGradients) {
  std::mt19937 random(3);
  for (const char* direction : {"carries=2, sequences=1", "carries=2, sequences=1, reverse=1"}) {
    std::string text = kLstm;
    text.replace(text.find("carries=2, sequences=1"), 22, direction);
    const Graph graph = bind_inputs(from_text(text), kLstmShapes);
    expect_gradients_of(graph, random_inputs(kLstmShapes, random), random);
  }
}

TEST(Scan, PullBackIsAScanTheOtherWayAndNotUnrolled) {
  auto shapes = kLstmShapes;
  shapes[0][1] = 2000;
  const Graph graph = bind_inputs(from_text(kLstm), shapes);
  Builder b(graph);
  const Value out = graph.outputs()[0].value;
  const Value gradient = pull_back(b, out, b.broadcast(b.constant(1.0), {2, 2}), {graph.inputs()[0]})[0];
  ASSERT_TRUE(gradient);
  const Node back = b[b[gradient].inputs[0]];
  EXPECT_EQ(back.attrs.integer("reverse"), 1);
  EXPECT_LT(b.graph().size(), graph.size() + 20);
  EXPECT_EQ(count_ops(b.graph(), "scan"), 3);  // forward, forward with saved carries, backward
}

TEST(Scan, PullBackOfALinearStepSavesNothing) {
  const Graph graph = from_text(R"(
%init = input "init" : f32[2,3]
%x = input "x" : f32[2,4,3]
%w = const [1, 2, 3] : f32[3]
%s = scan %init %x %w {carries=1, sequences=1}
  body {
    %a = input "a" : f32[2,3]
    %x = input "x" : f32[2,3]
    %w = input "w" : f32[3]
    %xw = mul %x %w
    %y = sub %a %xw
    output "a" %y
  }
%last = get %s {index=0}
output "last" %last
)");
  std::mt19937 random(4);
  expect_gradients_of(graph, random_inputs({{2, 3}, {2, 4, 3}}, random), random);
  Builder b(graph);
  pull_back(b, graph.outputs()[0].value, b.broadcast(b.constant(1.0), {2, 3}), graph.inputs());
  EXPECT_EQ(count_ops(b.graph(), "scan"), 2);
}

TEST(Scan, SecondOrderGradients) {
  const Graph forward = from_text(R"(
%init = input "init" : f32[2]
%x = input "x" : f32[2,3]
%k = input "k" : f32[]
%s = scan %init %x %k {carries=1, sequences=1}
  body {
    %a = input "a" : f32[2]
    %x = input "x" : f32[2]
    %k = input "k" : f32[]
    %ak = mul %a %k
    %p = mul %ak %x
    %y = tanh %p
    output "a" %y
    output "y" %y
  }
%last = get %s {index=0}
%all = get %s {index=1}
output "last" %last
output "all" %all
)");
  std::mt19937 random(5);
  const auto inputs = random_inputs({{2}, {2, 3}, {}}, random);
  expect_gradients_of(forward, inputs, random);
  const Graph gradient = differentiate(forward, {test::array({2}, {1, -0.5}), test::array({2, 3}, {1, 2, 3, 4, 5, 6})});
  expect_gradients_of(gradient, inputs, random);
}

TEST(Scan, ScalarCarries) {
  const Graph graph = from_text(R"(
%init = input "init" : f32[]
%x = input "x" : f32[2,3]
%s = scan %init %x {carries=1, sequences=1}
  body {
    %a = input "a" : f32[]
    %x = input "x" : f32[2]
    %m = mul %x %a
    %y = reduce_sum %m {axes=[0]}
    output "a" %y
  }
%last = get %s {index=0}
output "last" %last
)");
  std::mt19937 random(6);
  expect_gradients_of(graph, random_inputs({{}, {2, 3}}, random), random);
}

TEST(Scan, Refusals) {
  const std::string head = "%a = input \"a\" : f32[2]\n%x = input \"x\" : f32[2,3]\n";
  const std::string body =
      "\n  body {\n    %a = input \"a\" : f32[2]\n    %x = input \"x\" : f32[2]\n    %y = add %a %x\n"
      "    output \"y\" %y\n  }\n";
  const auto scan = [&](const std::string& operands) { return refusal_of(head + "%s = scan " + operands + body); };
  EXPECT_EQ(scan("%a %x {carries=1, sequences=1}"), "");
  EXPECT_THAT(scan("%a %x {carries=2, sequences=0}"), HasSubstr("at least one sequence"));
  EXPECT_THAT(scan("%a %x {carries=2, sequences=1}"), HasSubstr("got 2 operands"));
  EXPECT_THAT(scan("%x %a {carries=1, sequences=1}"), HasSubstr("needs a step axis 1"));
  EXPECT_THAT(scan("%a %x %x {carries=1, sequences=1}"), HasSubstr("region takes 2 inputs; got 3"));
  EXPECT_THAT(scan("%x %x {carries=1, sequences=1}"), HasSubstr("wrong shape"));
  EXPECT_THAT(scan("%a %x {carries=-1, sequences=1}"), HasSubstr("must not be negative"));
  EXPECT_THAT(refusal_of(head + "%g = get %a {index=0}"), HasSubstr("member 0 of f32[2]"));
}

TEST(Scan, RefusesACarryThatChangesItsShape) {
  EXPECT_THAT(refusal_of(R"(
%a = input "a" : f32[1]
%x = input "x" : f32[2,3]
%s = scan %a %x {carries=1, sequences=1}
  body {
    %a = input "a" : f32[1]
    %x = input "x" : f32[2]
    %y = add %a %x
    output "y" %y
  }
)"),
              HasSubstr("f32[1] before a step and f32[2] after it"));
}

}  // namespace
}  // namespace signxai::graph
