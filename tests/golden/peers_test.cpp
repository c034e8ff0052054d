// Maps that other packages compute on the networks of tests/golden/data: the composites of zennit, deep Taylor of
// iNNvestigate 2 and DeepLIFT of captum; and on networks of its own, AttnLRP of lxt and zennit on a residual network.
// tests/golden/peers/README.md says how they were made.
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>

#include "importers/hdf5/hdf5_file.h"
#include "signxai/explainer.h"
#include "support/compare.h"

namespace signxai::golden {
namespace {

constexpr double kTolerance = 1e-4;  // of the largest value of a sample's map

struct Call {
  std::string label;  ///< name of the dataset
  std::string method;
  Parameters parameters{};
};

/// The maps of one package on some networks, of both samples of a case.
struct Peer {
  std::string name;
  std::vector<std::string> cases;
  std::vector<Call> calls;
  Target target = Target::per_sample({0, 1});
};

void PrintTo(const Peer& peer, std::ostream* out) { *out << peer.name; }

std::string folder() { return std::string(SIGNXAI_SOURCE_DIR) + "/tests/golden/"; }

Tensor read(const hdf5::File& file, const std::string& path) {
  const hdf5::Float32Array array = file.read(path);
  const auto count = static_cast<std::size_t>(element_count(array.shape));
  return {array.shape, std::vector<float>(array.data.get(), array.data.get() + count)};
}

/// A zennit composite that names its rules: first layer, convolutions, Dense layers.
Parameters own_composite(const std::string& first, const std::string& conv, const std::string& dense) {
  return {{"composite", R"([{"match": "first", )" + first + R"(}, {"match": "activation", "rule": "Pass"},
           {"match": "sum", "rule": "Norm"}, {"match": "average_pooling", "rule": "Norm"},
           {"match": "batch_norm", "rule": "Pass"}, {"match": "conv", )" +
                            conv + R"(}, {"match": "dense", )" + dense +
                            R"(}, {"match": "any", "rule": "Gradient"}])"}};
}

/// The baseline that a call means by "pattern": one value per element, without ties.
Parameters with_baseline(Parameters parameters, std::int64_t size) {
  const auto it = parameters.find("reference_inputs");
  if (it == parameters.end() || !std::holds_alternative<std::string>(it->second)) return parameters;
  std::vector<double> values;
  for (std::int64_t i = 0; i < size; ++i) values.push_back(static_cast<double>(i * 37 % 101) / 100.0 - 0.5);
  it->second = values;
  return parameters;
}

std::vector<Call> zennit_calls(bool with_batch_norm) {
  const Parameters box = {{"low", -1.5}, {"high", 2.0}};
  std::vector<Call> calls = {
      {"epsilon_plus", "lrp.epsilon_plus"},
      {"epsilon_plus_flat", "lrp.epsilon_plus_flat"},
      {"epsilon_alpha2_beta1", "lrp.epsilon_alpha2_beta1"},
      {"epsilon_alpha2_beta1_flat", "lrp.epsilon_alpha2_beta1_flat", {{"epsilon", 0.01}}},
      {"epsilon_gamma_box", "lrp.epsilon_gamma_box", box},
      {"wsquare_gamma_plus", "lrp",
       own_composite(R"("rule": "zennit.WSquare")", R"("rule": "zennit.Gamma", "gamma": 0.5)",
                     R"("rule": "zennit.ZPlus")")},
      {"epsilon_alphabeta_flat", "lrp",
       own_composite(R"("rule": "zennit.Epsilon", "epsilon": 0.1)",
                     R"("rule": "zennit.AlphaBeta", "alpha": 1.5, "beta": 0.5, "stabilizer": 1e-3)",
                     R"("rule": "zennit.Flat")")},
  };
  std::vector<Call> merged;
  for (const Call& call : calls) {
    Call with = call;
    with.label += "@merge_batch_norm=1";
    with.parameters["merge_batch_norm"] = 1.0;
    merged.push_back(with);
  }
  calls.push_back({"epsilon_plus@r_init=1", "lrp.epsilon_plus", {{"r_init", 1.0}}});
  calls.push_back({"epsilon_gamma_box", "lrp", {{"composite", "EpsilonGammaBox"}, {"low", -1.5}, {"high", 2.0}}});
  if (with_batch_norm) calls.insert(calls.end(), merged.begin(), merged.end());
  return calls;
}

std::vector<Peer> peers() {
  return {
      {"zennit", {"digits_cnn", "vgg_mini", "merge_add_only", "conv1d_ecg"}, zennit_calls(false)},
      {"zennit", {"digits_cnn_bn", "digits_resnet"}, zennit_calls(true)},
      {"captum",
       {"digits_cnn", "merge_add_only", "digits_cnn_bn", "digits_resnet"},
       {{"deeplift", "deeplift"}, {"deeplift@reference_inputs=0.5", "deeplift", {{"reference_inputs", 0.5}}}}},
      {"captum",
       {"digits_cnn", "vgg_mini", "merge_add_only", "conv1d_ecg", "digits_cnn_bn", "digits_resnet"},
       {{"deeplift@max_pooling=gradient", "deeplift", {{"max_pooling", std::string("gradient")}}},
        {"deeplift@reference_inputs=pattern", "deeplift", {{"reference_inputs", std::string("pattern")}}}}},
      {"innvestigate",
       {"digits_cnn", "ecg_simulated", "digits_mlp", "digits_cnn_bn", "digits_resnet", "vgg_mini"},
       {{"deep_taylor", "deep_taylor"},
        {"deep_taylor.bounded@low=-1.5,high=2", "deep_taylor.bounded", {{"low", -1.5}, {"high", 2.0}}}},
       Target::max()},
  };
}

class PeerTest : public testing::TestWithParam<Peer> {};

TEST_P(PeerTest, Maps) {
  const Peer& peer = GetParam();
  const hdf5::File file = hdf5::File::open(folder() + "peers/" + peer.name + ".h5");
  double worst = 0;
  for (const std::string& name : peer.cases) {
    const Explainer explainer(Model::load(folder() + "data/" + name + "/model.h5"));
    const Tensor input = read(hdf5::File::open(folder() + "data/" + name + "/golden.h5"), "input");
    for (const Call& call : peer.calls) {
      const Tensor expected = read(file, name + "/" + call.label);
      const Explanation found = explainer.explain(
          input, {{call.method, with_baseline(call.parameters, element_count(input.shape) / 2)}}, peer.target);
      const Comparison result = compare(found.maps.front().map, expected, kTolerance, 0);
      EXPECT_TRUE(result.right) << name << ", " << call.label << ": " << result.why;
      worst = std::max(worst, result.fraction);
    }
  }
  std::cout << peer.name << ": worst deviation " << worst << " of the tolerance\n";
}

/// A network of tests/golden/peers/models with what a peer computed for output 1.
struct Stored {
  std::string file, network, semantics;
  std::vector<Call> calls;
};

void PrintTo(const Stored& stored, std::ostream* out) { *out << stored.network; }

std::vector<Stored> stored_networks() {
  std::vector<Call> merged = {{"epsilon_plus", "lrp.epsilon_plus"},
                              {"epsilon_plus_flat", "lrp.epsilon_plus_flat"},
                              {"epsilon_alpha2_beta1", "lrp.epsilon_alpha2_beta1"},
                              {"epsilon_gamma_box", "lrp.epsilon_gamma_box", {{"low", -3.0}, {"high", 3.0}}}};
  for (Call& call : merged) call.parameters["merge_batch_norm"] = 1.0;
  std::vector<Stored> all = {{"resnet", "resnet", "signxai", merged}};
  for (const char* name : {"encoder", "decoder", "products"})
    all.push_back({"lxt", name, "sound", {{"lrp_z", "lrp_z"}}});
  return all;
}

class PeerNetwork : public testing::TestWithParam<Stored> {};

TEST_P(PeerNetwork, OutputsAndMaps) {
  const Stored& stored = GetParam();
  const hdf5::File file = hdf5::File::open(folder() + "peers/" + stored.file + ".h5");
  ExplainerOptions options;
  options.semantics = stored.semantics;
  const Explainer explainer(Model::load(folder() + "peers/models/" + stored.network + ".h5"), options);
  const Tensor input = read(file, stored.network + "/x");
  const Comparison outputs =
      compare(explainer.predict(input).front(), read(file, stored.network + "/outputs"), kTolerance, 0);
  EXPECT_TRUE(outputs.right) << outputs.why;
  for (const Call& call : stored.calls) {
    const Explanation found = explainer.explain(input, {{call.method, call.parameters}}, Target::index(1));
    const Comparison result =
        compare(found.maps.front().map, read(file, stored.network + "/" + call.label), kTolerance, 0);
    EXPECT_TRUE(result.right) << call.label << ": " << result.why;
    std::cout << stored.network << ", " << call.label << ": " << result.fraction << " of the tolerance\n";
  }
}

INSTANTIATE_TEST_SUITE_P(Peers, PeerNetwork, testing::ValuesIn(stored_networks()),
                         [](const auto& tested) { return tested.param.network; });

INSTANTIATE_TEST_SUITE_P(Peers, PeerTest, testing::ValuesIn(peers()),
                         [](const auto& tested) { return tested.param.name + "_" + std::to_string(tested.index); });

}  // namespace
}  // namespace signxai::golden
