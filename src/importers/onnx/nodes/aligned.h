// Operands of pointwise operations, with their axes where broadcasting expects them.
#pragma once

#include <vector>

#include "importers/onnx/node.h"

namespace signxai::onnx {

struct Aligned {
  std::vector<TensorRef> inputs;
  std::vector<Json> operands;  ///< for each tensor: {"tensor": i}, or its number
  Frame frame = Frame::kBatch;
  bool channels_last = false;

  /// Appends a further result to be an operand.
  Json with(const TensorRef& ref);
};

/// At least one of the tensors is computed.
Aligned align(Node& node, const std::vector<Tensor>& tensors);
/// Gives a result of such operands.
void give_aligned(Node& node, const Aligned& aligned, const TensorRef& ref);

}  // namespace signxai::onnx
