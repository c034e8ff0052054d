// Random networks under many methods: the optimised graph gives what the graph before any pass gives, with each pass
// alone, with each pass left out, and compiled for the CPU.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "backends/packed_weights.h"
#include "backends/reference/evaluate.h"
#include "graph/verify.h"
#include "methods/method.h"
#include "passes/passes.h"
#include "runtime/program.h"
#include "support/small_network.h"

namespace signxai::test {
namespace {

constexpr int kSeeds = 24;
constexpr std::int64_t kBatch = 2;

/// Methods that do not amplify float rounding on networks without batch normalisation: where a rule or a sum divides,
/// the denominator is stabilised or the relevance is proportional to it.
const std::vector<std::string>& stable_methods() {
  static const std::vector<std::string> names = {"gradient",        "guided_backprop_x_sign", "deconvnet",
                                                 "lrp_epsilon_1",   "lrp_epsilon_2_std_x",    "lrpsign_epsilon_5",
                                                 "w2lrp_epsilon_1", "flatlrp_epsilon_5"};
  return names;
}

/// Any rule: for what runs in double precision.
const std::vector<std::string>& all_methods() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all = stable_methods();
    all.insert(all.end(), {"lrp_z", "lrp.epsilon_IB", "lrp_alpha_1_beta_0", "lrp_alpha_2_beta_1",
                           "lrp.alpha_2_beta_1_IB", "lrp.z_plus_fast", "lrp_gamma_0_25", "lrp.w_square", "lrp.flat",
                           "lrp_sequential_composite_b", "zblrp_z_VGG16ILSVRC"});
    return all;
  }();
  return names;
}

/// Makes networks of convolutions, pools, activations, normalisation and branches that keep three channels.
class RandomNetwork {
 public:
  RandomNetwork(int seed, bool normalises)
      : random_(static_cast<unsigned>(seed)), net_({kBatch, 6, 6, 2}), normalises_(normalises) {}

  graph::Network make() {
    int last = conv(0, 2);
    const int blocks = 2 + pick(3);
    for (int i = 0; i < blocks; ++i) last = block(last);
    const int flat = net_.flatten(last);
    const KernelWeights hidden = random_weights({side_ * side_ * 3, 5}, pick(2) == 0, random_);
    net_.dense(net_.dense(flat, hidden, "relu"), random_weights({5, 3}, true, random_));
    return net_.finish();
  }

 private:
  int pick(int count) { return static_cast<int>(random_() % static_cast<unsigned>(count)); }

  int conv(int from, std::int64_t channels) {
    // Units that saturate tie in float alone, and averages of tanh's +-1 cancel in float alone: hence small weights and
    // no tanh.
    static const char* const kActivations[] = {"relu", "relu", "sigmoid", ""};
    KernelWeights weights = random_weights({3, 3, channels, 3}, pick(3) > 0, random_);
    std::vector<float> small(weights.kernel.data(), weights.kernel.data() + weights.kernel.size());
    for (float& value : small) value *= 0.3f;
    weights.kernel = graph::Literal(weights.kernel.shape(), std::move(small));
    return net_.conv(from, weights, {3, 1, "same"}, kActivations[pick(4)]);
  }

  int normalised(int from) {
    std::vector<graph::Literal> weights;
    for (int i = 0; i < 3; ++i) weights.push_back(random_literal({3}, random_));
    weights.push_back(graph::Literal({3}, std::vector<float>{0.5f, 1.0f, 2.0f}));
    return net_.batch_norm(from, weights);
  }

  int block(int from) {
    switch (pick(6)) {
      case 0: return conv(from, 3);
      case 1: return net_.activation(from, "relu");
      case 2: return normalises_ ? normalised(from) : conv(from, 3);
      case 3: return net_.add({conv(from, 3), from});
      case 4: return pooled(from);
      default: return net_.activation(net_.add({conv(from, 3), conv(from, 3)}), "relu");
    }
  }

  /// Only while the picture is large enough.
  int pooled(int from) {
    if (side_ < 3) return conv(from, 3);
    side_ = (side_ + 1) / 2;
    return pick(2) == 0 ? net_.max_pool(from, {2, 2, "same"}) : net_.average_pool(from, {2, 2, "same"});
  }

  std::mt19937 random_;
  SmallNetwork net_;
  bool normalises_;
  std::int64_t side_ = 6;
};

double largest(const Array& array) {
  double top = 0;
  for (double v : array.data) top = std::max(top, std::fabs(v));
  return top;
}

void expect_close(const std::vector<Array>& got, const std::vector<Array>& expected, double tolerance) {
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t k = 0; k < got.size(); ++k) {
    ASSERT_EQ(got[k].shape, expected[k].shape);
    const double allowed = tolerance * largest(expected[k]);
    double worst = 0;
    for (std::size_t i = 0; i < got[k].data.size(); ++i) {
      worst = std::max(worst, std::fabs(got[k].data[i] - expected[k].data[i]));
    }
    EXPECT_LE(worst, allowed) << "output " << k << " of largest entry " << largest(expected[k]);
  }
}

