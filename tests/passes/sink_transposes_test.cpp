// sink_transposes: text in, text out, and the same numbers on the reference backend.
#include <gtest/gtest.h>

#include <random>

#include "backends/reference/evaluate.h"
#include "graph/bind.h"
#include "graph/text.h"
#include "graph/verify.h"
#include "passes/passes.h"
#include "support/op_case.h"

namespace signxai::passes {
namespace {

using graph::from_text;
using graph::to_text;

/// Inputs with random numbers; open extents become 2.
std::vector<graph::Array> inputs_of(const Graph& graph) {
  std::mt19937 random(7);
  std::vector<graph::Array> inputs;
  for (graph::Value input : graph.inputs()) {
    Shape shape = graph.type(input).shape;
    for (auto& extent : shape) extent = extent == graph::kOpen ? 2 : extent;
    inputs.push_back(test::random_array(shape, random));
  }
  return inputs;
}

/// Checks the pass on `before`: same results, and the text of `after` (types inferred).
void expect_sunk(const std::string& before, const std::string& after) {
  const Graph graph = from_text(before);
  const Graph sunk = sink_transposes(graph);
  graph::verify(sunk);
  EXPECT_EQ(to_text(sunk), to_text(from_text(after)));
  const auto inputs = inputs_of(graph);
  const auto expected = reference::evaluate(graph, inputs), got = reference::evaluate(sunk, inputs);
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) test::expect_equal(got[i], expected[i]);
}

TEST(SinkTransposes, CancelsInversePairs) {
  expect_sunk(R"(
%x = input "x" : f32[?,3,4,5]
%a = transpose %x {perm=[0,2,3,1]}
%b = relu %a
%c = transpose %b {perm=[0,3,1,2]}
output "y" %c
)",
              R"(
%x = input "x" : f32[?,3,4,5]
%y = relu %x
output "y" %y
)");
}

TEST(SinkTransposes, ComposesWhatDoesNotCancel) {
  expect_sunk(R"(
%x = input "x" : f32[2,3,4]
%a = transpose %x {perm=[1,0,2]}
%b = transpose %a {perm=[0,2,1]}
output "y" %b
)",
              R"(
%x = input "x" : f32[2,3,4]
%y = transpose %x {perm=[1,2,0]}
output "y" %y
)");
}

TEST(SinkTransposes, ConstantsAreTransposedInstead) {
  expect_sunk(R"(
%x = input "x" : f32[?,2,3,4]
%a = transpose %x {perm=[0,3,1,2]}
%scale = const [1, 2, 3, 4] : f32[4,1,1]
%row = const [1, 2, 3] : f32[3]
%s = mul %a %scale
%r = add %s %row
%half = const 0.5 : f32[]
%h = mul %r %half
output "y" %h
)",
              R"(
%x = input "x" : f32[?,2,3,4]
%scale = const [1, 2, 3, 4] : f32[4,1,1]
%row = const [1, 2, 3] : f32[3]
%s1 = reshape %scale {shape=[1,4,1,1]}
%s2 = transpose %s1 {perm=[0,2,3,1]}
%s = mul %x %s2
%r1 = reshape %row {shape=[1,1,1,3]}
%r2 = transpose %r1 {perm=[0,2,3,1]}
%r = add %s %r2
%half = const 0.5 : f32[]
%h = mul %r %half
%y = transpose %h {perm=[0,3,1,2]}
output "y" %y
)");
}

TEST(SinkTransposes, ResidualsThatAreTransposedAlike) {
  expect_sunk(R"(
%x = input "x" : f32[?,2,3,4]
%z = input "z" : f32[?,2,3,4]
%a = transpose %x {perm=[0,3,1,2]}
%b = transpose %z {perm=[0,3,1,2]}
%c = select %a %b %a
%d = concat %c %a {axis=1}
%e = reverse %d {axis=3}
%f = transpose %e {perm=[0,2,3,1]}
output "y" %f
)",
              R"(
%x = input "x" : f32[?,2,3,4]
%z = input "z" : f32[?,2,3,4]
%c = select %x %z %x
%d = concat %c %x {axis=3}
%e = reverse %d {axis=2}
output "y" %e
)");
}

TEST(SinkTransposes, LeavesWhatWouldNotGain) {
  const std::string text = R"(
%x = input "x" : f32[?,2,3,4]
%z = input "z" : f32[?,4,2,3]
%a = transpose %x {perm=[0,3,1,2]}
%b = add %a %z
%c = reshape %b {shape=[0,-1]}
output "y" %c
)";
  expect_sunk(text, text);
}

