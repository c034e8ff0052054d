// The gradient family: gradient (Simonyan et al. 2014), input times gradient, guided back-propagation and deconvnet.
#include "reverse/gradient.h"

#include "methods/method.h"
#include "rules/rule.h"
#include "signxai/error.h"

namespace signxai::methods {
namespace {

Value postprocessed(const MethodSite& site, Value map, const Parameters& parameters) {
  const std::string mode = rules::text(parameters, "postprocess", "none");
  if (mode == "abs") return site.builder.unary("abs", map);
  if (mode == "square") return site.builder.mul(map, map);
  if (mode == "none" || mode == "None") return map;
  throw Error(ErrorCode::kInvalidArgument, "method", "postprocess", "must be none, abs or square; got '" + mode + "'");
}

template <typename Step>
std::vector<Value> by_step(const MethodSite& site, const Parameters& parameters, const Step& step) {
  return {postprocessed(site, site.relevance(step), parameters)};
}

const std::vector<ParameterInfo> kPostprocess = {
    {"postprocess", "none", "applied to each element: none, abs or square"}};

}  // namespace

std::vector<MethodDef> gradient_methods() {
  std::vector<MethodDef> table = {
      {"gradient", kPostprocess, "df/dx of the selected output (Simonyan et al. 2014).",
       [](const MethodSite& s, const Parameters& p) { return by_step(s, p, reverse::GradientStep()); }},
      {"input_t_gradient", kPostprocess, "x * df/dx (Shrikumar et al. 2016).",
       [](const MethodSite& s, const Parameters& p) {
         return std::vector{postprocessed(s, s.builder.mul(s.input(), s.relevance(reverse::GradientStep())), p)};
       }},
      {"guided_backprop", kPostprocess,
       "Gradient that keeps only positive signals at rectifying layers (Springenberg et al. 2015), seeded with f.",
       [](const MethodSite& s, const Parameters& p) {
         return by_step(s, p, reverse::GuidedStep(reverse::GuidedStep::Rectifiers::kNamed));
       }},
      {"deconvnet", kPostprocess,
       "Transposed network that rectifies signals instead of activations (Zeiler and Fergus 2014), seeded with f.",
       [](const MethodSite& s, const Parameters& p) { return by_step(s, p, reverse::DeconvnetStep()); }},
  };
  for (MethodDef& def : table) def.walks = true;
  return table;
}

}  // namespace signxai::methods