std::set<std::string> pass_names() {
  std::set<std::string> names;
  for (const passes::Pass& pass : passes::pipeline()) names.emplace(pass.name);
  return names;
}

/// Runs a program on float inputs.
std::vector<Array> run(const runtime::Program& program, const std::vector<Array>& inputs) {
  std::vector<Tensor> given, results;
  for (const Array& input : inputs) given.push_back(reference::to_tensor(input));
  std::vector<const float*> sources;
  for (const Tensor& tensor : given) sources.push_back(tensor.data.data());
  for (const graph::Output& out : program.graph().outputs())
    results.emplace_back(program.graph().type(out.value).shape);
  std::vector<float*> addresses;
  for (Tensor& tensor : results) addresses.push_back(tensor.data.data());
  program.run(sources, addresses);
  std::vector<Array> arrays;
  for (const Tensor& tensor : results) arrays.push_back(reference::to_array(tensor));
  return arrays;
}

class RandomGraphsTest : public testing::TestWithParam<int> {
 protected:
  /// One graph with the maps of several methods, which share work; outputs in the order of the names.
  static graph::Graph graph_of(const graph::Network& network, const std::vector<std::string>& names, bool has_targets) {
    graph::Builder builder(network.graph);
    builder.clear_outputs();
    const reverse::Selection selection =
        has_targets ? reverse::Selection::index(builder.input("targets", {kBatch})) : reverse::Selection::max();
    const methods::MethodSite site{builder, network, {.selection = selection}, 0};
    for (const std::string& name : names) builder.output(name, methods::resolve(name, {}).build(site).front());
    return builder.take();
  }

  graph::Network network_ = RandomNetwork(GetParam(), true).make();
  graph::Network stable_network_ = RandomNetwork(GetParam(), false).make();
  std::mt19937 random_{static_cast<unsigned>(GetParam()) + 1000};
  Array x_ = random_input({kBatch, 6, 6, 2}, random_);
  Neurons neurons_ = GetParam() % 2 == 0 ? Neurons{} : Neurons{{2, 0}};
  std::vector<Array> inputs_ = graph_inputs(x_, neurons_);
};

TEST_P(RandomGraphsTest, EachPassAloneKeepsEveryMap) {
  const graph::Graph graph = graph_of(network_, all_methods(), neurons_.has_value());
  const auto expected = reference::evaluate(graph, inputs_);
  for (const std::string& pass : pass_names()) {
    if (pass == "fold_constants") continue;  // rounds: see below
    SCOPED_TRACE(pass);
    passes::Context context{{}, pass_names()};
    context.disabled.erase(pass);
    const graph::Graph changed = passes::optimise(graph, context);
    graph::verify(changed);
    expect_close(reference::evaluate(changed, inputs_), expected, 1e-9);
  }
}

TEST_P(RandomGraphsTest, EachPassLeftOutKeepsEveryMap) {
  const graph::Graph graph = graph_of(network_, all_methods(), neurons_.has_value());
  const auto expected = reference::evaluate(graph, inputs_);
  for (const std::string& pass : pass_names()) {
    SCOPED_TRACE("without " + pass);
    const graph::Graph changed = passes::optimise(graph, {{}, {pass}});
    graph::verify(changed);
    expect_close(reference::evaluate(changed, inputs_), expected, 1e-9);
  }
}

TEST_P(RandomGraphsTest, FoldedConstantsKeepStableMaps) {
  const graph::Graph graph = graph_of(stable_network_, stable_methods(), neurons_.has_value());
  const auto expected = reference::evaluate(graph, inputs_);
  expect_close(reference::evaluate(passes::optimise(graph, {runtime::compute, {}}), inputs_), expected, 1e-4);
}

TEST_P(RandomGraphsTest, CompiledProgramAgreesWithTheReferenceBackend) {
  const graph::Graph graph = graph_of(stable_network_, stable_methods(), neurons_.has_value());
  const auto expected = reference::evaluate(graph, inputs_);
  std::set<std::string> variants = pass_names();
  variants.insert("nothing");
  for (const std::string& left_out : variants) {
    SCOPED_TRACE("without " + left_out);
    passes::Context context{runtime::compute, {}};
    if (left_out != "nothing") context.disabled.insert(left_out);
    backends::PackedWeights weights;
    const runtime::Program program(passes::optimise(graph, context), weights);
    expect_close(run(program, inputs_), expected, 1e-4);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomGraphsTest, testing::Range(0, kSeeds));

}  // namespace
}  // namespace signxai::test
