// Calls of layers that take several tensors and options by name, such as attention layers: layer(query, value=...,
// use_causal_mask=True). Part of the second stage of the Keras importer; inbound.h has the calls of all other layers.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "importers/keras/config.h"

namespace signxai::keras {

struct InboundCall;

/// What a call gives besides the tensors themselves.
struct CallArguments {
  std::vector<std::string> names{};  ///< of the argument that each input is, or is part of
  Json options = Json::object();     ///< arguments that are no tensors and not null
};

/// Reads a call in the form of Keras 2 or 3. `names` are the arguments of the layer's `call`, in order. A call with
/// other arguments, or in training mode, is refused. Throws Error(kCorruptFile).
InboundCall read_named_call(const Json& node, std::span<const std::string_view> names, const std::string& subject);

}  // namespace signxai::keras
