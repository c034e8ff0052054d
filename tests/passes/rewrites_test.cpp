// Each rewrite: text in, text out, and the same numbers on the reference backend.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "passes/rewriting.h"
#include "signxai/error.h"

namespace signxai::passes {
namespace {

TEST(EliminateDeadTerms, LeavesABroadcastOfWhatAVanishedTermWasAddedTo) {
  expect_rewrite(eliminate_dead_terms, R"(
%x = input "x" : f32[2,3]
%c = input "c" : f32[3]
%zero = const [0] : f32[]
%n = broadcast %zero {shape=[2,3]} : f32[2,3]
%s = add %n %c
%y = mul %x %s
output "y" %y
)",
                 R"(
%x = input "x" : f32[2,3]
%c = input "c" : f32[3]
%y = mul %x %c
output "y" %y
)");
}

TEST(SplitUniformKernels, SumsOverChannels) {
  expect_rewrite(split_uniform_kernels, R"(
%x = input "x" : f32[2,5,4,3]
%one = const 0.5 : f32[]
%w = broadcast %one {shape=[3,3,3,6]} : f32[3,3,3,6]
%y = conv %x %w {dilations=[1,1], padding="same", strides=[1,1]} : f32[2,5,4,6]
output "y" %y
)",
                 R"(
%x = input "x" : f32[2,5,4,3]
%one = const 0.5 : f32[]
%s = reduce_sum %x {axes=[3], keep_dims=1} : f32[2,5,4,1]
%w = broadcast %one {shape=[3,3,1,1]} : f32[3,3,1,1]
%c = conv %s %w {dilations=[1,1], padding="same", strides=[1,1]} : f32[2,5,4,1]
%y = broadcast %c {shape=[2,5,4,6]} : f32[2,5,4,6]
output "y" %y
)");
}

TEST(SplitUniformKernels, LetsBroadcastsThroughPointwiseOperations) {
  expect_rewrite(split_uniform_kernels, R"(
%x = input "x" : f32[2,4]
%c = input "c" : f32[2,1]
%one = const 1 : f32[]
%w = broadcast %one {shape=[4,3]} : f32[4,3]
%y = matmul %x %w : f32[2,3]
%d = broadcast %c {shape=[2,3]} : f32[2,3]
%q = safe_div %y %d : f32[2,3]
%v = broadcast %one {shape=[3,5]} : f32[3,5]
%z = matmul %q %v : f32[2,5]
output "z" %z
)",
                 R"(
%x = input "x" : f32[2,4]
%c = input "c" : f32[2,1]
%one = const 1 : f32[]
%s = reduce_sum %x {axes=[1], keep_dims=1} : f32[2,1]
%y = mul %s %one : f32[2,1]
%q = safe_div %y %c : f32[2,1]
%three = const 3 : f32[]
%t = mul %q %three : f32[2,1]
%u = mul %t %one : f32[2,1]
%z = broadcast %u {shape=[2,5]} : f32[2,5]
output "z" %z
)");
}

TEST(SplitUniformKernels, LeavesGroupsAndOtherKernels) {
  const std::string text = R"(
%x = input "x" : f32[2,5,4]
%one = const 1 : f32[]
%w = broadcast %one {shape=[3,2,6]} : f32[3,2,6]
%y = conv %x %w {dilations=[1], groups=2, padding="same", strides=[1]} : f32[2,5,6]
%k = const @k : f32[3,6,2]
%z = conv %y %k {dilations=[1], padding="same", strides=[1]} : f32[2,5,2]
output "z" %z
)";
  expect_rewrite(split_uniform_kernels, text, text);
}

TEST(NarrowToSupport, TakesTheMaskFromTheActivation) {
  expect_rewrite(narrow_to_support, R"(
%z = input "z" : f32[2,3]
%dy = input "dy" : f32[2,3]
%zero = const 0 : f32[]
%a = relu %z : f32[2,3]
%m = greater %z %zero : f32[2,3]
%dz = mul %dy %m : f32[2,3]
output "a" %a
output "dz" %dz
)",
                 R"(
%z = input "z" : f32[2,3]
%dy = input "dy" : f32[2,3]
%zero = const 0 : f32[]
%a = relu %z : f32[2,3]
%m = greater %a %zero : f32[2,3]
%dz = mul %dy %m : f32[2,3]
output "a" %a
output "dz" %dz
)");
}

