// The listed names against the table of the reference package (data/methods.json):
// each name stands for the same method, parameters, input-layer rule and product, and asks for the same arguments.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "methods/method.h"

namespace signxai::methods {
namespace {

using Json = nlohmann::json;

const Json& reference_table() {
  static const Json table = [] {
    std::ifstream in(std::string(SIGNXAI_SOURCE_DIR) + "/tests/methods/data/methods.json");
    return Json::parse(in);
  }();
  return table;
}

/// Base of the reference -> our base and the rule it binds.
struct Base {
  std::string name, rule;
};

Base base_of(const std::string& name) {
  if (name == "lrp.z") return {"lrp", "Z"};
  if (name == "lrp.epsilon") return {"lrp", "Epsilon"};
  if (name == "lrp.stdxepsilon") return {"lrp", "StdxEpsilon"};
  if (name == "lrp.alpha_1_beta_0") return {"lrp", "AlphaBeta"};
  return {name, ""};
}

Factor factor_of(const std::string& post) {
  if (post == "times_input") return Factor::kInput;
  if (post == "times_sign") return Factor::kSign;
  return post == "times_sign_mu" ? Factor::kSignMu : Factor::kNone;
}

Parameters given_of(const Json& row) {
  Parameters given;
  for (const std::string name : row.at("needs")) {
    given[name] = name == "mu" ? ParameterValue(0.3) : ParameterValue(std::string("conv"));
  }
  return given;
}

/// A parameter that is a text, or nothing.
std::string text_of(const Resolved& method, const std::string& name) {
  const auto it = method.parameters.find(name);
  return it == method.parameters.end() ? "" : std::get<std::string>(it->second);
}

/// What the reference passes on that this library takes for granted.
bool is_implied(const std::string& method, const std::string& name) {
  static const std::set<std::string> kDefaults = {"resize", "steps", "reference_inputs", "augment_by_n", "noise_scale"};
  return kDefaults.count(name) != 0 || method == "random_uniform";
}

TEST(MethodTable, ListsTheNamesOfTheReference) {
  std::set<std::string> expected;
  for (const Json& row : reference_table()) expected.insert(row.at("name"));
  const std::set<std::string> listed(listed_names().begin(), listed_names().end());
  EXPECT_EQ(listed, expected);
}

TEST(MethodTable, NamesStandForTheSame) {
  for (const Json& row : reference_table()) {
    const std::string name = row.at("name");
    SCOPED_TRACE(name);
    const Resolved method = resolve(name, given_of(row));
    const Base base = base_of(row.at("base"));
    EXPECT_EQ(method.def->name, base.name);
    EXPECT_EQ(method.factor, factor_of(row.at("post")));
    EXPECT_EQ(text_of(method, "rule"), base.rule);
    EXPECT_EQ(text_of(method, "input_layer_rule"), row.at("input_rule").is_null() ? "" : row.at("input_rule"));
    if (base.rule == "AlphaBeta") {
      EXPECT_EQ(std::get<double>(method.parameters.at("alpha")), 1.0);
    }
    for (const auto& [key, value] : row.at("params").items()) {
      if (is_implied(name, key)) continue;
      ASSERT_TRUE(method.parameters.count(key)) << key;
      const ParameterValue expected =
          value.is_string() ? ParameterValue(value.get<std::string>()) : value.get<double>();
      EXPECT_EQ(method.parameters.at(key), expected) << key;
    }
  }
}

TEST(MethodTable, AsksForTheSameArguments) {
  for (const Json& row : reference_table()) {
    std::vector<std::string> needed;
    for (const ParameterInfo& info : describe_method(row.at("name").get<std::string>()).parameters) {
      if (info.fallback.empty()) needed.push_back(info.name);
    }
    EXPECT_EQ(needed, row.at("needs").get<std::vector<std::string>>()) << row.at("name");
  }
}

}  // namespace
}  // namespace signxai::methods
