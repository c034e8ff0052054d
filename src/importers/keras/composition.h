// What a custom layer class consists of, and the model that stands for one layer of it. Part of the second stage of the
// Keras importer. docs/custom-layers.md describes the JSON. Immutable after parsing.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "importers/keras/config.h"
#include "importers/keras/model_def.h"

namespace signxai::keras {

/// One layer of a composition. Numbers of the configuration may be {"$config": key}: the custom layer's own.
struct Step {
  std::string name;
  std::string class_name;
  std::vector<std::string> inputs;
  Json config = Json::object();
  Json condition = true;                            ///< left out where this is false, null or 0: hands its input on
  std::optional<std::vector<std::size_t>> weights;  ///< which of the custom layer's; nothing: the next ones
  std::string saved_as;                             ///< where .keras files have the weights, below the custom layer
};

struct Composition {
  std::vector<std::string> inputs;
  std::vector<Step> steps;
  std::vector<std::string> outputs;
};

struct Compositions {
  std::map<std::string, Composition> classes;

  /// By registered name ("package>Class") or by class; nullptr where there is none.
  const Composition* find(const std::string& class_name, const std::string& registered_name) const;
};

/// Throws Error(kInvalidArgument); `subject` names the file and the class.
Composition parse_composition(const Json& json, const std::string& subject);

/// The composition with the values of one layer's configuration put in. Classes that have a composition themselves are
/// composed in turn. Throws Error(kInvalidArgument).
ModelDef compose(const Composition& composition, const Compositions& all, const Json& layer_config,
                 const std::string& subject, int depth = 0);

}  // namespace signxai::keras
