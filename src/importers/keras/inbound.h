// One call of a layer as configurations write it, before names are resolved. Part of the second stage of the Keras
// importer; model_def.cpp puts the calls of a model together.
#pragma once

#include <string>
#include <vector>

#include "importers/keras/call_arguments.h"
#include "importers/keras/config.h"

namespace signxai::keras {

struct InboundRef {
  std::string layer;
  std::size_t node = 0;
  std::size_t tensor = 0;
  std::string key{};  ///< the input's name, where a model is called with a dictionary
};

struct InboundMask {
  std::size_t input = 0;  ///< whose mask it is
  InboundRef ref;
};

struct InboundCall {
  std::vector<InboundRef> inputs;    ///< initial states of a recurrent layer behind its sequence
  std::vector<InboundMask> masks{};  ///< given as arguments
  std::string refusal;               ///< why the call cannot be imported; empty if it can
  CallArguments arguments{};         ///< of layers that take some by name
};

/// [layer, node, tensor] of an input or output. Throws Error(kCorruptFile).
InboundRef read_ref(const Json& list, const std::string& subject);

/// The tensors in a value of a Keras 3 call, in order; false where there is anything else.
bool collect_tensors(const Json& value, const std::string& subject, std::vector<InboundRef>& found);

/// Whether the call is in the form of Keras 3: {"args": [...], "kwargs": {...}}.
bool is_keras3_call(const Json& node);

/// Reads a call of either form; that of Keras 2 is [[layer, node, tensor, arguments], ...], or one such entry bare.
/// Throws Error(kCorruptFile).
InboundCall read_inbound(const Json& node, const std::string& subject);

}  // namespace signxai::keras
