// Deep Taylor decomposition of ReLU networks (Montavon et al. 2017, doi 10.1016/j.patcog.2016.11.008) as iNNvestigate 2
// has it: the output is rectified; kernel layers share by positive contributions without bias; all other layers give
// their gradient, batch normalisation too (a rule for it is written down there and not reached), so relevance is not
// conserved through it. `bounded` takes the z^B rule for inputs in [low, high] in the first layer.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "methods/presets.h"
#include "signxai/error.h"

namespace signxai::methods {
namespace {

using graph::LayerCall;
using graph::LayerKind;
using graph::Network;

/// Layers that apply no function but a ReLU.
bool is_rectified(const LayerCall& call) {
  static constexpr std::array kOthers = {"ELU", "LeakyReLU", "PReLU", "Softmax", "ThresholdedReLU"};
  const bool other = std::find(kOthers.begin(), kOthers.end(), call.class_name) != kOthers.end();
  return !other && (call.activation.empty() || call.activation == "relu" || call.activation == "linear");
}

/// The decomposition rests on ReLU; all layers that do not fit are named at once.
void check_network(const Network& network) {
  std::vector<std::string> wrong;
  for (const LayerCall& call : network.calls) {
    if (is_rectified(call)) continue;
    wrong.push_back(fmt::format("'{}' ({}{}{})", call.name, call.class_name, call.activation.empty() ? "" : " with ",
                                call.activation));
  }
  if (wrong.empty()) return;
  throw Error(ErrorCode::kUnsupported, "method", "deep_taylor",
              fmt::format("is defined for ReLU networks; not for {}; try lrp_alpha_1_beta_0", fmt::join(wrong, ", ")));
}

bool comes_from_inputs(const Network& network, int index) {
  const auto& producers = network.calls[static_cast<std::size_t>(index)].producers;
  return std::all_of(producers.begin(), producers.end(), [&](int p) {
    const LayerCall& call = network.calls[static_cast<std::size_t>(p)];
    const bool moves = call.class_name == "Flatten" || call.class_name == "Permute" || call.class_name == "Reshape";
    return call.kind == LayerKind::kInput || call.kind == LayerKind::kEmbedding ||
           (moves && comes_from_inputs(network, p));
  });
}

template <bool bounded>
rules::Composite deep_taylor(const Network& network, const Parameters& parameters, const reverse::Semantics&) {
  check_network(network);
  rules::Composite composite;
  composite.rectifies_heads = true;
  if (bounded) composite.entries.push_back({comes_from_inputs, rules::make_rule("Bounded", parameters)});
  composite.entries.push_back({rules::any_layer, rules::make_rule("Alpha1Beta0IgnoreBias", {})});
  composite.entries.push_back({rules::any_layer, rules::make_rule("Gradient", {})});
  return composite;
}

void check_bounds(const Parameters& parameters) { rules::make_rule("Bounded", parameters); }

}  // namespace

std::vector<MethodDef> deep_taylor_methods() {
  return {
      composite_method(
          "deep_taylor",
          "Deep Taylor decomposition of ReLU networks: z+ rule, from the rectified output (Montavon et al. 2017).", {},
          deep_taylor<false>, nullptr),
      composite_method(
          "deep_taylor.bounded",
          "Deep Taylor decomposition for inputs in [low, high]: z^B rule in the first layer (Montavon et al. 2017).",
          {{"low", "", "smallest value an input can take"}, {"high", "", "largest value an input can take"}},
          deep_taylor<true>, check_bounds)};
}

}  // namespace signxai::methods
