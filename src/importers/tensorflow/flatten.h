// The inference function of a SavedModel as one flat list of nodes: calls of other functions are put in the place where
// they stand. Second stage of the importer of SavedModels, before translate.h.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "importers/tensorflow/saved_model.h"

namespace signxai::tensorflow {

/// A result of a node.
struct Source {
  int node = -1;
  int output = 0;
  auto operator<=>(const Source&) const = default;
};

/// A node, an argument of the whole function, or what it captured.
struct FlatNode {
  const messages::NodeDef* definition = nullptr;  ///< null for arguments and captures
  std::string name;
  std::vector<Source> inputs{};
  int argument = -1;      ///< of the model
  int variable = -1;      ///< the object
  std::string refusal{};  ///< why it cannot be computed
};

struct Argument {
  std::string name;
  Shape shape;
  int type = 0;
};

struct FlatGraph {
  std::vector<FlatNode> nodes;  ///< in topological order
  std::vector<Argument> arguments;
  std::vector<Source> outputs;
};

/// The function that the model is served by. Throws Error(kUnsupported, kCorruptFile), also for calls that go too deep.
FlatGraph flatten(const SavedModel& saved);

/// Null where the node has no such attribute.
const messages::AttrValue* attribute(const messages::NodeDef& node, const std::string& name);

}  // namespace signxai::tensorflow
