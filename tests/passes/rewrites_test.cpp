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

TEST(Pipeline, RefusesAnUnknownPass) {
  Context wrong;
  wrong.disabled = {"fuse_pointwize"};
  EXPECT_THROW(optimise(from_text("%x = input \"x\" : f32[1]\noutput \"x\" %x\n"), wrong), Error);
}

}  // namespace
}  // namespace signxai::passes
