// Maps of token ids: they belong to the vectors that the embeddings make of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "backends/reference/evaluate.h"
#include "explain/embedded.h"
#include "signxai/error.h"
#include "signxai/explainer.h"

namespace signxai::explain {
namespace {

/// Two embeddings, "words" and "more_words", of 6 ids below 9, with 4 features; a small transformer behind them.
Model tokens() { return Model::load(std::string(SIGNXAI_SOURCE_DIR) + "/tests/importers/data/attention/tokens.keras"); }

const Tensor kIds({2, 6}, {0, 1, 2, 3, 4, 8, 5, 5, 0, 7, 6, 1});

Explanation explained(const MethodRequest& request, const Target& target = Target::index(1)) {
  return Explainer(tokens()).explain(std::vector<TensorView>{kIds}, {request}, target);
}

double logit(const Model& model, const Tensor& ids, std::int64_t sample) {
  const std::vector<Tensor> inputs{ids};
  return reference::evaluate(model.network()->graph, std::span<const Tensor>(inputs))[0]
      .data[static_cast<std::size_t>(3 * sample + 1)];
}

double sum(const Explanation& explanation, std::int64_t sample) {
  double total = 0;
  for (const MethodMap& map : explanation.maps) {
    total += std::accumulate(map.map.data.begin() + sample * 24, map.map.data.begin() + (sample + 1) * 24, 0.0);
  }
  return total;
}

TEST(Embedding, AMapForEachEmbedding) {
  for (const char* method :
       {"gradient", "lrp_z", "lrpsign_epsilon_0_1", "smoothgrad", "integrated_gradients", "deeplift"}) {
    const Explanation found = explained({method, {}});
    ASSERT_EQ(found.maps.size(), 2u) << method;
    EXPECT_EQ(found.maps[0].place, "words") << method;
    EXPECT_EQ(found.maps[1].place, "more_words") << method;
    for (const MethodMap& map : found.maps) EXPECT_EQ(map.map.shape, (Shape{2, 6, 4})) << method;
  }
  EXPECT_EQ(Explainer(tokens()).map_names({{"gradient", {}}}),
            (std::vector<std::string>{"gradient/words", "gradient/more_words"}));
}

TEST(Embedding, GradientIsTheDerivativeByTheVectors) {
  const Explanation found = explained({"gradient", {}});
  const auto cut = cut_at_embeddings(*tokens().network());
  ASSERT_TRUE(cut.has_value());
  const Shape shape{2, 6};
  const Embedded vectors(*tokens().network(), *cut, {{shape}, {kIds.data.data()}});
  std::vector<graph::Array> inputs;
  for (std::size_t i = 0; i < 2; ++i)
    inputs.push_back(reference::to_array(TensorView{vectors.batch().shapes[i], vectors.batch().data[i]}));
  const auto score = [&] { return reference::evaluate(cut->graph, inputs)[0].data[1]; };  // of sample 0
  for (const std::size_t element : {0, 5, 13, 23}) {
    for (std::size_t i = 0; i < 2; ++i) {
      double& x = inputs[i].data[element];
      const double h = 1e-5, before = x;
      x = before + h;
      const double above = score();
      x = before - h;
      const double slope = (above - score()) / (2 * h);
      x = before;
      EXPECT_NEAR(found.maps[i].map.data[element], slope, 1e-4 * std::max(1.0, std::fabs(slope)));
    }
  }
}

TEST(Embedding, ThePathOfIntegratedGradientsBeginsAtTheVectorsOfAnId) {
  const Model model = tokens();
  const Tensor threes({2, 6}, std::vector<float>(12, 3.0f));
  const Explanation found = explained({"integrated_gradients", {{"steps", 400.0}, {"reference_inputs", 3.0}}});
  for (std::int64_t n : {0, 1}) {
    const double gap = logit(model, kIds, n) - logit(model, threes, n);
    EXPECT_NEAR(sum(found, n), gap, 0.02 * std::max(1.0, std::fabs(gap)));
  }
  const std::vector<double> list(6, 3.0);
  const Explanation same = explained({"integrated_gradients", {{"steps", 400.0}, {"reference_inputs", list}}});
  for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ(found.maps[i].map.data, same.maps[i].map.data);
  EXPECT_THROW(explained({"integrated_gradients", {{"reference_inputs", std::vector<double>(24, 0.0)}}}), Error);
}

TEST(Embedding, MovedVectorsKeepTheMaskOfTheirIds) {
  const Model model = Model::load(std::string(SIGNXAI_SOURCE_DIR) + "/tests/importers/data/attention/masked.keras");
  const auto cut = cut_at_embeddings(*model.network());
  ASSERT_TRUE(cut.has_value());
  ASSERT_EQ(cut->graph.inputs().size(), 2u);  // the vectors, and the ids for the mask
  const Embedded vectors(*model.network(), *cut, {{Shape{2, 6}}, {kIds.data.data()}});
  EXPECT_EQ(vectors.batch().fixed, 1u);
  std::vector<graph::Array> inputs;
  for (std::size_t i = 0; i < 2; ++i)
    inputs.push_back(reference::to_array(TensorView{vectors.batch().shapes[i], vectors.batch().data[i]}));
  const double at_sample = reference::evaluate(cut->graph, inputs)[0].data[1];
  EXPECT_NEAR(at_sample, logit(model, kIds, 0), 1e-6);
  const std::vector<double> start{1, 2, 3, 5, 4, 6};
  Tensor unmasked({2, 6}, std::vector<float>(12, 1.0f));
  std::copy(start.begin(), start.end(), unmasked.data.begin());
  const Embedded others(*model.network(), *cut, {{Shape{2, 6}}, {unmasked.data.data()}});
  inputs[0] = reference::to_array(TensorView{others.batch().shapes[0], others.batch().data[0]});
  const double at_start = reference::evaluate(cut->graph, inputs)[0].data[1];
  EXPECT_GT(std::fabs(at_start - logit(model, unmasked, 0)), 1e-3);  // there nothing would be masked
  Explainer explainer(model);
  const auto total = [&](const char* method, const Parameters& parameters) {
    return sum(explainer.explain(std::vector<TensorView>{kIds}, {{method, parameters}}, Target::index(1)), 0);
  };
  EXPECT_NEAR(total("smoothgrad", {{"noise_scale", 0.0}}), total("gradient", {}), 1e-4);
  EXPECT_NEAR(total("integrated_gradients", {{"steps", 400.0}, {"reference_inputs", start}}), at_sample - at_start,
              0.02);
}

TEST(Embedding, NoiseIsAddedToTheVectors) {
  const Explanation gradient = explained({"gradient", {}}),
                    still = explained({"smoothgrad", {{"noise_scale", 0.0}, {"augment_by_n", 3.0}}});
  const Explanation moved = explained({"smoothgrad", {{"augment_by_n", 3.0}}});
  for (std::size_t i = 0; i < 2; ++i) {
    for (std::size_t k = 0; k < 48; ++k) EXPECT_NEAR(gradient.maps[i].map.data[k], still.maps[i].map.data[k], 1e-6);
    EXPECT_NE(moved.maps[i].map.data, still.maps[i].map.data);
  }
}

TEST(Embedding, RelevanceOfALayerByName) {
  const Explanation found = explained({"lrp_z", {{"explained_layer_names", std::vector<std::string>{"words"}}}});
  ASSERT_EQ(found.maps.size(), 1u);
  EXPECT_EQ(found.maps[0].map.data, explained({"lrp_z", {}}).maps[0].map.data);
}

TEST(Embedding, IdsThatAreNoRowsOfTheTable) {
  const Explainer explainer(tokens());
  const auto message = [&](float id) {
    Tensor ids = kIds;
    ids.data[10] = id;
    try {
      explainer.predict(std::vector<TensorView>{ids});
    } catch (const Error& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  EXPECT_EQ(message(8), "");
  for (const float id : {9.0f, -1.0f, 2.5f}) {
    EXPECT_THAT(message(id), testing::AllOf(testing::HasSubstr("sample 1"), testing::HasSubstr("at (4,)"),
                                            testing::HasSubstr("0 to 8")));
  }
}

}  // namespace
}  // namespace signxai::explain
