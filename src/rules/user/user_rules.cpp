// Layer maps, composites and rule lists of users.
#include "rules/user/user_rules.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "rules/user/statement.h"
#include "signxai/error.h"

namespace signxai::rules {
namespace {

using graph::Network;

[[noreturn]] void refuse(const std::string& subject, const std::string& message) {
  throw Error(ErrorCode::kInvalidArgument, "method", subject, message);
}

ParameterValue value_of(const Json& value, const std::string& name, const std::string& where) {
  if (value.is_boolean()) return value.get<bool>() ? 1.0 : 0.0;
  if (value.is_number()) return value.get<double>();
  if (value.is_string()) return value.get<std::string>();
  const bool numbers = value.is_array() && !value.empty() &&
                       std::all_of(value.begin(), value.end(), [](const Json& v) { return v.is_number(); });
  if (numbers) return value.get<std::vector<double>>();
  refuse(where, fmt::format("'{}' must be a number, a text or a list of numbers; got {}", name, value.dump()));
}

/// The rule that a parameter belongs to where no rule is named.
constexpr std::pair<std::string_view, std::string_view> kImplied[] = {
    {"alpha", "AlphaBeta"}, {"beta", "AlphaBeta"}, {"epsilon", "Epsilon"}, {"stdfactor", "StdxEpsilon"},
    {"gamma", "Gamma"},     {"low", "Bounded"},    {"high", "Bounded"},    {"mu", "SIGNmu"}};

std::string implied_rule(const Parameters& parameters, const std::string& where) {
  std::string rule;
  for (const auto& [key, implied] : kImplied) {
    if (!parameters.count(std::string(key))) continue;
    if (!rule.empty() && rule != implied)
      refuse(where, fmt::format("its parameters belong to {} and to {}; name the rule: {{\"rule\": \"{}\", ...}}", rule,
                                implied, rule));
    rule = implied;
  }
  if (!rule.empty()) return rule;
  std::vector<std::string_view> keys;
  for (const auto& row : kImplied) keys.push_back(row.first);
  refuse(where, fmt::format("names no rule and no parameter that tells it ({}); expected for example {{\"epsilon\": "
                            "0.01}}, \"Flat\" or {{\"rule\": \"Flat\"}}",
                            fmt::join(keys, ", ")));
}

void check_known(const RuleDef& def, const Parameters& parameters, const std::string& where) {
  std::vector<std::string> known;
  for (const ParameterInfo& info : def.parameters) known.push_back(info.name);
  for (const auto& [name, value] : parameters) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    refuse(where, fmt::format("the rule {} takes no parameter '{}'; it takes {}", def.name, name,
                              known.empty() ? "none" : fmt::format("{}", fmt::join(known, ", "))));
  }
}

/// The rule, with the entry that asks for it in the message where it cannot be made.
Rule made(const RuleDef& def, const Parameters& parameters, const std::string& where) {
  try {
    return def.make(parameters);
  } catch (const Error& error) {
    refuse(where, fmt::format("{}: {} {}", def.name, error.subject(), error.message()));
  }
}

const RuleDef& found_rule(const std::string& name, const std::string& where) {
  try {
    return find_rule(name);
  } catch (const Error& error) {
    refuse(where, fmt::format("'{}' {}", name, error.message()));
  }
}

/// "Flat", {"epsilon": 0.01}, {"rule": "Gamma", "gamma": 0.25} or {"rule": {a statement}}; `skipped` is a key that says
/// something else.
Rule rule_of(const Json& spec, const std::string& where, std::string_view skipped = "") {
  if (spec.is_string()) return made(found_rule(spec.get<std::string>(), where), {}, where);
  if (!spec.is_object())
    refuse(where, "expected the name of a rule or an object with its parameters; got " + spec.dump());
  Parameters parameters;
  std::string name;
  const Json* statement = nullptr;
  for (const auto& [key, value] : spec.items()) {
    if (key == skipped) continue;
    if (key == "shares")
      refuse(where, "a rule stated by its terms goes under 'rule': {\"rule\": {\"name\": ..., \"shares\": [...]}}");
    if (key != "rule") {
      parameters[key] = value_of(value, key, where);
    } else if (value.is_string()) {
      name = value.get<std::string>();
    } else if (value.is_object()) {
      statement = &value;
    } else {
      refuse(where, "'rule' must be the name of a rule, or an object that states one; got " + value.dump());
    }
  }
  if (statement) {
    if (parameters.empty()) return stated_rule(*statement, where);
    refuse(where, fmt::format("'{}' stands beside a stated rule, which holds all of its numbers itself",
                              parameters.begin()->first));
  }
  if (name.empty()) name = implied_rule(parameters, where);
  const RuleDef& def = found_rule(name, where);
  check_known(def, parameters, where);
  return made(def, parameters, where);
}

Json layer_map_document(const std::string& text) {
  Json document = read_json(text, "layer_map");
  if (document.is_object() && !document.empty()) return document;
  refuse("layer_map",
         "must be a JSON object of layers and rules, such as {\"conv2d\": {\"alpha\": 1, \"beta\": 0}, "
         "\"dense\": {\"epsilon\": 0.01}}; got " +
             text.substr(0, 80));
}

struct CompositeEntry {
  std::string match, where;
  Rule rule;
};

std::vector<CompositeEntry> composite_entries(const std::string& text) {
  const Json document = read_json(text, "composite");
  if (!document.is_array() || document.empty()) {
    refuse("composite",
           "must be the name of a preset or a JSON list of entries, such as "
           "[{\"match\": \"first\", \"rule\": \"Flat\"}, {\"match\": \"any\", \"rule\": \"Epsilon\", \"epsilon\": "
           "0.1}]; got " +
               text.substr(0, 80));
  }
  std::vector<CompositeEntry> entries;
  for (const Json& entry : document) {
    const std::string number = fmt::format("composite entry {}", entries.size() + 1);
    const bool has_match = entry.is_object() && entry.contains("match") && entry["match"].is_string();
    if (!has_match) refuse(number, "needs a 'match' that says which layers it is for; got " + entry.dump());
    const std::string match = entry["match"].get<std::string>(), where = fmt::format("{} '{}'", number, match);
    entries.push_back({match, where, rule_of(entry, where, "match")});
  }
  return entries;
}

}  // namespace

