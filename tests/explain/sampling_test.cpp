// Methods that evaluate many points, asked for together: those that evaluate the same ones share them.
#include <gtest/gtest.h>

#include <cmath>

#include "signxai/explainer.h"

namespace signxai {
namespace {

class SharedPoints : public testing::Test {
 protected:
  SharedPoints() : explainer(Model::load(std::string(SIGNXAI_SOURCE_DIR) + "/examples/digits/digits_cnn.h5")) {
    Shape shape = explainer.model().inputs().front().shape;
    shape.insert(shape.begin(), 2);
    input = Tensor(shape);
    for (std::size_t i = 0; i < input.data.size(); ++i) input.data[i] = std::sin(static_cast<float>(i) * 0.3f);
  }

  /// The maps, and how often the explainer asked whether to go on: once for each part of the points, and at the end.
  Explanation explained(const std::vector<MethodRequest>& methods, int& asked) const {
    asked = 0;
    return explainer.explain(input, methods, Target::max(), [&](std::int64_t, std::int64_t) { return ++asked > 0; });
  }

  int asked_for(const std::vector<MethodRequest>& methods) const {
    int asked = 0;
    explained(methods, asked);
    return asked;
  }

  Explainer explainer;
  Tensor input;
};

TEST_F(SharedPoints, MapsAreThoseOfTheMethodsAlone) {
  const std::vector<MethodRequest> methods = {{"smoothgrad", {}},
                                              {"integrated_gradients", {}},
                                              {"smoothgrad_x_input", {}},
                                              {"gradient", {}},
                                              {"smoothgrad_x_sign", {}},
                                              {"vargrad", {}},
                                              {"smoothgrad_x_sign_mu_0_5", {}},
                                              {"smoothgrad_x_sign_mu_neg_0_5", {}},
                                              {"integrated_gradients_x_sign", {}},
                                              {"lrp_z", {}}};
  int asked = 0;
  const Explanation together = explained(methods, asked);
  ASSERT_EQ(together.maps.size(), methods.size());
  for (std::size_t i = 0; i < methods.size(); ++i) {
    const Explanation alone = explainer.explain(input, {methods[i]});
    EXPECT_EQ(together.maps[i].method, methods[i].name);
    EXPECT_EQ(together.maps[i].map.data, alone.maps[0].map.data) << methods[i].name;
  }
}

TEST_F(SharedPoints, PointsAreComputedOnce) {
  const int noise = asked_for({{"smoothgrad", {}}}), path = asked_for({{"integrated_gradients", {}}});
  ASSERT_GT(noise, 1);
  EXPECT_EQ(asked_for({{"smoothgrad", {}}, {"smoothgrad_x_input", {}}, {"vargrad", {}}}), noise);
  EXPECT_EQ(asked_for({{"smoothgrad", {}}, {"integrated_gradients", {}}, {"vargrad_x_sign", {}}}), noise + path - 1);
  EXPECT_EQ(asked_for({{"smoothgrad_x_sign_mu_0_5", {}}, {"smoothgrad_x_sign_mu", {{"mu", -0.5}}}}), noise);
}

TEST_F(SharedPoints, OfOneSampleAreComputedTogether) {
  input.data.resize(input.data.size() / 2);
  input.shape.front() = 1;
  EXPECT_LT(asked_for({{"smoothgrad", {{"augment_by_n", 50.0}}}}), 10);
  const Explanation all = explainer.explain(input, {{"smoothgrad", {}}, {"gradient", {}}});
  ExplainerOptions one;
  one.batch = 1;
  const Explanation alone = Explainer(explainer.model(), one).explain(input, {{"smoothgrad", {}}});
  for (std::size_t i = 0; i < input.data.size(); ++i) {
    ASSERT_NEAR(all.maps[0].map.data[i], alone.maps[0].map.data[i], 1e-5);
  }
}

TEST_F(SharedPoints, OtherParametersAreOtherPoints) {
  const MethodRequest one{"smoothgrad", {{"seed", 1.0}}}, other{"smoothgrad_x_input", {{"seed", 2.0}}};
  EXPECT_EQ(asked_for({one, other}), asked_for({one}) + asked_for({other}) - 1);
}

}  // namespace
}  // namespace signxai
