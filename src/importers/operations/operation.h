// Operations on tensors that functional models record among their layers: keras.ops of Keras 3, and TensorFlow
// functions in models of tf.keras 2 (TFOpLambda, SlicingOpLambda). Each is one line of a table (table.cpp) with both
// spellings and its arguments; what it computes is lowered to the graph as a layer without weights is. Part of the
// Keras importer.
#pragma once

#include <string>
#include <string_view>

#include "importers/keras/inbound.h"
#include "importers/operations/operands.h"

namespace signxai::keras {

/// What reaches the inputs of an operation on the way back.
enum class Derivative {
  kFull,
  kNone,     ///< comparisons, indices, masks, extents: the result counts as given
  kStopped,  ///< the same, although the graph could be differentiated
};

struct Operation {
  std::string_view names;  ///< the class of keras.ops and functions of TensorFlow without namespace, by spaces
  /// Arguments in the order of the call, by commas: "x1=x, x2=y" has two spellings each, "theta:1" is supported with
  /// the value 1 alone, "operands*" takes all that are left.
  std::string_view arguments;
  LayerResult (*import)(Operands&) = nullptr;
  graph::LayerKind kind = graph::LayerKind::kOther;
  Derivative derivative = Derivative::kFull;
};

/// Finds "Add" (Keras 3), "math.add" or "compat.v1.transpose" (Keras 2); null where it is not supported.
const Operation* find_operation(std::string_view name);

/// Whether a class of Keras 2 wraps a TensorFlow function.
bool wraps_function(std::string_view class_name);

/// The operation of a layer's entry: its class, or the function that it wraps.
std::string operation_name(const std::string& class_name, const Json& config);

/// Why an operation that is not in the table cannot be computed; names those that can.
std::string unknown_operation(const std::string& name);

/// Reads a call of either form. The arguments go into `arguments.options` under their first spelling; tensors among
/// them are {"tensor": index into `inputs`}. Throws Error(kCorruptFile).
InboundCall read_operation(const Operation& operation, const Json& node, const Json& config,
                           const std::string& subject);

}  // namespace signxai::keras
