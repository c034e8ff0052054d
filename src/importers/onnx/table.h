// The table of node types that can be imported (table.cpp). A type is one line there: how it is
// translated, how its result is computed where all inputs are known, and what it becomes.
#pragma once

#include <span>
#include <string_view>

#include "importers/onnx/node.h"

namespace signxai::onnx {

struct NodeType {
  std::string_view name;
  void (*translate)(Node&) = nullptr;
  void (*fold)(Node&) = nullptr;  ///< null: numbers are turned into results by `translate`
  std::string_view becomes{};     ///< layers and operations, for docs/onnx.md
};

/// In alphabetical order.
std::span<const NodeType> node_types();
/// Throws Error(kUnsupported) with the reason where the node's type is not in the table.
const NodeType& find_type(Node& node);

}  // namespace signxai::onnx
