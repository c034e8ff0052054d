// The op table: every primitive of the graph, in one list.
#include <algorithm>
#include <memory>

#include "graph/ops/ops.h"

namespace signxai::graph {
namespace {

std::vector<std::unique_ptr<const OpDef>> collect() {
  std::vector<OpDef> defs = {
      op_argmax(),
      op_avg_pool(),
      op_avg_pool_backward(),
      op_broadcast(),
      op_concat(),
      op_const(),
      op_conv(),
      op_conv_backward_data(),
      op_gather(),
      op_get(),
      op_input(),
      op_matmul(),
      op_max_pool(),
      op_max_pool_backward(),
      op_one_hot(),
      op_pad(),
      op_reshape(),
      op_resize(),
      op_resize_backward(),
      op_reverse(),
      op_scan(),
      op_select(),
      op_slice(),
      op_transpose(),
      op_sweep(),
  };
  for (auto family : {unary_ops, binary_ops, reduce_ops}) {
    for (OpDef& def : family()) defs.push_back(std::move(def));
  }
  std::sort(defs.begin(), defs.end(), [](const OpDef& a, const OpDef& b) { return a.name < b.name; });
  std::vector<std::unique_ptr<const OpDef>> table;
  for (OpDef& def : defs) table.push_back(std::make_unique<const OpDef>(std::move(def)));
  return table;
}

}  // namespace

std::span<const OpDef* const> op_table() {
  static const auto owned = collect();
  static const auto view = [] {
    std::vector<const OpDef*> pointers;
    for (const auto& def : owned) pointers.push_back(def.get());
    return pointers;
  }();
  return view;
}

const OpDef* find_op_or_null(std::string_view name) {
  const auto table = op_table();
  const auto it =
      std::lower_bound(table.begin(), table.end(), name, [](const OpDef* d, auto n) { return d->name < n; });
  return it != table.end() && (*it)->name == name ? *it : nullptr;
}

const OpDef& find_op(std::string_view name) {
  if (const OpDef* op = find_op_or_null(name)) return *op;
  throw Error(ErrorCode::kInvalidArgument, "graph", name, "is not an operation of the graph");
}

}  // namespace signxai::graph