TEST(NarrowToSupport, TakesTheMasksOfACappedActivationFromIt) {
  expect_rewrite(narrow_to_support, R"(
%z = input "z" : f32[2,3]
%zero = const [0] : f32[]
%six = const [6] : f32[]
%five = const [5] : f32[]
%a = relu %z
%m = minimum %six %a
%p = greater %z %zero
%c = less_equal %six %a
%o = less_equal %five %a
%s = add %p %c
%t = add %s %o
%y = mul %m %t
output "y" %y
)",
                 R"(
%z = input "z" : f32[2,3]
%zero = const [0] : f32[]
%six = const [6] : f32[]
%five = const [5] : f32[]
%a = relu %z
%m = minimum %six %a
%p = greater %m %zero
%c = less_equal %six %m
%o = less_equal %five %a
%s = add %p %c
%t = add %s %o
%y = mul %m %t
output "y" %y
)");
}

TEST(StreamWeights, TransformsALargeMatrixAsItIsRead) {
  expect_rewrite(stream_weights, R"(
%x = input "x" : f32[2,2048]
%w = const @w : f32[2048,1024]
%zero = const 0 : f32[]
%p = relu %w : f32[2048,1024]
%n = minimum %w %zero : f32[2048,1024]
%s = mul %w %w : f32[2048,1024]
%a = matmul %x %p : f32[2,1024]
%b = matmul %a %n {transpose_b=1} : f32[2,2048]
%c = matmul %b %s : f32[2,1024]
%d = reduce_sum %p {axes=[0]} : f32[1024]
output "c" %c
output "d" %d
)",
                 R"(
%x = input "x" : f32[2,2048]
%w = const @w : f32[2048,1024]
%p = relu %w : f32[2048,1024]
%a = matmul %x %w {weights="positive"} : f32[2,1024]
%b = matmul %a %w {transpose_b=1, weights="negative"} : f32[2,2048]
%c = matmul %b %w {weights="squared"} : f32[2,1024]
%d = reduce_sum %p {axes=[0]} : f32[1024]
output "c" %c
output "d" %d
)");
}

TEST(StreamWeights, LeavesSmallMatricesAndManyRows) {
  const std::string text = R"(
%x = input "x" : f32[9,2048]
%w = const @w : f32[2048,1024]
%p = relu %w : f32[2048,1024]
%a = matmul %x %p : f32[9,1024]
%y = input "y" : f32[1,20]
%v = const @v : f32[20,1024]
%q = relu %v : f32[20,1024]
%b = matmul %y %q : f32[1,1024]
output "a" %a
output "b" %b
)";
  expect_rewrite(stream_weights, text, text);
}

TEST(LowerPrecision, TakesWideConvolutionsOnDemand) {
  const std::string text = R"(
%x = input "x" : f32[1,6,3]
%v = const @v : f32[3,3,16]
%a = conv %x %v {dilations=[1], padding="same", strides=[1]} : f32[1,6,16]
%w = const @w : f32[3,16,32]
%b = conv %a %w {dilations=[1], padding="same", strides=[1]} : f32[1,6,32]
%c = conv_backward_data %b %w {dilations=[1], input_spatial=[6], padding="same", strides=[1]} : f32[1,6,16]
%g = const @g : f32[3,16,32]
%d = conv %b %g {dilations=[1], groups=2, padding="same", strides=[1]} : f32[1,6,32]
output "c" %c
output "d" %d
)";
  const Graph graph = from_text(text, weights);
  EXPECT_EQ(to_text(lower_precision(graph, context())), to_text(graph));
  for (const std::string precision : {"bf16", "winograd"}) {
    Context lower = context();
    lower.precision = precision;
    const Graph lowered = lower_precision(graph, lower);
    graph::verify(lowered);
    std::vector<std::string> marked;
    for (std::int32_t i = 0; i < lowered.size(); ++i) {
      const graph::Node& node = lowered[graph::Value{i}];
      if (node.op->name.substr(0, 4) == "conv" && node.attrs.text("precision") == precision)
        marked.emplace_back(node.op->name);
    }
    EXPECT_EQ(marked, (std::vector<std::string>{"conv", "conv_backward_data"}));
  }
}

TEST(EliminateDeadTerms, DropsTheNegativePartOfAnActivation) {
  expect_rewrite(eliminate_dead_terms, R"(
%x = input "x" : f32[2,3]
%w = const @w : f32[3,4]
%zero = const [0] : f32[]
%a = relu %x
%positive = relu %a
%negative = minimum %a %zero
%p = matmul %positive %w
%n = matmul %negative %w
%z = add %p %n
output "z" %z
)",
                 R"(
%x = input "x" : f32[2,3]
%w = const @w : f32[3,4]
%a = relu %x
%p = matmul %a %w
output "z" %p
)");
}

TEST(EliminateDeadTerms, DecidesSignsOfActivations) {
  expect_rewrite(eliminate_dead_terms, R"(
%x = input "x" : f32[2,3]
%zero = const [0] : f32[]
%one = const [1] : f32[]
%minus = const [-1] : f32[]
%a = relu %x
%c = greater_equal %a %zero
%wide_one = broadcast %one {shape=[2,3]}
%wide_minus = broadcast %minus {shape=[2,3]}
%s = select %c %wide_one %wide_minus
%y = add %a %s
output "y" %y
)",
                 R"(
%x = input "x" : f32[2,3]
%one = const [1] : f32[]
%a = relu %x
%y = add %a %one
output "y" %y
)");
}

