// The model as its configuration describes it: layers, and which tensors each call takes. No graph yet. Second stage of
// the Keras importer, between the JSON text and assemble.h. Plain immutable values that share the JSON document.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "graph/types.h"
#include "importers/keras/call_arguments.h"
#include "importers/keras/config.h"

namespace signxai::keras {

/// The result of a call: output `tensor` of call `node` of layer `layer` (index into ModelDef::layers).
struct TensorRef {
  std::size_t layer = 0;
  std::size_t node = 0;
  std::size_t tensor = 0;
};

/// A tensor that a call is given as the mask of one of its inputs.
struct MaskRef {
  std::size_t input = 0;
  TensorRef of;
};

struct ModelDef;
struct Compositions;

struct LayerDef {
  std::string name;
  std::string class_name;
  std::shared_ptr<const Json> config;
  std::vector<std::vector<TensorRef>> calls;  ///< the inputs of each call; an InputLayer has one call without inputs
  std::map<std::size_t, std::vector<MaskRef>> masks{};  ///< of calls that are given masks as arguments
  std::string refusal;                                  ///< why its calls cannot be imported; empty if they can
  std::shared_ptr<const ModelDef> nested;               ///< a model that is used as a layer
  bool composed = false;                                ///< `nested` is what a custom layer consists of (composition.h)
  bool operation = false;                               ///< on tensors (operations/operation.h): no layer
  bool masks_only = false;                              ///< such an operation that makes a mask and nothing else
  bool wraps = false;  ///< `nested` is inside this layer, which is of Keras: TimeDistributed(model)
  std::optional<std::vector<std::size_t>> weights{};  ///< of a part of a custom layer: which of that layer's weights
  std::vector<CallArguments> arguments{};             ///< of each call, for classes that take some by name
  std::string saved_as{};                             ///< of such a part: its group below the custom layer's
  std::optional<graph::Literal> constant{};           ///< numbers in place of a layer (nodes/model_builder.h)
};

struct ModelDef {
  std::string name;
  bool sequential = false;
  int keras = 2;                  ///< 3 where the configuration has a form that only Keras 3 writes
  std::vector<LayerDef> layers;   ///< as in the file; a Sequential model gets the InputLayer that Keras would add
  std::vector<TensorRef> inputs;  ///< calls of InputLayers, in the model's order
  std::vector<TensorRef> outputs;
};

/// One call of a layer, by indices.
struct CallRef {
  std::size_t layer = 0;
  std::size_t node = 0;
  auto operator<=>(const CallRef&) const = default;
};

/// Reads {"class_name": "Sequential" | "Functional" | "Model", "config": ...}; `subject` names the model in errors.
/// Every reference of the result is in range. Throws Error(kCorruptFile, kUnsupported).
/// `custom` says what custom classes consist of; null: nothing is known of any.
ModelDef read_model(const std::shared_ptr<const Json>& document, const std::string& subject,
                    const Compositions* custom = nullptr);

/// The calls that the outputs need, in topological order, and in the order of the file where that is one. Model inputs
/// are always among them. Throws Error(kCorruptFile) on cycles.
std::vector<CallRef> call_order(const ModelDef& model);

/// Whether a layer of that class is a model.
bool is_model_class(const std::string& class_name);

/// Why a layer's entry is none of Keras's own layers; empty if it is one. Classes are told apart by module, not by name
/// alone.
std::string foreign_reason(const Json& entry, const std::string& subject);

}  // namespace signxai::keras
