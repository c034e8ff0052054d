// Groups of nodes that are one layer: exporters write out what a layer is made of. A node looks at those behind it, and
// translates them along.
#pragma once

#include <optional>

#include "importers/onnx/node.h"

namespace signxai::onnx {

struct Added {
  Constant numbers;
  const onnx_messages::Node* node;
};

/// The constant that the only user of the node's result adds: one number for each element of that axis, and no others.
std::optional<Added> added_constant(Node& node, std::size_t rank, std::size_t axis, std::int64_t extent);

}  // namespace signxai::onnx
