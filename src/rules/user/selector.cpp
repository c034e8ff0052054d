// Which layers a text in a layer map or composite means.
#include <fnmatch.h>

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "base/nearest.h"
#include "rules/user/user_rules.h"
#include "signxai/error.h"

namespace signxai::rules {
namespace {

using graph::LayerCall;
using graph::LayerKind;
using graph::Network;

const LayerCall& call_at(const Network& network, int index) { return network.calls[static_cast<std::size_t>(index)]; }

Matches of_call(std::function<bool(const LayerCall&)> test) {
  return [test = std::move(test)](const Network& network, int call) { return test(call_at(network, call)); };
}

Matches of_kind(LayerKind kind) {
  return of_call([kind](const LayerCall& call) { return call.kind == kind; });
}

bool is_kernel(const Network& network, int call) { return call_at(network, call).kind == LayerKind::kKernel; }

/// Layers and operations that only apply an activation.
bool is_activation(const LayerCall& call) {
  if (call.kind == LayerKind::kOther && call.weights.empty() && !call.activation.empty()) return true;
  static constexpr std::string_view kClasses[] = {"Activation",      "ReLU",   "LeakyReLU", "PReLU", "ELU",
                                                  "ThresholdedReLU", "Softmax"};
  return std::find(std::begin(kClasses), std::end(kClasses), call.class_name) != std::end(kClasses);
}

struct Keyword {
  std::string_view name;
  Matches matches;
};

const std::vector<Keyword>& keywords() {
  static const std::vector<Keyword> table = {
      {"first", [](const Network& n, int c) { return is_kernel(n, c) && is_first_kernel(n, c); }},
      {"last", [](const Network& n, int c) { return is_kernel(n, c) && is_last_kernel(n, c); }},
      {"conv", [](const Network& n, int c) { return is_kernel(n, c) && !is_dense(n, c); }},
      {"first_conv",
       [](const Network& n, int c) { return is_kernel(n, c) && !is_dense(n, c) && is_first_kernel(n, c); }},
      {"linear", is_dense},
      {"activation", of_call(is_activation)},
      {"sum", of_kind(LayerKind::kAdd)},
      {"average_pooling", of_kind(LayerKind::kAveragePool)},
      {"batch_norm", of_kind(LayerKind::kBatchNorm)},
      {"any", any_layer},
  };
  return table;
}

/// A class name without what spelling adds to it: "depthwise_conv2d" and "DepthwiseConv2D" are the same.
std::string folded(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c != '_') result += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return result;
}

bool take_prefix(std::string& text, std::string_view prefix) {
  if (text.compare(0, prefix.size(), prefix) != 0) return false;
  text.erase(0, prefix.size());
  return true;
}

/// The name of a layer without the mark of a later call: "dense:1" is the second call of "dense".
std::string_view layer_of(std::string_view call_name) {
  const std::size_t colon = call_name.rfind(':');
  const bool numbered = colon != std::string_view::npos && colon + 1 < call_name.size() &&
                        call_name.find_first_not_of("0123456789", colon + 1) == std::string_view::npos;
  return numbered ? call_name.substr(0, colon) : call_name;
}

Matches of_class(const std::string& text) {
  return of_call([wanted = folded(text)](const LayerCall& call) { return folded(call.class_name) == wanted; });
}

Matches of_name(const std::string& text) {
  return of_call([text](const LayerCall& call) { return call.name == text || layer_of(call.name) == text; });
}

Matches of_pattern(const std::string& text) {
  return of_call([text](const LayerCall& call) { return fnmatch(text.c_str(), call.name.c_str(), 0) == 0; });
}

bool matches_something(const Matches& matches, const Network& network) {
  for (std::size_t i = 0; i < network.calls.size(); ++i) {
    if (network.calls[i].kind != LayerKind::kInput && matches(network, static_cast<int>(i))) return true;
  }
  return false;
}

[[noreturn]] void refuse(const std::string& text, const Network& network, const std::string& parameter) {
  std::vector<std::string> known;
  const auto add = [&](const std::string& name) {
    if (std::find(known.begin(), known.end(), name) == known.end()) known.push_back(name);
  };
  for (const LayerCall& call : network.calls) add(call.class_name);
  for (const LayerCall& call : network.calls) add(call.name);
  for (const Keyword& keyword : keywords()) add(std::string(keyword.name));
  const std::string hint = did_you_mean(text, known);
  throw Error(ErrorCode::kNotFound, "method", parameter,
              fmt::format("matches no layer of the network '{}'; {}", network.name,
                          hint.empty() ? "`signxai inspect` lists its layers and their classes" : hint));
}

}  // namespace

Selector select_layers(const std::string& given, const Network& network, const std::string& parameter,
                       bool may_be_empty) {
  std::string text = given;
  const bool class_only = take_prefix(text, "class:"), name_only = !class_only && take_prefix(text, "name:");
  const auto keyword =
      std::find_if(keywords().begin(), keywords().end(), [&](const Keyword& k) { return k.name == given; });
  const bool is_keyword = keyword != keywords().end();
  Selector selector{is_keyword ? keyword->matches : of_class(text)};
  const bool may_be_name = !is_keyword && !class_only;
  if (may_be_name && (name_only || !matches_something(selector.matches, network))) {
    const bool pattern = text.find_first_of("*?[") != std::string::npos;
    selector = {pattern ? of_pattern(text) : of_name(text), !pattern};
  }
  const bool may_miss = may_be_empty && (is_keyword || class_only);
  if (text.empty() || (!may_miss && !matches_something(selector.matches, network))) refuse(text, network, parameter);
  return selector;
}

}  // namespace signxai::rules