TEST(EliminateDeadTerms, KeepsTermsOfMixedSign) {
  const std::string text = R"(
%x = input "x" : f32[2,3]
%zero = const [0] : f32[]
%n = minimum %x %zero
%p = relu %x
%y = add %p %n
output "y" %y
)";
  expect_rewrite(eliminate_dead_terms, text, text);
}

TEST(NarrowToSupport, DividesByTheActivation) {
  expect_rewrite(narrow_to_support, R"(
%z = input "z" : f32[2,3]
%g = input "g" : f32[2,3]
%e = const [0.25] : f32[]
%a = relu %z
%r = mul %a %g
%d = add %z %e
%s = safe_div %r %d
output "s" %s
)",
                 R"(
%z = input "z" : f32[2,3]
%g = input "g" : f32[2,3]
%e = const [0.25] : f32[]
%a = relu %z
%r = mul %a %g
%d = add %a %e
%s = safe_div %r %d
output "s" %s
)");
}

TEST(NarrowToSupport, LooksThroughPoolingAndReshape) {
  const std::string text = R"(
%z = input "z" : f32[1,4,4,2]
%g = input "g" : f32[1,8]
%a = relu %z
%p = max_pool %a {padding="valid", strides=[2,2], window=[2,2]}
%f = reshape %p {shape=[1,8]}
%r = mul %f %g
%u = reshape %r {shape=[1,2,2,2]}
%b = max_pool_backward %a %u {padding="valid", strides=[2,2], window=[2,2]}
)";
  expect_rewrite(narrow_to_support, text + "%s = safe_div %b %z\noutput \"s\" %s\n",
                 text + "%s = safe_div %b %a\noutput \"s\" %s\n");
}

TEST(NarrowToSupport, LeavesRelevanceOfUnknownSupportAlone) {
  const std::string text = R"(
%z = input "z" : f32[2,3]
%r = input "r" : f32[2,3]
%a = relu %z
%s = safe_div %r %z
%y = add %s %a
output "y" %y
)";
  expect_rewrite(narrow_to_support, text, text);
}

TEST(FoldConstants, ComputesWhatDependsOnWeightsAlone) {
  const Graph graph = from_text(R"(
%x = input "x" : f32[2,3]
%w = const @w : f32[3,40]
%p = relu %w
%q = mul %p %p
%y = matmul %x %q
output "y" %y
)",
                                weights);
  const Graph folded = fold_constants(graph, context());
  graph::verify(folded);
  EXPECT_EQ(folded.size(), 3);
  expect_same_results(graph, folded);
}

TEST(FuseEpilogues, JoinsBiasAndRelu) {
  expect_rewrite(fuse_epilogues, R"(
%x = input "x" : f32[2,3]
%w = const @w : f32[3,4]
%b = const @b : f32[4]
%m = matmul %x %w
%z = add %m %b
%a = relu %z
output "a" %a
)",
                 R"(
%x = input "x" : f32[2,3]
%w = const @w : f32[3,4]
%b = const @b : f32[4]
%a = matmul %x %w %b {activation="relu"}
output "a" %a
)");
}

TEST(FuseEpilogues, KeepsAValueThatIsUsedTwice) {
  const std::string text = R"(
%x = input "x" : f32[2,3]
%w = const @w : f32[3,4]
%z = matmul %x %w
%a = relu %z
%y = mul %a %z
output "y" %y
)";
  expect_rewrite(fuse_epilogues, text, text);
}

TEST(FusePointwise, GathersAChainIntoOneSweep) {
  const Graph graph = from_text(R"(
%x = input "x" : f32[2,3]
%c = input "c" : f32[3]
%a = add %x %c
%b = relu %a
%d = mul %b %x
output "y" %d
)");
  const Graph fused = fuse_pointwise(graph, context());
  graph::verify(fused);
  ASSERT_EQ(fused.size(), 3);
  EXPECT_TRUE(fused[fused.outputs()[0].value].is("sweep"));
  expect_same_results(graph, fused);
}

TEST(FusePointwise, KeepsAnOutputInTheMiddle) {
  const Graph graph = from_text(R"(
%x = input "x" : f32[2,3]
%a = relu %x
%b = neg %a
%c = exp %b
output "a" %a
output "c" %c
)");
  const Graph fused = fuse_pointwise(graph, context());
  graph::verify(fused);
  expect_same_results(graph, fused);
  EXPECT_TRUE(fused[fused.outputs()[0].value].is("relu"));
}

