// The ordered list of passes.
#include <algorithm>
#include <cassert>

#include "base/nearest.h"
#include "graph/verify.h"
#include "passes/passes.h"
#include "signxai/error.h"

namespace signxai::passes {
namespace {

constexpr Pass kPipeline[] = {
    // Before anything is folded, so that kernels of one number are never written out.
    {"split_uniform_kernels", "reduce contractions with a kernel of one number to sums", split_uniform_kernels},
    // So that the transforms of weights which nobody needs (W- after a ReLU) are never computed.
    {"eliminate_dead_terms", "drop terms that the signs of their factors prove to be zero", eliminate_dead_terms},
    // Before fusion: once z is not needed beside max(z, 0), the ReLU can join its convolution.
    {"narrow_to_support", "divide by the activation instead of z where relevance is zero elsewhere", narrow_to_support},
    // Later than the support of what a border surrounds is asked for.
    {"fold_pads", "let convolutions pad, and their pull-backs leave the border out", fold_pads},
    {"sink_transposes", "push transposes together and cancel them",
     [](const Graph& graph, const Context&) { return sink_transposes(graph); }},
    // Before W+ of a large layer is computed and kept.
    {"stream_weights", "transform large weight matrices while they are read", stream_weights},
    {"fold_constants", "compute once what depends on weights alone", fold_constants},
    // Folded weights have signs of their own (W+ >= 0).
    {"eliminate_dead_terms", "drop terms that the signs of their factors prove to be zero", eliminate_dead_terms},
    {"fuse_epilogues", "join bias and ReLU with the convolution or matmul before them", fuse_epilogues},
    {"lower_precision", "bfloat16 or Winograd's algorithm in wide convolutions, where that was asked for",
     lower_precision},
    // Nothing looks into a sweep any more.
    {"fuse_pointwise", "run chains of pointwise operations as one sweep over memory", fuse_pointwise},
    // Last: it looks at what the plan takes of memory.
    {"join_products", "read large matrices once for the products of several methods", join_products},
};

void check_names(const std::set<std::string>& disabled) {
  std::vector<std::string> names;
  for (const Pass& pass : kPipeline) names.emplace_back(pass.name);
  for (const std::string& name : disabled) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      throw Error(ErrorCode::kInvalidArgument, "plan", name, "is not a compiler pass; " + did_you_mean(name, names));
    }
  }
}

}  // namespace

std::span<const Pass> pipeline() { return kPipeline; }

Graph optimise(Graph graph, const Context& context) {
  check_names(context.disabled);
  for (const Pass& pass : kPipeline) {
    if (context.disabled.count(std::string(pass.name))) continue;
    graph = pass.run(graph, context);
    assert((graph::verify(graph), true));
  }
  return graph;
}

}  // namespace signxai::passes
