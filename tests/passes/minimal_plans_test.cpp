// Which contractions the plans of VGG16 and ResNet50 keep, method by method: a pass that stops removing what algebra
// can avoid, or a rule that asks for more, changes these counts. Networks of full size; nothing is run.
#include <cmath>
#include <iterator>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "graph/cost.h"
#include "passes/passes.h"
#include "runtime/program.h"
#include "support/small_network.h"

namespace signxai::test {
namespace {

/// Weights of both signs that cost no time to make.
graph::Literal alternating(Shape shape) {
  std::vector<float> values(static_cast<std::size_t>(element_count(shape)));
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(static_cast<int>(i * 7 % 11) - 5) * 0.01F + 0.001F;
  return graph::Literal(std::move(shape), std::move(values));
}

KernelWeights weights(Shape kernel) { return {alternating(kernel), alternating({kernel.back()})}; }

graph::Literal positive(std::int64_t channels) {
  return {{channels}, std::vector<float>(static_cast<std::size_t>(channels), 0.5F)};
}

graph::Network vgg16() {
  SmallNetwork net({1, 224, 224, 3});
  int at = 0;
  std::int64_t channels = 3;
  for (const auto& [count, width] : {std::pair{2, 64}, {2, 128}, {3, 256}, {3, 512}, {3, 512}}) {
    for (int i = 0; i < count; ++i, channels = width)
      at = net.conv(at, weights({3, 3, channels, width}), {3, 1, "same"}, "relu");
    at = net.max_pool(at, {2, 2, "valid"});
  }
  at = net.dense(net.flatten(at), weights({25088, 4096}), "relu");
  net.dense(net.dense(at, weights({4096, 4096}), "relu"), weights({4096, 1000}));
  return net.finish();
}

class ResNet50 {
 public:
  graph::Network finish() {
    int at =
        relu(normalised(net_.zero_padding(net_.zero_padding(net_.zero_padding(0))), {7, 7, 3, 64}, {7, 2, "valid"}));
    at = net_.max_pool(net_.zero_padding(at), {3, 2, "valid"});
    channels_ = 64;
    for (const auto& [count, width] : {std::pair{3, 64}, {4, 128}, {6, 256}, {3, 512}}) {
      for (int i = 0; i < count; ++i) at = block(at, width, i == 0 ? (width == 64 ? 1 : 2) : 1, i == 0);
    }
    at = net_.flatten(net_.average_pool(at, {7, 1, "valid"}));
    net_.dense(at, weights({2048, 1000}));
    return net_.finish();
  }

 private:
  int relu(int from) { return net_.activation(from, "relu"); }
  int normalised(int from, Shape kernel, WindowShape window) {
    const std::int64_t width = kernel.back();
    return net_.batch_norm(net_.conv(from, weights(std::move(kernel)), window),
                           {positive(width), alternating({width}), alternating({width}), positive(width)});
  }
  int block(int from, std::int64_t width, std::int64_t stride, bool has_shortcut_kernel) {
    const int shortcut =
        has_shortcut_kernel ? normalised(from, {1, 1, channels_, 4 * width}, {1, stride, "valid"}) : from;
    int at = relu(normalised(from, {1, 1, channels_, width}, {1, stride, "valid"}));
    at = relu(normalised(at, {3, 3, width, width}, {3, 1, "same"}));
    at = normalised(at, {1, 1, width, 4 * width}, {1, 1, "valid"});
    channels_ = 4 * width;
    return relu(net_.add({shortcut, at}));
  }

