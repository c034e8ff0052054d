// The grammar of method names:
//   <name>[_x_input | _x_sign | _x_input_x_sign | _x_sign_mu[_<number>]]   where the map has the shape of the input
//   [lrp|lrpsign|lrpz|w2lrp|flatlrp|zblrp]_<base>[_mu_<number>][_VGG16ILSVRC]
//     base: z, epsilon_<number>[_std_x], alpha_<number>_beta_<number>, sequential_composite_a|b, w_square, flat,
//           z_plus, gamma_<number>
//   lrp.<analyzer>   the analyzer names of iNNvestigate
//   [guided_]grad_cam_<network>   with that network's last convolution
// Numbers use "_" for the decimal point and "neg_" for minus: 0_25 is 0.25.
#include <array>
#include <charconv>
#include <optional>

#include "methods/method.h"

namespace signxai::methods {
namespace {

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (text.substr(0, prefix.size()) != prefix) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool take_suffix(std::string_view& text, std::string_view suffix) {
  if (text.size() < suffix.size() || text.substr(text.size() - suffix.size()) != suffix) return false;
  text.remove_suffix(suffix.size());
  return true;
}

/// "0_25" -> 0.25, "neg_1" -> -1, "100" -> 100.
std::optional<double> number_in_name(std::string_view text) {
  std::string decimal = take_prefix(text, "neg_") ? "-" : "";
  bool point = false;
  for (const char c : text) {
    if (c == '_' && !point) {
      decimal += '.';
      point = true;
    } else if (c >= '0' && c <= '9') {
      decimal += c;
    } else {
      return std::nullopt;
    }
  }
  if (text.empty() || text.front() == '_' || text.back() == '_') return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(decimal.data(), decimal.data() + decimal.size(), value);
  return error == std::errc() && end == decimal.data() + decimal.size() ? std::optional(value) : std::nullopt;
}

ParsedName single_rule(const char* rule, Parameters parameters = {}) {
  parameters.emplace("rule", std::string(rule));
  return {"lrp", std::move(parameters), Factor::kNone};
}

/// "alpha_3_beta_2" without the leading "alpha_".
ParsedName alpha_beta(std::string_view text) {
  const std::size_t split = text.find("_beta_");
  if (split == std::string_view::npos) return {};
  const auto alpha = number_in_name(text.substr(0, split)), beta = number_in_name(text.substr(split + 6));
  if (!alpha || !beta) return {};
  return single_rule("AlphaBeta", {{"alpha", *alpha}, {"beta", *beta}});
}

ParsedName lrp_base(std::string_view text) {
  if (text == "z") return single_rule("Z");
  if (text == "w_square") return single_rule("WSquare");
  if (text == "flat") return single_rule("Flat");
  if (text == "z_plus") return single_rule("ZPlus");
  if (text == "sequential_composite_a" || text == "sequential_composite_b") return {"lrp." + std::string(text), {}, {}};
  if (take_prefix(text, "alpha_")) return alpha_beta(text);
  if (text == "gamma") return single_rule("Gamma", {{"gamma", 0.5}});
  if (take_prefix(text, "gamma_")) {
    const auto gamma = number_in_name(text);
    return gamma ? single_rule("Gamma", {{"gamma", *gamma}}) : ParsedName{};
  }
  if (!take_prefix(text, "epsilon_")) return {};
  const bool by_deviation = take_suffix(text, "_std_x");
  const auto value = number_in_name(text);
  if (!value) return {};
  return by_deviation ? single_rule("StdxEpsilon", {{"stdfactor", *value}})
                      : single_rule("Epsilon", {{"epsilon", *value}});
}

/// Splits "..._mu_<number>" off the end; leaves `text` alone when there is none.
std::optional<double> take_mu(std::string_view& text) {
  const std::size_t at = text.rfind("_mu_");
  if (at == std::string_view::npos) return std::nullopt;
  const auto mu = number_in_name(text.substr(at + 4));
  if (mu) text = text.substr(0, at);
  return mu;
}

ParsedName lrp_name(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kPrefixes = {{{"lrp_", ""},
                                                                                              {"lrpsign_", "SIGN"},
                                                                                              {"lrpz_", "Z"},
                                                                                              {"w2lrp_", "WSquare"},
                                                                                              {"flatlrp_", "Flat"},
                                                                                              {"zblrp_", "Bounded"}}};
  for (const auto& [prefix, rule] : kPrefixes) {
    std::string_view rest = text;
    if (!take_prefix(rest, prefix)) continue;
    const bool vgg_bounds = rule == "Bounded" && take_suffix(rest, "_VGG16ILSVRC");
    const auto mu = rule == "SIGN" ? take_mu(rest) : std::nullopt;
    ParsedName parsed = lrp_base(rest);
    if (parsed.base.empty()) return {};
    if (!rule.empty()) parsed.fixed["input_layer_rule"] = std::string(mu ? "SIGNmu" : rule);
    if (mu) parsed.fixed["mu"] = *mu;
    if (vgg_bounds) parsed.fixed.insert({{"low", -123.68}, {"high", 151.061}});
    return parsed;
  }
  return {};
}

ParsedName analyzer_name(std::string_view text) {
  struct Row {
    std::string_view name;
    const char* rule;
    Parameters parameters;
  };
  static const std::array<Row, 14> kRows = {{{"lrp.z", "Z", {}},
                                             {"lrp.z_IB", "ZIgnoreBias", {}},
                                             {"lrp.epsilon", "Epsilon", {}},
                                             {"lrp.epsilon_IB", "EpsilonIgnoreBias", {}},
                                             {"lrp.stdxepsilon", "StdxEpsilon", {}},
                                             {"lrp.w_square", "WSquare", {}},
                                             {"lrp.flat", "Flat", {}},
                                             {"lrp.alpha_beta", "AlphaBeta", {}},
                                             {"lrp.alpha_2_beta_1", "Alpha2Beta1", {}},
                                             {"lrp.alpha_2_beta_1_IB", "Alpha2Beta1IgnoreBias", {}},
                                             {"lrp.alpha_1_beta_0", "Alpha1Beta0", {}},
                                             {"lrp.alpha_1_beta_0_IB", "Alpha1Beta0IgnoreBias", {}},
                                             {"lrp.z_plus", "ZPlus", {}},
                                             {"lrp.z_plus_fast", "ZPlusFast", {}}}};
  for (const Row& row : kRows) {
    if (row.name == text) return single_rule(row.rule, row.parameters);
  }
  return text == "lrp.gamma" ? single_rule("Gamma") : ParsedName{};
}

ParsedName grad_cam_name(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, const char*>, 3> kNetworks = {
      {{"_VGG16ILSVRC", "block5_conv3"}, {"_VGG16MITPL365", "relu5_3"}, {"_MNISTCNN", "conv2d_1"}}};
  for (const auto& [suffix, layer] : kNetworks) {
    std::string_view base = text;
    if (take_suffix(base, suffix) && (base == "grad_cam" || base == "guided_grad_cam")) {
      return {std::string(base), {{"last_conv_layer_name", std::string(layer)}}, Factor::kNone};
    }
  }
  return {};
}

bool is_definition(std::string_view text) {
  for (const MethodDef& def : definitions()) {
    if (def.name == text) return true;
  }
  return false;
}

/// Methods whose maps have the shape of the input, so that a product with it is defined.
bool has_input_shape(const std::string& base) {
  return base.find("grad_cam") == std::string::npos && base != "random_uniform";
}

ParsedName plain_name(std::string_view name) {
  if (is_definition(name)) return {std::string(name), {}, Factor::kNone};
  for (auto parser : {lrp_name, analyzer_name, grad_cam_name}) {
    if (ParsedName parsed = parser(name); !parsed.base.empty()) return parsed;
  }
  return {};
}

ParsedName product_name(std::string_view text) {
  Factor factor = Factor::kNone;
  std::optional<double> mu;
  if (take_suffix(text, "_x_input_x_sign")) {
    factor = Factor::kInputSign;
  } else if (take_suffix(text, "_x_input")) {
    factor = Factor::kInput;
  } else if (take_suffix(text, "_x_sign")) {
    factor = Factor::kSign;
  } else if (take_suffix(text, "_x_sign_mu")) {
    factor = Factor::kSignMu;
  } else if (mu = take_mu(text); mu && take_suffix(text, "_x_sign")) {
    factor = Factor::kSignMu;
  } else {
    return {};
  }
  ParsedName parsed = plain_name(text);
  if (parsed.base.empty() || !has_input_shape(parsed.base)) return {};
  parsed.factor = factor;
  if (mu && !parsed.fixed.emplace("mu", *mu).second) return {};  // SIGNmu has one of its own
  return parsed;
}

}  // namespace

ParsedName parse_name(std::string_view name) {
  ParsedName parsed = plain_name(name);
  return parsed.base.empty() ? product_name(name) : parsed;
}

}  // namespace signxai::methods
