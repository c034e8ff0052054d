// Networks of well-known shapes (tests/importers/data/hand_built), their outputs and the gradient of a mask over these
// as Keras computed them; and what a target of weights is: linear, per sample or shared, refused where it does not fit.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "signxai/array_file.h"
#include "signxai/error.h"
#include "signxai/explainer.h"

namespace signxai {
namespace {

std::string file(const std::string& name) {
  return std::string(SIGNXAI_SOURCE_DIR) + "/tests/importers/data/hand_built/" + name;
}

/// A network with what Keras computed.
struct Case {
  Model model;
  std::vector<Tensor> x{}, g{};
  Tensor y{}, w{};

  explicit Case(const std::string& name) : model(Model::load(file(name))) {
    for (NamedTensor& entry : read_npz(file(name.substr(0, name.find('.')) + ".npz"))) {
      Tensor& one = entry.name == "y" ? y : entry.name == "w" ? w : (entry.name[0] == 'x' ? x : g).emplace_back();
      one = std::move(entry.tensor);
    }
  }
  Explanation explain(const std::vector<MethodRequest>& methods, const Target& target,
                      ExplainerOptions options = {}) const {
    return Explainer(model, std::move(options)).explain({x.begin(), x.end()}, methods, target);
  }
};

void expect_close(const Tensor& got, const Tensor& expected, double tolerance = 2e-5) {
  ASSERT_EQ(got.shape, expected.shape);
  float largest = 0;
  for (const float value : expected.data) largest = std::max(largest, std::fabs(value));
  ASSERT_GT(largest, 0);
  for (std::size_t i = 0; i < got.data.size(); ++i)
    ASSERT_NEAR(got.data[i], expected.data[i], tolerance * largest) << "at " << i;
}

class HandBuilt : public testing::TestWithParam<const char*> {};

TEST_P(HandBuilt, IsWhatKerasComputes) {
  const Case net(GetParam());
  for (const char* backend : {"cpu", "reference"}) {
    ExplainerOptions options;
    options.backend = backend;
    const Explanation e = net.explain({{"gradient", {}}}, Target::weighted(net.w), options);
    expect_close(e.outputs.front(), net.y);
    ASSERT_EQ(e.maps.size(), net.g.size());
    for (std::size_t i = 0; i < net.g.size(); ++i) expect_close(e.maps[i].map, net.g[i]);
    EXPECT_THAT(e.targets, testing::Each(-1));
  }
}

TEST_P(HandBuilt, RelevanceOfAMaskIsThatOfItsOutputs) {
  const Case net(GetParam());
  const Explanation e = net.explain({{"lrp_z", {}, true}}, Target::weighted(net.w));
  for (const MethodMap& map : e.maps) {
    for (const float value : map.map.data) ASSERT_TRUE(std::isfinite(value));
  }
  const std::size_t outputs = net.y.data.size() / 2;
  for (std::size_t n = 0; n < 2; ++n) {
    double total = 0, size = 0;
    for (std::size_t k = n * outputs; k < (n + 1) * outputs; ++k) {
      total += double(net.w.data[k]) * net.y.data[k];
      size += std::fabs(double(net.w.data[k]) * net.y.data[k]);
    }
    EXPECT_NEAR(e.ledgers.front().put_in[n], total, 1e-5 * size);
  }
}

INSTANTIATE_TEST_SUITE_P(Networks, HandBuilt,
                         testing::Values("vit.keras", "unet.h5", "text.keras", "wavenet.h5", "siamese.keras",
                                         "autoencoder.h5"),
                         [](const auto& one) {
                           return std::string(one.param).substr(0, std::string(one.param).find('.'));
                         });

TEST(WeightedTarget, OneHotIsAnIndex) {
  const Case net("wavenet.h5");
  Tensor hot(Shape{24, 3});
  hot.data[40] = 1;
  for (const char* method : {"gradient", "lrp_epsilon_0_1", "integrated_gradients"}) {
    const Tensor found = net.explain({{method, {}}}, Target::weighted(hot)).maps[0].map;
    expect_close(found, net.explain({{method, {}}}, Target::index(40)).maps[0].map);
  }
}

TEST(WeightedTarget, SampleBySampleInChunks) {
  const Case net("autoencoder.h5");
  ExplainerOptions single;
  single.batch = 1;
  for (const char* method : {"lrp_z", "integrated_gradients"}) {
    const Tensor together = net.explain({{method, {}}}, Target::weighted(net.w)).maps[0].map;
    EXPECT_EQ(net.explain({{method, {}}}, Target::weighted(net.w), single).maps[0].map.shape, together.shape);
    expect_close(net.explain({{method, {}}}, Target::weighted(net.w), single).maps[0].map, together);
  }
  const Tensor shared(Shape{12, 12},
                      std::vector<float>(net.w.data.begin(), net.w.data.begin() + 144));  // the axis of 1 left out
  Tensor twice = net.w;
  std::copy_n(twice.data.begin(), 144, twice.data.begin() + 144);
  expect_close(net.explain({{"lrp_z", {}}}, Target::weighted(shared)).maps[0].map,
               net.explain({{"lrp_z", {}}}, Target::weighted(twice)).maps[0].map);
}

void expect_refused(const Case& net, Tensor weights, const std::string& message) {
  try {
    net.explain({{"gradient", {}}}, Target::weighted(std::move(weights)));
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
    EXPECT_THAT(error.what(), testing::HasSubstr(message));
  }
}

TEST(WeightedTarget, RefusesWhatDoesNotFit) {
  const Case net("unet.h5");
  expect_refused(net, Tensor(Shape{16, 3, 16}), "(16, 3, 16); expected that of the output, (16, 16, 3), or of a batch");
  expect_refused(net, Tensor(Shape{3, 16, 16, 3}), "expected that of the output");
  Tensor nan(Shape{16, 16, 3});
  nan.data[5] = std::nanf("");
  expect_refused(net, nan, "NaN");
}

}  // namespace
}  // namespace signxai
