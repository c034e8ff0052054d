// Rules for layers without a kernel, where a composite names them: Pass hands relevance on unchanged, Gradient takes
// the layer's derivative, Norm shares by contribution with a stabilised denominator (zennit, Anders et al. 2021):
//   R_in = x_k * VJP(1; R / s(sum_k x_k)) for sums, x * VJP(P; R / s(Px)) for average pooling.
#include <fmt/format.h>

#include "graph/rewrite.h"
#include "rules/rule.h"
#include "signxai/error.h"

namespace signxai::rules {
namespace {

std::vector<Value> pass(const RuleSite& s) {
  const graph::LayerCall& call = s.site.call();
  graph::Builder& b = s.builder();
  for (Value input : call.inputs) {
    if (call.inputs.size() == 1 && b.shape(input) == b.shape(call.output)) return {s.arrived};
  }
  throw Error(ErrorCode::kInvalidArgument, "rule", "Pass",
              fmt::format("cannot pass relevance on at layer '{}' ({}), which has {} input(s) and changes the shape; "
                          "Pass is for layers that work element by element; try Gradient",
                          call.name, call.class_name, call.inputs.size()));
}

std::vector<Value> norm(const RuleSite& s, double stabilizer) {
  const graph::LayerCall& call = s.site.call();
  graph::Builder& b = s.builder();
  const auto ratio = [&](Value z) { return s.ratio(s.arrived, z, stabiliser(b, z, b.constant(stabilizer))); };
  if (call.kind == graph::LayerKind::kKernel) {
    const LayerMap map = s.map(Part::kAll, Part::kAll);
    return {s.share(map, s.x(), ratio(map.forward(s.x())))};
  }
  const Value signal = ratio(call.output);
  std::vector<Value> shares;
  if (call.kind == graph::LayerKind::kAdd) {
    for (Value x : call.inputs) shares.push_back(b.sum_to(b.mul(x, signal), Shape(b.shape(x))));
    return shares;
  }
  return {b.mul(s.x(), graph::pull_back(b, call.output, signal, {s.x()}).front())};
}

RuleDef any_layer_rule(const char* name, const char* formula, Rule (*make)(const Parameters&)) {
  return {name, {}, formula, make};
}

}  // namespace

std::vector<RuleDef> layer_rules() {
  RuleDef shares =
      any_layer_rule("Norm", "R_in = x_k R / s(sum_k x_k); for kernels as zennit.Epsilon", [](const Parameters& p) {
        const double stabilizer = number(p, "stabilizer", 1e-6);
        Rule rule{"Norm", nullptr, [=](const RuleSite& s) { return norm(s, stabilizer); }, Scope::kShared};
        if (stabilizer > 0) return rule;
        throw Error(ErrorCode::kInvalidArgument, "rule", "stabilizer",
                    fmt::format("must be positive; got {}", stabilizer));
      });
  shares.parameters = {{"stabilizer", "1e-06", "added to the denominator with its sign, > 0"}};
  return {any_layer_rule("Pass", "R_in = R",
                         [](const Parameters&) {
                           return Rule{"Pass", nullptr, pass, Scope::kAny};
                         }),
          any_layer_rule("Gradient", "R_in = VJP of the layer with its activation",
                         [](const Parameters&) {
                           return Rule{
                               "Gradient", nullptr,
                               [](const RuleSite& s) { return reverse::vjp(s.site, s.site.call().output, s.arrived); },
                               Scope::kAny};
                         }),
          shares};
}

}  // namespace signxai::rules