std::vector<UserEntry> read_layer_map(const std::string& json, const Network& network) {
  std::vector<UserEntry> entries;
  const Json document = layer_map_document(json);
  for (const auto& [key, spec] : document.items()) {
    const std::string where = fmt::format("layer_map '{}'", key);
    const Selector selector = select_layers(key, network, where, false);
    Entry entry{selector.matches, rule_of(spec, where), "layer_map " + key};
    bool fits = false;
    for (std::size_t i = 0; i < network.calls.size(); ++i) {
      fits = fits || (selector.matches(network, static_cast<int>(i)) && entry.rule.applies(network.calls[i]));
    }
    if (!fits) {
      refuse(where,
             fmt::format("the rule {} is for layers with a kernel, and none of these has one; for others there are "
                         "Pass, Gradient and Norm",
                         entry.rule.label));
    }
    entries.push_back({std::move(entry), selector.is_layer});
  }
  return entries;
}

std::vector<Entry> read_composite(const std::string& json, const Network& network) {
  std::vector<Entry> entries;
  for (CompositeEntry& entry : composite_entries(json)) {
    const Selector selector = select_layers(entry.match, network, entry.where, true);
    entries.push_back({selector.matches, std::move(entry.rule), entry.where});
  }
  return entries;
}

std::vector<Entry> rule_list(const std::vector<std::string>& names, const Parameters& parameters,
                             const Network& network) {
  std::vector<int> kernels;
  std::vector<std::string> layers;
  for (std::size_t i = 0; i < network.calls.size(); ++i) {
    if (network.calls[i].kind != graph::LayerKind::kKernel) continue;
    kernels.push_back(static_cast<int>(i));
    layers.push_back(network.calls[i].name);
  }
  if (names.size() != kernels.size()) {
    refuse("rule",
           fmt::format("the list has {} rules and the network {} layers with a kernel ({}); expected one rule for "
                       "each, beginning at the input",
                       names.size(), layers.size(), fmt::join(layers, ", ")));
  }
  std::vector<Entry> entries;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto is_call = [index = kernels[i]](const Network&, int call) { return call == index; };
    entries.push_back({is_call, make_rule(names[i], parameters), fmt::format("rule {}", i + 1)});
  }
  return entries;
}

std::vector<std::string> unused_entries(const Composite& composite, const Network& network) {
  std::set<const Entry*> used;
  for (std::size_t i = 0; i < network.calls.size(); ++i) used.insert(composite.find(network, static_cast<int>(i)));
  std::vector<std::string> unused;
  for (const Entry& entry : composite.entries) {
    const bool again = std::find(unused.begin(), unused.end(), entry.origin) != unused.end();
    const bool elsewhere =
        std::any_of(used.begin(), used.end(), [&](const Entry* e) { return e && e->origin == entry.origin; });
    if (!entry.origin.empty() && !used.count(&entry) && !again && !elsewhere) unused.push_back(entry.origin);
  }
  return unused;
}

void check_layer_map(const std::string& json) {
  const Json document = layer_map_document(json);
  for (const auto& [key, spec] : document.items()) rule_of(spec, fmt::format("layer_map '{}'", key));
}

void check_composite(const std::string& json) { composite_entries(json); }

}  // namespace signxai::rules
