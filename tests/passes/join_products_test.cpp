// Joining of products with one matrix: what is joined and what is not, in text; that nothing waits for itself; that
// memory is not traded for it; and that maps of methods asked together have the same bits with and without.
#include <random>

#include <gtest/gtest.h>

#include "backends/packed_weights.h"
#include "backends/reference/evaluate.h"
#include "graph/text.h"
#include "graph/verify.h"
#include "passes/passes.h"
#include "passes/plan_memory.h"
#include "runtime/program.h"
#include "support/op_case.h"
#include "support/small_network.h"

namespace signxai::passes {
namespace {

using graph::from_text;
using graph::to_text;

std::optional<graph::Literal> weights(std::string_view name, const Shape& shape) {
  std::mt19937 random(static_cast<unsigned>(name.front()));
  return test::random_literal(shape, random);
}

int products(const Graph& graph) {
  int count = 0;
  for (const graph::Node& node : graph.nodes()) count += node.is("matmul");
  return count;
}

std::vector<graph::Array> evaluate(const Graph& graph) {
  std::mt19937 random(7);
  std::vector<graph::Array> inputs;
  for (graph::Value input : graph.inputs()) inputs.push_back(test::random_array(graph.type(input).shape, random));
  return reference::evaluate(graph, inputs);
}

Graph join(const Graph& graph, const Context& context = {}) {
  Graph joined = join_products(graph, context);
  graph::verify(joined);
  const auto expected = evaluate(graph), got = evaluate(joined);
  EXPECT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i].data, expected[i].data) << "output " << i;
  return joined;
}

const std::string kTwo = R"(
%x = input "x" : f32[1,1024]
%y = input "y" : f32[2,1024]
%w = const @w : f32[1024,1030]
%a = matmul %x %w
%s = exp %a
%t = mul %a %s
output "t" %t
%b = matmul %y %w
output "b" %b
)";

TEST(JoinProducts, OfTheSameMatrix) {
  EXPECT_EQ(to_text(join(from_text(kTwo, weights))), to_text(from_text(R"(
%x = input "x" : f32[1,1024]
%y = input "y" : f32[2,1024]
%w = const @w : f32[1024,1030]
%c = concat %x %y {axis=0}
%p = matmul %c %w
%a = slice %p {begin=[0,0], end=[1,1030]}
%b = slice %p {begin=[1,0], end=[3,1030]}
%s = exp %a
%t = mul %a %s
output "t" %t
output "b" %b
)",
                                                                       weights)));
}

TEST(JoinProducts, NotOfOtherAttributesBiasesOrSmallMatrices) {
  const Graph graph = from_text(R"(
%x = input "x" : f32[1,1024]
%y = input "y" : f32[1,1024]
%many = input "many" : f32[9,1024]
%w = const @w : f32[1024,1024]
%v = const @v : f32[1024,20]
%bias = const @c : f32[1024]
%a = matmul %x %w
%b = matmul %y %w {transpose_b=1}
%c = matmul %y %w {weights="positive"}
%d = matmul %y %w %bias
%e = matmul %many %w
%f = matmul %x %v
%g = matmul %y %v
output "a" %a
output "b" %b
output "c" %c
output "d" %d
output "e" %e
output "f" %f
output "g" %g
)",
                                weights);
  EXPECT_EQ(to_text(join(graph)), to_text(graph));
}

TEST(JoinProducts, NeverOfAProductWithWhatItIsComputedFrom) {
  const Graph graph = from_text(R"(
%x = input "x" : f32[1,1024]
%w = const @w : f32[1024,1024]
%a = matmul %x %w
%r = relu %a
%b = matmul %r %w
output "b" %b
)",
                                weights);
  EXPECT_EQ(to_text(join(graph)), to_text(graph));
}

// Pairs by matrix alone would wait for each other: v's first needs w's, and w's second needs v's.
TEST(JoinProducts, NeverInACircle) {
  const Graph graph = from_text(R"(
%x = input "x" : f32[1,1024]
%y = input "y" : f32[1,1024]
%w = const @w : f32[1024,1024]
%v = const @v : f32[1024,1024]
%a = matmul %x %w
%b = matmul %a %v
%c = matmul %y %v
%d = matmul %c %w
output "b" %b
output "d" %d
)",
                                weights);
  EXPECT_EQ(to_text(join(graph)), to_text(graph));
}