  SmallNetwork net_{{1, 224, 224, 3}};
  std::int64_t channels_ = 0;
};

/// Calls of contraction kernels, and the operations in them.
struct Count {
  int conv = 0, conv_backward = 0, matmul = 0;
  double gflops = 0;
};

Count count(graph::Graph graph, std::set<std::string> disabled = {}) {
  const graph::Graph plan = passes::optimise(std::move(graph), {runtime::compute, std::move(disabled)});
  Count found;
  for (std::int32_t i = 0; i < plan.size(); ++i) {
    const graph::Node& node = plan[graph::Value{i}];
    found.conv += node.is("conv");
    found.conv_backward += node.is("conv_backward_data");
    found.matmul += node.is("matmul");
    if (node.op->kind == graph::OpKind::kLinear) found.gflops += graph::cost_of(plan, graph::Value{i}).flops / 1e9;
  }
  return found;
}

struct Expected {
  const char* method;
  Count count;
};

void check(const graph::Network& network, std::span<const Expected> table) {
  for (const Expected& row : table) {
    SCOPED_TRACE(row.method);
    const Count found = count(method_graph(network, row.method, {}, true));
    EXPECT_EQ(found.conv, row.count.conv);
    EXPECT_EQ(found.conv_backward, row.count.conv_backward);
    EXPECT_EQ(found.matmul, row.count.matmul);
    EXPECT_NEAR(found.gflops, row.count.gflops, 0.01);
  }
}

// The gradient of one logit is a row of the last kernel, so that its pull-back needs no product. At the input, which
// has both signs, W+ and W- each take their part: one pair more. The negative part of alpha-beta is computed, not
// subtracted: z - z+ keeps no digits where z- is small beside z+, and there R / z- is large.
TEST(MinimalPlans, Vgg16) {
  const Expected table[] = {{"gradient", {13, 13, 5, 61.873}},
                            {"lrp_z", {13, 13, 6, 61.881}},
                            {"lrp_epsilon_0_1", {13, 13, 6, 61.881}},
                            {"lrp_epsilon_0_5_std_x", {13, 13, 6, 61.881}},
                            {"lrpsign_z", {13, 13, 6, 61.881}},
                            {"w2lrp_z", {13, 13, 6, 61.881}},
                            {"flatlrp_z", {13, 13, 6, 61.709}},
                            {"lrp.flat", {13, 13, 3, 30.943}},
                            {"lrp_alpha_1_beta_0", {27, 14, 9, 93.168}},
                            {"lrp_alpha_2_beta_1", {41, 28, 15, 155.396}},
                            {"lrp_sequential_composite_a", {27, 14, 6, 92.921}},
                            {"lrp_sequential_composite_b", {41, 28, 6, 154.654}}};
  check(vgg16(), table);
}

// Asked together, methods share the forward pass and the rest of what they have in common: lrp_z, lrpsign_z and w2lrp_z
// are one chain. Apart there are 3 products forward, 3 for each of four chains through W and 6 for W+, forward and
// back; each matrix is read once for the four chains.
TEST(MinimalPlans, Vgg16Together) {
  const graph::Graph graph = joint_graph(vgg16(), {"gradient", "lrp_z", "lrp_epsilon_0_1", "lrp_epsilon_0_5_std_x",
                                                   "lrpsign_z", "w2lrp_z", "lrp_alpha_1_beta_0"});
  const Count apart = count(graph, {"join_products"}), joined = count(graph);
  EXPECT_EQ(joined.conv_backward, apart.conv_backward);
  EXPECT_NEAR(joined.gflops, apart.gflops, 0.01);
  EXPECT_EQ(apart.matmul, 21);
  EXPECT_EQ(joined.matmul, 12);
}

TEST(MinimalPlans, ResNet50) {
  const Expected table[] = {{"gradient", {53, 53, 1, 15.428}},
                            {"lrp_z", {53, 53, 2, 15.432}},
                            {"lrp_epsilon_0_1", {53, 53, 2, 15.432}},
                            {"lrpsign_z", {53, 53, 2, 15.432}},
                            {"lrp_alpha_1_beta_0", {107, 54, 3, 23.620}},
                            {"lrp_alpha_2_beta_1", {161, 108, 5, 39.524}}};
  check(ResNet50().finish(), table);
}

}  // namespace
}  // namespace signxai::test