TEST(SinkTransposes, PadsSlicesAndReductions) {
  expect_sunk(R"(
%x = input "x" : f32[?,5,6,4]
%a = transpose %x {perm=[0,3,1,2]}
%b = pad %a {pads=[0,0,0,1,2,3,4,5]}
%c = slice %b {begin=[0,1,2,3], end=[end,end,8,9], strides=[1,1,1,2]}
%d = reduce_max %c {axes=[3,1], keep_dims=1}
%e = reduce_mean %c {axes=[2,3]}
%f = argmax %c {axis=1}
output "kept" %d
output "dropped" %e
output "argmax" %f
)",
              R"(
%x = input "x" : f32[?,5,6,4]
%b = pad %x {pads=[0,0,2,3,4,5,0,1]}
%c = slice %b {begin=[0,2,3,1], end=[end,8,9,end], strides=[1,1,2,1]}
%d = reduce_max %c {axes=[2,3], keep_dims=1}
%d2 = transpose %d {perm=[0,3,1,2]}
%e = reduce_mean %c {axes=[1,2]}
%f = argmax %c {axis=3}
output "kept" %d2
output "dropped" %e
output "argmax" %f
)");
}

TEST(SinkTransposes, ReductionKeepsTheOrderOfTheRest) {
  expect_sunk(R"(
%x = input "x" : f32[2,3,4,5]
%a = transpose %x {perm=[3,1,2,0]}
%b = reduce_sum %a {axes=[1]}
output "y" %b
)",
              R"(
%x = input "x" : f32[2,3,4,5]
%b = reduce_sum %x {axes=[1]}
%y = transpose %b {perm=[2,1,0]}
output "y" %y
)");
}

TEST(SinkTransposes, SmallOperandsOfSqueezeAndExcite) {
  expect_sunk(R"(
%x = input "x" : f32[?,4,5,3]
%a = transpose %x {perm=[0,3,1,2]}
%m = reduce_mean %a {axes=[2,3]}
%s = sigmoid %m
%r = reshape %s {shape=[0,3,1,1]}
%p = mul %a %r
%y = transpose %p {perm=[0,2,3,1]}
output "y" %y
)",
              R"(
%x = input "x" : f32[?,4,5,3]
%m = reduce_mean %x {axes=[1,2]}
%s = sigmoid %m
%r = reshape %s {shape=[0,3,1,1]}
%t = transpose %r {perm=[0,2,3,1]}
%p = mul %x %t
output "y" %p
)");
}

TEST(SinkTransposes, ReshapeIgnoresWhatMovesNothing) {
  expect_sunk(R"(
%x = input "x" : f32[?,1,1,3]
%a = transpose %x {perm=[0,3,1,2]}
%b = reshape %a {shape=[0,3]}
%c = reshape %a {shape=[0,0,-1]}
output "b" %b
output "c" %c
)",
              R"(
%x = input "x" : f32[?,1,1,3]
%b = reshape %x {shape=[0,3]}
%c = reshape %x {shape=[0,3,-1]}
output "b" %b
output "c" %c
)");
}

TEST(SinkTransposes, RisesAboveBroadcasts) {
  expect_sunk(R"(
%x = input "x" : f32[2,3]
%a = reshape %x {shape=[0,3,1,1]}
%b = broadcast %a {shape=[0,0,4,5]}
%c = transpose %b {perm=[0,2,3,1]}
%one = const 1 : f32[]
%ones = broadcast %one {shape=[2,3,4,5]}
%d = transpose %ones {perm=[0,2,3,1]}
%y = add %c %d
output "y" %y
)",
              R"(
%x = input "x" : f32[2,3]
%a = reshape %x {shape=[0,3,1,1]}
%t = transpose %a {perm=[0,2,3,1]}
%c = broadcast %t {shape=[0,4,5,0]}
%one = const 1 : f32[]
%d = broadcast %one {shape=[2,4,5,3]}
%y = add %c %d
output "y" %y
)");
}

TEST(SinkTransposes, MatmulReadsEitherWay) {
  expect_sunk(R"(
%q = input "q" : f32[2,4,8]
%k = input "k" : f32[2,5,8]
%kt = transpose %k {perm=[0,2,1]}
%scores = matmul %q %kt
%st = transpose %scores {perm=[0,2,1]}
%y = matmul %st %q {transpose_a=0}
output "y" %y
)",
              R"(
%q = input "q" : f32[2,4,8]
%k = input "k" : f32[2,5,8]
%scores = matmul %q %k {transpose_b=1}
%y = matmul %scores %q {transpose_a=1}
output "y" %y
)");
}

}  // namespace
}  // namespace signxai::passes
