// The grammar of method names: numbers inside names, what a name fixes, and what is refused.
#include <gtest/gtest.h>

#include <regex>

#include "methods/method.h"
#include "signxai/error.h"

namespace signxai::methods {
namespace {

double number_of(const Resolved& method, const std::string& name) {
  return std::get<double>(method.parameters.at(name));
}
std::string text_of(const Resolved& method, const std::string& name) {
  return std::get<std::string>(method.parameters.at(name));
}

std::string message_of(std::string_view name, const Parameters& parameters = {}) {
  try {
    resolve(name, parameters);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
    return error.what();
  }
  return "";
}

TEST(MethodNames, EveryListedNameResolves) {
  for (const std::string_view name : listed_names()) {
    Parameters needed;
    for (const ParameterInfo& info : describe_method(name).parameters) {
      if (info.fallback.empty()) needed[info.name] = info.name == "mu" ? ParameterValue(0.3) : ParameterValue("layer");
    }
    EXPECT_NO_THROW(resolve(name, needed)) << name;
  }
}

TEST(MethodNames, EveryMethodSaysWhatItIsAndWhereItComesFrom) {
  for (const MethodInfo& method : method_table()) {
    SCOPED_TRACE(method.name);
    EXPECT_GE(method.description.size(), 30u);
    for (const ParameterInfo& info : method.parameters) EXPECT_FALSE(info.description.empty()) << info.name;
    const bool has_paper = std::regex_search(method.description, std::regex("[12][09][0-9][0-9]"));
    EXPECT_EQ(has_paper, method.base != "random_uniform");
    const bool has_rule = method.fixed.count("rule") || method.fixed.count("input_layer_rule");
    EXPECT_EQ(has_rule, method.description.find("R_in =") != std::string::npos);
  }
}

TEST(MethodNames, TakeAnyNumber) {
  EXPECT_DOUBLE_EQ(number_of(resolve("lrp_epsilon_0_033", {}), "epsilon"), 0.033);
  const Resolved both = resolve("lrpsign_epsilon_0_7_std_x_mu_0_2", {});
  EXPECT_EQ(text_of(both, "rule"), "StdxEpsilon");
  EXPECT_EQ(text_of(both, "input_layer_rule"), "SIGNmu");
  EXPECT_DOUBLE_EQ(number_of(both, "stdfactor"), 0.7);
  EXPECT_DOUBLE_EQ(number_of(both, "mu"), 0.2);
  const Resolved shares = resolve("lrp_alpha_3_beta_2", {});
  EXPECT_DOUBLE_EQ(number_of(shares, "alpha"), 3);
  EXPECT_DOUBLE_EQ(number_of(shares, "beta"), 2);
  EXPECT_DOUBLE_EQ(number_of(resolve("gradient_x_sign_mu_neg_0_5", {}), "mu"), -0.5);
}

TEST(MethodNames, FixInputRulesAndBounds) {
  EXPECT_EQ(text_of(resolve("w2lrp_z", {}), "input_layer_rule"), "WSquare");
  EXPECT_EQ(text_of(resolve("flatlrp_sequential_composite_b", {}), "input_layer_rule"), "Flat");
  const Resolved bounded = resolve("zblrp_epsilon_0_2_VGG16ILSVRC", {});
  EXPECT_EQ(text_of(bounded, "input_layer_rule"), "Bounded");
  EXPECT_DOUBLE_EQ(number_of(bounded, "low"), -123.68);
  EXPECT_DOUBLE_EQ(number_of(bounded, "high"), 151.061);
}

TEST(MethodNames, RefuseWhatIsNone) {
  for (const char* name : {"", "lrp", "lrp_", "lrp_epsilon_", "lrp_epsilon__1", "lrp_epsilon_1_2_3", "lrp_epsilon_x",
                           "lrp_alpha_1", "gradient_x_", "lrpsign", "lrp_z_mu_0_5", "grad_cam_VGG19"}) {
    EXPECT_NE(message_of(name), "") << name;
  }
  EXPECT_NE(message_of("lrp_epsilom_0_1").find("lrp_epsilon_0_1"), std::string::npos);
}

TEST(MethodNames, CheckParameters) {
  EXPECT_NE(message_of("lrp_epsilon_0_1", {{"epsilon", 0.2}}).find("decided by the method's name"), std::string::npos);
  EXPECT_NE(message_of("gradient", {{"epsilon", 0.2}}).find("takes no parameter 'epsilon'"), std::string::npos);
  EXPECT_NE(message_of("gradient_x_sign_mu").find("needs the parameter 'mu'"), std::string::npos);
  EXPECT_NO_THROW(resolve("lrp_epsilon_0_1", {{"input_layer_rule", "SIGN"}}));
}

}  // namespace
}  // namespace signxai::methods
