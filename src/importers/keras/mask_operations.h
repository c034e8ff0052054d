// Operations on tensors of which Keras 3 makes masks: a model that hands the mask of a Masking or Embedding layer to
// another layer has them among its layers. They have no derivative and are no layer calls. Part of the Keras importer.
#pragma once

#include <string>
#include <vector>

#include "graph/builder.h"
#include "importers/keras/config.h"
#include "importers/keras/inbound.h"

namespace signxai::keras {

/// Whether an operation of keras.ops is one of those.
bool is_mask_operation(const std::string& class_name);

/// Reads its call; an argument that is a number becomes the option "number". Throws Error(kCorruptFile).
InboundCall read_mask_operation(const Json& node, const std::string& subject);

/// The mask, with 1 for true and 0 for false. Throws Error of the stages import and graph.
graph::Value mask_operation(graph::Builder& builder, const std::string& class_name, const Config& config,
                            const Json& options, const std::vector<graph::Value>& inputs);

}  // namespace signxai::keras
