// Regions of control ops: fitting them to their operands, and pruning.
#include "graph/bind.h"
#include "graph/ops/ops.h"
#include "graph/rewrite.h"

namespace signxai::graph {
namespace {

bool takes(const Graph& region, const std::vector<Shape>& operands) {
  for (std::size_t i = 0; i < operands.size(); ++i) {
    if (region.type(region.inputs()[i]).shape != operands[i]) return false;
  }
  return true;
}

}  // namespace

Region fit_region(std::string_view op, const Region& region, const std::vector<Shape>& operands) {
  if (!region) refuse_op(op, "the region is missing");
  if (region->inputs().size() != operands.size()) {
    refuse_op(op, "the region takes " + std::to_string(region->inputs().size()) + " inputs; got " +
                      std::to_string(operands.size()) + " operands");
  }
  if (takes(*region, operands)) return region;
  return std::make_shared<const Graph>(bind_inputs(*region, operands));
}

Graph prune_region(const Graph& region, std::vector<bool>& keep) {
  const Graph alive = rewrite(region, {});
  const auto uses = alive.use_counts();
  Builder builder;
  std::vector<Value> map;
  std::size_t next = 0;
  for (std::int32_t i = 0; i < alive.size(); ++i) {
    const Node& node = alive[Value{i}];
    std::vector<Value> inputs;
    for (Value in : node.inputs) inputs.push_back(map[static_cast<std::size_t>(in.id)]);
    builder.set_origin(alive.origin(Value{i}));
    bool wanted = true;
    if (node.is("input")) {
      keep[next] = keep[next] || uses[static_cast<std::size_t>(i)] > 0;
      wanted = keep[next++];
    }
    map.push_back(wanted ? builder.remake(node, std::move(inputs)) : Value{});
  }
  for (const Output& out : alive.outputs()) builder.output(out.name, map[static_cast<std::size_t>(out.value.id)]);
  return builder.take();
}

}  // namespace signxai::graph
