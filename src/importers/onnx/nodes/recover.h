// Groups of nodes that are one layer: exporters write out what a layer is made of. Either a node looks at those behind
// it and translates them along, or the last node of a group looks back; what was made of the others is then used by
// nothing and is no part of the network.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "importers/onnx/node.h"

namespace signxai::onnx {

struct Added {
  Constant numbers;
  const onnx_messages::Node* node;
};

/// The constant that the only user of the node's result adds: one number for each element of that axis, and no others.
std::optional<Added> added_constant(Node& node, std::size_t rank, std::size_t axis, std::int64_t extent);

// What makes a tensor, for those that look back.

/// The tensor that this one is, behind nodes that hand it on.
std::string origin(const Translator& translator, const std::string& tensor);
/// The node that makes it, if it is of that type; else null.
const onnx_messages::Node* made_by(const Translator& translator, const std::string& tensor, std::string_view type);
/// The number that it is; none where it is computed or of several elements.
std::optional<double> number(const Translator& translator, const std::string& tensor);

// These give the result of the node and return true, if it is the last one of such a layer.

/// What is added along the channels of a layer with kernel, behind reshapes, also where these spread them over axes.
bool recover_bias(Node& node);
/// GELU, SiLU, Mish, HardSwish and HardSigmoid (recover_functions.cpp).
bool recover_function(Node& node);
/// LayerNormalization and RMSNormalization (recover_normalization.cpp).
bool recover_normalization(Node& node);
/// The same as a BatchNormalization by statistics that the graph computes, in which each sample's rows are channels.
bool recover_row_normalization(Node& node);

}  // namespace signxai::onnx
