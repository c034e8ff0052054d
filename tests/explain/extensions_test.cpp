// Methods, rules and composites of the caller's own: what they compute, what they are called with, what is refused.
#include "signxai/extensions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "signxai/error.h"

namespace signxai::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

Tensor sum_of(const Tensor& a, const Tensor& b) {
  Tensor sum = a;
  for (std::size_t i = 0; i < sum.data.size(); ++i) sum.data[i] += b.data[i];
  return sum;
}

/// lrp_z + weight * gradient.
std::vector<Tensor> mixed(const MethodCall& call) {
  const auto at = call.parameters.find("weight");
  const auto weight = static_cast<float>(at == call.parameters.end() ? 1.0 : std::get<double>(at->second));
  Explanation others = call.explain({{"lrp_z", {}}, {"gradient", {}}}, {});
  for (float& value : others.maps[1].map.data) value *= weight;
  return {sum_of(others.maps[0].map, others.maps[1].map)};
}

constexpr const char* kEpsilon = R"({"shares": [{"terms": [{"bias": "all"}], "epsilon": 0.25}]})";

class ExtensionsTest : public testing::Test {
 protected:
  ExtensionsTest() {
    table_->add({"mixed", {{"weight", "1", "of the gradient"}}, "A mixture.", mixed});
    table_->add_rule({"Mine", {{"strength", "0.25", "its epsilon"}}, "", [](const Parameters& given) {
                        const auto at = given.find("strength");
                        const double epsilon = at == given.end() ? 0.25 : std::get<double>(at->second);
                        return R"({"shares": [{"terms": [{"bias": "all"}], "epsilon": )" + std::to_string(epsilon) +
                               "}]}";
                      }});
    table_->add_composite(
        {"two_rules", {}, "Two rules.", [](const Parameters&) {
           return R"([{"match": "first", "rule": "Flat"}, {"match": "any", "rule": "Mine", "strength": 0.5}])";
         }});
    for (std::size_t i = 0; i < x_.data.size(); ++i) x_.data[i] = static_cast<float>((i * 7919) % 97) / 97.0F;
  }