/// How many nodes of that op there are outside of sweeps.
int count_of(const Graph& graph, std::string_view op) {
  int count = 0;
  for (const graph::Node& node : graph.nodes()) count += node.is(op) ? 1 : 0;
  return count;
}

// As with a batch normalization whose shifted input relevance needs too.
TEST(FusePointwise, ComputesAgainWhatIsCheap) {
  const Graph graph = from_text(R"(
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
  const Graph fused = fuse_pointwise(graph, context());
  graph::verify(fused);
  EXPECT_EQ(count_of(fused, "sub"), 0);
  EXPECT_EQ(count_of(fused, "sweep"), 2);
  expect_same_results(graph, fused);
}

TEST(FusePointwise, ComputesASigmoidAgainRatherThanKeepItBesideItsArgument) {
  const Graph graph = from_text(R"(
%x = input "x" : f32[2,3]
%w = input "w" : f32[3,3]
%e = sigmoid %x
%s = mul %x %e
%z = matmul %s %w
%d = mul %z %e
output "y" %d
)");
  const Graph fused = fuse_pointwise(graph, context());
  graph::verify(fused);
  EXPECT_EQ(count_of(fused, "sigmoid"), 0);
  EXPECT_EQ(count_of(fused, "sweep"), 2);
  expect_same_results(graph, fused);
}

/// The operands of the last sweep, after the results are compared.
std::vector<std::string> read_last(const char* text) {
  const Graph graph = from_text(text), fused = fuse_pointwise(graph, context());
  graph::verify(fused);
  expect_same_results(graph, fused);
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
  const Graph graph = from_text(R"(
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
  const Graph fused = fuse_pointwise(graph, context());
  graph::verify(fused);
  EXPECT_EQ(count_of(fused, "concat") + count_of(fused, "slice"), 0);
  EXPECT_EQ(count_of(fused, "sweep"), 4);
  expect_same_results(graph, fused);
}

// One array more would have to be put together for each.
TEST(FusePointwise, StoresJoinedArraysThatOthersReadAndNarrowOnes) {
  const Graph graph = from_text(R"(
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
  EXPECT_EQ(count_of(fuse_pointwise(graph, context()), "concat"), 3);
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
  const Graph graph = from_text(text), fused = fuse_pointwise(graph, context());
  EXPECT_EQ(count_of(fused, "concat"), 1);
  EXPECT_EQ(count_of(fused, "sweep"), 1);
  expect_same_results(graph, fused);
}

// What a view shows is in memory: it cannot be computed anew, though its base is read.
TEST(FusePointwise, ReadsWhatAViewShows) {
  const Graph graph = from_text(R"(
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
  const Graph fused = fuse_pointwise(graph, context());
  graph::verify(fused);
  expect_same_results(graph, fused);
  EXPECT_EQ(count_of(fused, "concat"), 0);
}

TEST(FusePointwise, KeepsWhatIsExpensiveOrNeedsTwoArrays) {
  const Graph graph = from_text(R"(
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
  const Graph fused = fuse_pointwise(graph, context());
  graph::verify(fused);
  EXPECT_EQ(count_of(fused, "exp"), 1);
  EXPECT_EQ(count_of(fused, "add"), 1);
  EXPECT_EQ(count_of(fused, "mul"), 1);
  EXPECT_EQ(count_of(fused, "sweep"), 1);
  expect_same_results(graph, fused);
}

TEST(FusePointwise, JoinsBranchesThatMeetAgain) {
  const Graph graph = from_text(R"(
%x = input "x" : f32[2,3]
%e = exp %x
%a = relu %e
%b = neg %e
%d = mul %a %b
output "y" %d
)");
  const Graph fused = fuse_pointwise(graph, context());
  ASSERT_EQ(fused.size(), 2);
  expect_same_results(graph, fused);
}

TEST(FusePointwise, EndsSweepsInTime) {
  std::string text = "%v0 = input \"x\" : f32[2,3]\n";
  for (int i = 0; i < 1000; ++i) text += fmt::format("%v{} = {} %v{}\n", i + 1, i % 2 == 0 ? "neg" : "exp", i);
  const Graph graph = from_text(text + "output \"y\" %v1000\n");
  const Graph fused = fuse_pointwise(graph, context());
  graph::verify(fused);
  EXPECT_GE(count_of(fused, "sweep"), 1000 / 64);
  for (const graph::Node& node : fused.nodes()) {
    if (!node.is("sweep")) continue;
    EXPECT_LE(node.attrs.region("body").size(), 70);
  }
}

TEST(Pipeline, RefusesAnUnknownPass) {
  Context wrong;
  wrong.disabled = {"fuse_pointwize"};
  EXPECT_THROW(optimise(from_text("%x = input \"x\" : f32[1]\noutput \"x\" %x\n"), wrong), Error);
}

}  // namespace
}  // namespace signxai::passes