// Chains that meet twice, written one after the other: the second group needs what stands behind its first member.
TEST(JoinProducts, OfChainsLayerByLayer) {
  std::string text = "%w = const @w : f32[1024,1024]\n%v = const @v : f32[1024,1024]\n";
  for (const std::string n : {"0", "1", "2"}) {
    text += "%x" + n + " = input \"x" + n + "\" : f32[1,1024]\n%a" + n + " = matmul %x" + n +
            " %w {transpose_b=1}\n%r" + n + " = relu %a" + n + "\n%b" + n + " = matmul %r" + n +
            " %v {transpose_b=1}\n%e" + n + " = exp %b" + n + "\noutput \"y" + n + "\" %e" + n + "\n";
  }
  const Graph graph = from_text(text, weights), joined = join(graph);
  EXPECT_EQ(products(graph), 6);
  EXPECT_EQ(products(joined), 2);
  ASSERT_EQ(joined.inputs().size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(joined[joined.inputs()[i]].attrs.text("name"), "x" + std::to_string(i));
}

TEST(JoinProducts, AsManyRowsAsOneKernelStreams) {
  for (const auto& [transposed, expected] : {std::pair{"1", 2}, {"0", 9}}) {
    std::string text = "%w = const @w : f32[1024,1024]\n";
    for (int i = 0; i < 70; ++i) {
      const std::string n = std::to_string(i);
      text += "%x" + n + " = input \"x" + n + "\" : f32[1,1024]\n%a" + n + " = matmul %x" + n +
              " %w {transpose_b=" + transposed + ", weights=\"positive\"}\noutput \"y" + n + "\" %a" + n + "\n";
    }
    const Graph joined = join_products(from_text(text, weights), {});
    EXPECT_EQ(products(joined), expected);
    backends::PackedWeights packed;
    EXPECT_NE(runtime::Program(joined, packed).describe().find("streaming"), std::string::npos);
  }
}

// To meet, both chains would have to keep a large array at once.
TEST(JoinProducts, NotWhereThatTakesMemory) {
  std::string text = "%w = const @w : f32[1024,1024]\n";
  for (const std::string n : {"0", "1"}) {
    text += "%x" + n + " = input \"x" + n + "\" : f32[1,1024]\n%l" + n + " = broadcast %x" + n +
            " {shape=[512,1024]}\n%s" + n + " = reduce_sum %l" + n + " {axes=[0], keep_dims=1}\n%a" + n +
            " = matmul %s" + n + " %w\n%m" + n + " = mul %l" + n + " %a" + n + "\n%y" + n + " = reduce_sum %m" + n +
            " {axes=[0], keep_dims=1}\noutput \"y" + n + "\" %y" + n + "\n";
  }
  const Graph graph = from_text(text, weights);
  EXPECT_EQ(to_text(join(graph)), to_text(graph));
}

TEST(JoinProducts, NotAtAnyPriceWhereMemoryIsLimited) {
  const Graph graph = from_text(kTwo, weights);
  Context limited;
  limited.memory_is_limited = true;
  const auto apart = [](graph::Value, std::size_t) { return false; };
  const Graph joined = join_products(graph, {});
  ASSERT_GT(plan_memory(joined, apart).arena_bytes, plan_memory(graph, apart).arena_bytes);
  EXPECT_EQ(to_text(join(graph, limited)), to_text(graph));
}

std::vector<std::vector<float>> run(const Graph& plan, const std::vector<graph::Array>& inputs) {
  std::vector<std::vector<float>> values, results;
  std::vector<const float*> sources;
  std::vector<float*> targets;
  for (const graph::Array& input : inputs) values.emplace_back(input.data.begin(), input.data.end());
  for (const auto& data : values) sources.push_back(data.data());
  for (const graph::Output& out : plan.outputs()) {
    results.emplace_back(static_cast<std::size_t>(element_count(plan.type(out.value).shape)));
  }
  for (auto& data : results) targets.push_back(data.data());
  backends::PackedWeights packed;
  runtime::Program(plan, packed).run(sources, targets);
  return results;
}

TEST(JoinProducts, KeepsTheBitsOfEveryMap) {
  std::mt19937 random(5);
  test::SmallNetwork net({2, 8, 8, 16});
  int at = net.flatten(net.conv(0, test::random_weights({3, 3, 16, 16}, true, random), {3, 1, "same"}, "relu"));
  for (int i = 0; i < 2; ++i) at = net.dense(at, test::random_weights({1024, 1024}, true, random), "relu");
  net.dense(at, test::random_weights({1024, 1030}, true, random));
  const Graph graph =
      test::joint_graph(net.finish(), {"gradient", "guided_backprop", "lrp_z", "lrp_epsilon_0_1", "lrp_epsilon_1",
                                       "lrp_epsilon_0_5_std_x", "lrpsign_z", "lrp_alpha_1_beta_0", "lrp_alpha_2_beta_1",
                                       "lrp_sequential_composite_a"});
  const Graph apart = optimise(graph, {runtime::compute, {"join_products"}}),
              joined = optimise(graph, {runtime::compute, {}});
  EXPECT_EQ(products(apart), 35);
  EXPECT_EQ(products(joined), 20);
  const auto inputs = test::graph_inputs(test::random_input({2, 8, 8, 16}, random), {{3, 700}});
  EXPECT_EQ(run(joined, inputs), run(apart, inputs));
}

}  // namespace
}  // namespace signxai::passes