  Explainer explainer(std::int64_t batch = 0, const std::string& semantics = "signxai") const {
    ExplainerOptions options;
    options.extensions = table_;
    options.batch = batch;
    options.semantics = semantics;
    static const Model model = Model::load(std::string(SIGNXAI_SOURCE_DIR) + "/examples/digits/digits_cnn.h5");
    return Explainer(model, options);
  }
  void add(const std::string& name, std::function<std::vector<Tensor>(const MethodCall&)> maps) {
    table_->add({name, {}, "", std::move(maps)});
  }
  template <typename Body>
  static std::string refusal(const Body& body) {
    try {
      body();
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
  std::string refusal_of(const std::string& method, const Parameters& parameters = {}) {
    return refusal([&] { explainer().explain(x_, {{method, parameters}}); });
  }

  const std::shared_ptr<Extensions> table_ = std::make_shared<Extensions>();
  Tensor x_{{3, 28, 28, 1}};
};

void expect_near(const Tensor& found, const Tensor& expected, float tolerance = 1e-5F) {
  ASSERT_EQ(found.shape, expected.shape);
  for (std::size_t i = 0; i < found.data.size(); ++i) ASSERT_NEAR(found.data[i], expected.data[i], tolerance) << i;
}

TEST_F(ExtensionsTest, AMethodComposesOthersInEveryChunk) {
  for (const std::int64_t batch : {0, 2}) {
    for (const Target& target : {Target::max(), Target::index(3), Target::per_sample({0, 9, 4}), Target::all(),
                                 Target::parse("3-5", {"dense_1"}), Target::top(3)}) {
      const Explanation e = explainer(batch).explain(x_, {{"gradient", {}}, {"mixed", {}}, {"lrp_z", {}}}, target);
      ASSERT_EQ(e.maps.size(), 3U);
      EXPECT_EQ(e.maps[1].name(), "mixed");
      expect_near(e.maps[1].map, sum_of(e.maps[0].map, e.maps[2].map));
    }
  }
}

TEST_F(ExtensionsTest, ParametersReachTheMethod) {
  const Explanation e = explainer().explain(x_, {{"mixed", {{"weight", 0.0}}}, {"lrp_z", {}}});
  expect_near(e.maps[0].map, e.maps[1].map);
  EXPECT_THAT(refusal_of("mixed", {{"wait", 1.0}}), HasSubstr("takes no parameter 'wait'; it takes weight"));
  table_->add({"needy", {{"level", "", "how much"}}, "", mixed});
  EXPECT_THAT(refusal_of("needy"), HasSubstr("needs the parameter 'level' (how much)"));
  EXPECT_THAT(refusal_of("mixd"), HasSubstr("did you mean mixed"));
}

TEST_F(ExtensionsTest, MethodsSeeWhatIsExplained) {
  std::vector<std::int64_t> seen;
  add("watching", [&](const MethodCall& call) {
    EXPECT_EQ(call.inputs.size(), 1U);
    EXPECT_EQ(call.targets_shape, (Shape{call.inputs[0].shape[0]}));
    seen.insert(seen.end(), call.targets.begin(), call.targets.end());
    return std::vector{Tensor(call.inputs[0].shape)};
  });
  const Explanation e = explainer(2).explain(x_, {{"watching", {}}});
  EXPECT_EQ(seen, e.targets);
  seen.clear();
  EXPECT_EQ(explainer(2).explain(x_, {{"watching", {}}}, Target::top(2)).targets, seen);
}

TEST_F(ExtensionsTest, OtherInputsAreExplainedForTheTargetsOfTheSamples) {
  add("shifted", [](const MethodCall& call) {
    Tensor negative(call.inputs[0].shape);
    for (std::size_t i = 0; i < negative.data.size(); ++i) negative.data[i] = 1 - call.inputs[0].data[i];
    return std::vector{call.explain({{"gradient", {}}}, {negative}).maps[0].map};
  });
  Tensor negative = x_;
  for (float& value : negative.data) value = 1 - value;
  const Explainer explainer = this->explainer(2);
  const Explanation found = explainer.explain(x_, {{"shifted", {}}});
  expect_near(found.maps[0].map,
              explainer.explain(negative, {{"gradient", {}}}, Target::per_sample(found.targets)).maps[0].map);
}

TEST_F(ExtensionsTest, MethodsMayAskForEachOtherButNotForThemselves) {
  add("outer", [](const MethodCall& call) { return std::vector{call.explain({{"mixed", {}}}, {}).maps[0].map}; });
  const Explanation e = explainer().explain(x_, {{"outer", {}}, {"mixed", {}}});
  expect_near(e.maps[0].map, e.maps[1].map);
  add("ping", [](const MethodCall& call) { return std::vector{call.explain({{"pong", {}}}, {}).maps[0].map}; });
  add("pong", [](const MethodCall& call) { return std::vector{call.explain({{"ping", {}}}, {}).maps[0].map}; });
  EXPECT_THAT(refusal_of("ping"), HasSubstr("asks for itself: ping -> pong -> ping"));
}

TEST_F(ExtensionsTest, MapsAreChecked) {
  add("turned", [](const MethodCall& call) { return std::vector{Tensor({call.inputs[0].shape[0], 1, 28, 28})}; });
  EXPECT_THAT(refusal_of("turned"),
              HasSubstr("turned: returned a map of shape (3, 1, 28, 28); expected (3, 28, 28, 1) or (3, 28, 28)"));
  add("many", [](const MethodCall& call) { return std::vector(2, Tensor(call.inputs[0].shape)); });
  EXPECT_THAT(refusal_of("many"), HasSubstr("returned 2 maps; expected one"));
  add("undefined", [](const MethodCall& call) {
    Tensor map(call.inputs[0].shape);
    map.data[2 * 784 + 5] = std::numeric_limits<float>::quiet_NaN();
    return std::vector{map};
  });
  EXPECT_THAT(refusal_of("undefined"), HasSubstr("nan at element 5 of sample 2"));
  add("flat", [](const MethodCall& call) { return std::vector{Tensor({call.inputs[0].shape[0], 28, 28})}; });
  EXPECT_EQ(explainer().explain(x_, {{"flat", {}}}).maps[0].map.shape, (Shape{3, 28, 28}));
  add("coarse", [](const MethodCall& call) {
    const Parameters layer = {{"explained_layer_names", std::string("max_pooling2d")}};
    return std::vector{call.explain({{"lrp_z", layer}}, {}).maps[0].map};
  });
  EXPECT_EQ(explainer().explain(x_, {{"coarse", {}}}).maps[0].map.shape, (Shape{3, 24, 24, 12}));
}

TEST_F(ExtensionsTest, QuirksAndNotesOfOtherMethodsAreTold) {
  add("squares", [](const MethodCall& call) {
    return std::vector{call.explain({{"lrp.w_square", {}}}, {}).maps[0].map};
  });
  const MethodMap map = explainer().explain(x_, {{"squares", {}}}).maps[0];
  EXPECT_THAT(map.quirks, Contains("Q1"));
  EXPECT_THAT(explainer(0, "sound").explain(x_, {{"squares", {}}}).maps[0].quirks, testing::IsEmpty());
}

TEST_F(ExtensionsTest, ACallerStopsThem) {
  const auto stop = [](std::int64_t, std::int64_t) { return false; };
  EXPECT_THROW(explainer().explain(x_, {{"mixed", {}}}, Target::max(), stop), Error);
}

TEST_F(ExtensionsTest, HaveNoGraphAndNoLedger) {
  EXPECT_THAT(refusal([&] { explainer().explain(x_, {{"mixed", {}, true}}); }), HasSubstr("has no ledger"));
  EXPECT_THAT(refusal([&] { explainer().graph_text("plan", {{"mixed", {}}}); }), HasSubstr("no compiled steps"));
  EXPECT_THAT(explainer().layer_rules({"mixed", {}}), testing::IsEmpty());
  EXPECT_THAT(explainer().map_names({{"mixed", {}}, {"lrp_z", {}}}), ElementsAre("mixed", "lrp_z"));
  EXPECT_GT(explainer().chunk({{28, 28, 1}}, {{"mixed", {}}}, Target::max(), 100), 0);
}

TEST_F(ExtensionsTest, RulesStandWhereRulesAreNamed) {
  const Explainer explainer = this->explainer();
  const auto rules = [&](const std::string& method, const Parameters& parameters) {
    return explainer.layer_rules({method, parameters});
  };
  EXPECT_EQ(rules("lrp", {{"rule", std::string("Mine")}})[1], "Mine(strength=0.25)");
  EXPECT_EQ(rules("lrp", {{"rule", std::string("Mine")}, {"strength", 0.75}})[1], "Mine(strength=0.75)");
  EXPECT_EQ(rules("lrp_z", {{"input_layer_rule", std::string("Mine")}})[1], "Mine(strength=0.25)");
  EXPECT_EQ(rules("lrp_z", {{"layer_map", R"({"dense": "Mine", "conv2d": {"rule": "Mine", "strength": 2}})"}})[1],
            "Mine(strength=2) (layer_map conv2d)");
  EXPECT_EQ(rules("lrp", {{"rule", std::vector<std::string>{"Flat", "Mine", "Z", "Mine"}}})[2],
            "Mine(strength=0.25) (rule 2)");
  EXPECT_EQ(rules("lrp", {{"composite", R"([{"match": "any", "rule": "Mine"}])"}})[1],
            "Mine(strength=0.25) (composite entry 1 'any')");
  const Explanation e =
      explainer.explain(x_, {{"lrp", {{"rule", std::string("Mine")}, {"strength", 0.5}}}, {"lrp_epsilon_0_5", {}}});
  expect_near(e.maps[0].map, e.maps[1].map);
  EXPECT_THAT(refusal([&] {
                rules("lrp_z", {{"layer_map", R"({"dense": {"rule": "Mine", "gamma": 1}})"}});
              }),
              HasSubstr("layer_map 'dense': Mine takes no parameter 'gamma'; it takes strength"));
  EXPECT_THAT(refusal([&] {
                rules("lrp_z", {{"layer_map", R"({"dense": "Mine", "dense": "Z"})"}});
              }),
              HasSubstr("twice"));
  EXPECT_THAT(refusal([&] {
                rules("lrp", {{"rule", std::string("Flat")}, {"strength", 0.5}});
              }),
              HasSubstr("takes no parameter 'strength'"));
  EXPECT_THAT(refusal([&] {
                rules("lrp_z", {{"layer_map", R"({"dense": "Mime"})"}});
              }),
              HasSubstr("did you mean Mine"));
  EXPECT_THAT(refusal([&] {
                rules("lrp_z", {{"layer_map", R"({"dense": "Flatt"})"}});
              }),
              HasSubstr("did you mean Flat"));
  table_->add_rule({"Broken", {}, "", [](const Parameters&) { return std::string(R"({"shares": 3})"); }});
  EXPECT_THAT(refusal([&] { rules("lrp", {{"rule", std::string("Broken")}}); }), HasSubstr("needs 'shares', a list"));
}

TEST_F(ExtensionsTest, CompositesAreParametersAndMethods) {
  const Explainer explainer = this->explainer();
  EXPECT_EQ(explainer.layer_rules({"lrp.two_rules", {}})[1], "Flat (composite entry 1 'first')");
  EXPECT_EQ(explainer.layer_rules({"lrp.two_rules", {}})[8], "Mine(strength=0.5) (composite entry 2 'any')");
  const Explanation e = explainer.explain(
      x_, {{"lrp.two_rules", {}}, {"lrp", {{"composite", std::string("two_rules")}}}, {"flatlrp_epsilon_0_5", {}}});
  EXPECT_EQ(e.maps[0].name(), "lrp.two_rules");
  expect_near(e.maps[0].map, e.maps[1].map);
  expect_near(e.maps[0].map, e.maps[2].map);
  EXPECT_THAT(refusal_of("lrp.two_rules", {{"composite", std::string("EpsilonPlus")}}),
              HasSubstr("decided by the method's name"));
}

TEST_F(ExtensionsTest, StandInTheTables) {
  std::vector<std::string> names;
  for (const MethodInfo& info : table_->method_table()) names.push_back(info.name);
  EXPECT_THAT(names, Contains("mixed"));
  EXPECT_THAT(names, Contains("lrp.two_rules"));
  EXPECT_THAT(names, Contains("lrpsign_z"));
  EXPECT_EQ(table_->describe_method("mixed").description, "A mixture.");
  EXPECT_EQ(table_->describe_method("mixed").parameters[0].fallback, "1");
  EXPECT_EQ(table_->describe_method("lrp.two_rules").base, "lrp");
  EXPECT_EQ(table_->describe_method("lrp_epsilon_0_3").base, "lrp");
}

TEST_F(ExtensionsTest, NamesAreGivenOnce) {
  const auto adding = [&](const std::string& name, const std::string& origin) {
    return refusal([&] { table_->add({name, {}, "", mixed, origin}); });
  };
  EXPECT_THAT(adding("lrp_z", ""), HasSubstr("built-in method"));
  EXPECT_THAT(adding("lrp_epsilon_0_77", ""), HasSubstr("built-in method"));
  EXPECT_THAT(adding("a,b", ""), HasSubstr("is no name"));
  EXPECT_THAT(adding("", ""), HasSubstr("is no name"));
  EXPECT_EQ(adding("new", "notebook.f"), "");
  EXPECT_EQ(adding("new", "notebook.f"), "");
  EXPECT_THAT(adding("new", "other.g"), HasSubstr("defined before, by notebook.f"));
  const auto state = [](const Parameters&) { return std::string(kEpsilon); };
  EXPECT_THAT(refusal([&] { table_->add_rule({"Flat", {}, "", state}); }), HasSubstr("built-in rule"));
  EXPECT_THAT(refusal([&] { table_->add_rule({"FlatRule", {}, "", state}); }), HasSubstr("built-in rule"));
  EXPECT_THAT(refusal([&] {
                table_->add_composite({"epsilon_plus", {}, "", state});
              }),
              HasSubstr("built-in composite"));
}

}  // namespace
}  // namespace signxai::test
