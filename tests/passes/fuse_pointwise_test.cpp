// Sweeps that the pass makes: what joins them, what is computed again, what is stored; and the same numbers.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "passes/rewriting.h"

namespace signxai::passes {
namespace {

/// The graph of a text with sweeps, after its results are compared.
Graph fuse(const std::string& text) {
  const Graph graph = from_text(text);
  Graph fused = fuse_pointwise(graph, context());
  graph::verify(fused);
  expect_same_results(graph, fused);
  return fused;
}

/// How many nodes of that op there are outside of sweeps.
int count_of(const Graph& graph, std::string_view op) {
  int count = 0;
  for (const graph::Node& node : graph.nodes()) count += node.is(op) ? 1 : 0;
  return count;
}

TEST(FusePointwise, GathersAChainIntoOneSweep) {
  const Graph fused = fuse(R"(
%x = input "x" : f32[2,3]
%c = input "c" : f32[3]
%a = add %x %c
%b = relu %a
%d = mul %b %x
output "y" %d
)");
  ASSERT_EQ(fused.size(), 3);
  EXPECT_TRUE(fused[fused.outputs()[0].value].is("sweep"));
}

TEST(FusePointwise, KeepsAnOutputInTheMiddle) {
  const Graph fused = fuse(R"(
%x = input "x" : f32[2,3]
%a = relu %x
%b = neg %a
%c = exp %b
output "a" %a
output "c" %c
)");
  EXPECT_TRUE(fused[fused.outputs()[0].value].is("relu"));
}

// As with a batch normalization whose shifted input relevance needs too.
TEST(FusePointwise, ComputesAgainWhatIsCheap) {
  const Graph fused = fuse(R"(
%x = input "x" : f32[2,3]
%w = input "w" : f32[3,3]
%c = input "c" : f32[3]
%s = sub %x %c
%a = relu %s
%z = matmul %a %w
%b = mul %s %z
%d = mul %b %s
output "y" %d
)");
  EXPECT_EQ(count_of(fused, "sub"), 0);
  EXPECT_EQ(count_of(fused, "sweep"), 2);
}

TEST(FusePointwise, ComputesASigmoidAgainRatherThanKeepItBesideItsArgument) {
  const Graph fused = fuse(R"(
%x = input "x" : f32[2,3]
%w = input "w" : f32[3,3]
%e = sigmoid %x
%s = mul %x %e
%z = matmul %s %w
%d = mul %z %e
output "y" %d
)");
  EXPECT_EQ(count_of(fused, "sigmoid"), 0);
  EXPECT_EQ(count_of(fused, "sweep"), 2);
}

/// The operands of the last sweep.
std::vector<std::string> read_last(const char* text) {
  const Graph fused = fuse(text);
  std::vector<std::string> ops;
  for (const graph::Value in : fused[fused.outputs().front().value].inputs) ops.emplace_back(fused[in].op->name);
  return ops;
}

// max(z, 0) is stored, because a product reads it; the sweep reads z anyway.
TEST(FusePointwise, ComputesAgainWhatIsStoredWhereItsBaseIsRead) {
  EXPECT_EQ(read_last(R"(
%x = input "x" : f32[2,3]
%w = input "w" : f32[3,3]
%z = matmul %x %w
%a = relu %z
%u = matmul %a %w
%s = mul %a %u
%d = mul %s %z
output "y" %d
)"),
            (std::vector<std::string>{"matmul", "matmul"}));
}

TEST(FusePointwise, ReadsWhatIsStoredWhereItsBaseIsNot) {
  EXPECT_EQ(read_last(R"(
%x = input "x" : f32[2,3]
%w = input "w" : f32[3,3]
%z = matmul %x %w
%a = relu %z
%u = matmul %a %w
%s = mul %a %u
%d = mul %s %u
output "y" %d
)"),
            (std::vector<std::string>{"relu", "matmul"}));
}

TEST(FusePointwise, ReadsAStoredSigmoid) {
  EXPECT_EQ(read_last(R"(
%x = input "x" : f32[2,3]
%w = input "w" : f32[3,3]
%z = matmul %x %w
%a = sigmoid %z
%u = matmul %a %w
%s = mul %a %u
%d = mul %s %z
output "y" %d
)"),
            (std::vector<std::string>{"sigmoid", "matmul", "matmul"}));
}

// As between the convolutions of a DenseNet, forward and back.
TEST(FusePointwise, ReadsJoinedArraysAndSlicesWhereTheyLie) {
  const Graph fused = fuse(R"(
%x = input "x" : f32[2,32]
%h = input "h" : f32[2,16]
%k = input "k" : f32[2,16]
%w = input "w" : f32[64,64]
%u = concat %x %h {axis=1}
%v = concat %u %k {axis=1}
%b = relu %u
%a = relu %v
%z = matmul %a %w
%d = mul %z %v
%p = slice %d {begin=[0,0], end=[end,48]}
%q = slice %d {begin=[0,48], end=[end,64]}
%e = add %p %b
%f = mul %q %k
output "e" %e
output "f" %f
)");
  EXPECT_EQ(count_of(fused, "concat") + count_of(fused, "slice"), 0);
  EXPECT_EQ(count_of(fused, "sweep"), 4);
}

// One array more would have to be put together for each.
TEST(FusePointwise, StoresJoinedArraysThatOthersReadAndNarrowOnes) {
  const Graph fused = fuse(R"(
%x = input "x" : f32[2,16]
%h = input "h" : f32[2,16]
%n = input "n" : f32[2,1]
%w = input "w" : f32[32,3]
%u = concat %x %h {axis=1}
%a = relu %u
%z = matmul %u %w
%v = concat %x %n {axis=1}
%b = relu %v
%r = concat %x %h {axis=0}
%c = relu %r
output "a" %a
output "z" %z
output "b" %b
output "c" %c
)");
  EXPECT_EQ(count_of(fused, "concat"), 3);
}

// An operation has at most 1024 operands.
TEST(FusePointwise, EndsSweepsThatSeeManyArrays) {
  std::string text;
  for (int i = 0; i < 400; ++i)
    text += "%x" + std::to_string(i) + " = input \"x" + std::to_string(i) + "\" : f32[1,16]\n";
  for (const int first : {0, 100, 200}) {
    text += "%c" + std::to_string(first) + " = concat";
    for (int i = first; i < first + 200; ++i) text += " %x" + std::to_string(i);
    text += " {axis=1}\n";
  }
  text += "%s = add %c0 %c100\n%t = mul %s %c200\noutput \"t\" %t\n";
  const Graph fused = fuse(text);
  EXPECT_EQ(count_of(fused, "concat"), 1);
  EXPECT_EQ(count_of(fused, "sweep"), 1);
}

// What a view shows is in memory: it cannot be computed anew, though its base is read.
TEST(FusePointwise, ReadsWhatAViewShows) {
  const Graph fused = fuse(R"(
%x = input "x" : f32[2,16]
%h = input "h" : f32[2,16]
%w = input "w" : f32[16,16]
%a = relu %x
%z = matmul %a %w
%u = concat %a %z {axis=1}
%v = concat %x %h {axis=1}
%d = mul %u %v
output "y" %d
)");
  EXPECT_EQ(count_of(fused, "concat"), 0);
}

TEST(FusePointwise, KeepsWhatIsExpensiveOrNeedsTwoArrays) {
  const Graph fused = fuse(R"(
%x = input "x" : f32[2,3]
%u = input "u" : f32[2,3]
%w = input "w" : f32[3,3]
%e = exp %x
%s = add %x %u
%p = mul %e %s
%z = matmul %p %w
%b = mul %s %z
%d = mul %b %e
output "y" %d
)");
  EXPECT_EQ(count_of(fused, "exp"), 1);
  EXPECT_EQ(count_of(fused, "add"), 1);
  EXPECT_EQ(count_of(fused, "mul"), 1);
  EXPECT_EQ(count_of(fused, "sweep"), 1);
}

// As with relevance between the two factors of a squeeze and excitation: r = k z, k = e c.
TEST(FusePointwise, ComputesAgainWhatNeedsOneArrayBesideThoseThatAreRead) {
  const Graph fused = fuse(R"(
%x = input "x" : f32[2,3]
%w = input "w" : f32[3,3]
%e = exp %x
%z = matmul %e %w
%r = mul %e %z
%q = mul %r %e
%m = matmul %q %w
%s = sub %e %m
%d = mul %r %s
output "y" %d
)");
  EXPECT_EQ(count_of(fused, "mul"), 0);
  EXPECT_EQ(count_of(fused, "sweep"), 2);
}

TEST(FusePointwise, KeepsWhatNeedsTwoArraysInOneOfItsSweeps) {
  const Graph fused = fuse(R"(
%x = input "x" : f32[2,3]
%w = input "w" : f32[3,3]
%e = exp %x
%z = matmul %e %w
%r = mul %e %z
%q = mul %r %e
%m = matmul %q %w
%d = mul %r %m
output "y" %d
)");
  EXPECT_EQ(count_of(fused, "mul"), 3);
}

// The sigmoid is stored for a product; so what is made of it need not be computed from its argument.
TEST(FusePointwise, ComputesAgainFromAStoredSigmoid) {
  EXPECT_EQ(read_last(R"(
%x = input "x" : f32[2,3]
%c = input "c" : f32[3]
%w = input "w" : f32[3,3]
%e = sigmoid %x
%v = matmul %e %w
%k = mul %e %c
%z = matmul %k %w
%r = mul %k %z
%s = mul %v %e
%d = add %r %s
output "y" %d
)"),
            (std::vector<std::string>{"sigmoid", "input", "matmul", "matmul"}));
}

TEST(FusePointwise, JoinsBranchesThatMeetAgain) {
  const Graph fused = fuse(R"(
%x = input "x" : f32[2,3]
%e = exp %x
%a = relu %e
%b = neg %e
%d = mul %a %b
output "y" %d
)");
  ASSERT_EQ(fused.size(), 2);
}

TEST(FusePointwise, EndsSweepsInTime) {
  std::string text = "%v0 = input \"x\" : f32[2,3]\n";
  for (int i = 0; i < 1000; ++i) text += fmt::format("%v{} = {} %v{}\n", i + 1, i % 2 == 0 ? "neg" : "exp", i);
  const Graph fused = fuse(text + "output \"y\" %v1000\n");
  EXPECT_GE(count_of(fused, "sweep"), 1000 / 64);
  for (const graph::Node& node : fused.nodes()) {
    if (!node.is("sweep")) continue;
    EXPECT_LE(node.attrs.region("body").size(), 70);
  }
}

}  // namespace
}  // namespace signxai::passes
