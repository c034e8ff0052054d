// From the flat list of nodes to a model definition: layers are recovered, so that relevance rules apply, and all else
// becomes operations of the table. Third stage of the importer of SavedModels; what it makes goes through the assembler
// of the Keras importer.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "importers/nodes/model_builder.h"
#include "importers/tensorflow/flatten.h"
#include "importers/tensorflow/node.h"

namespace signxai::tensorflow {

class Translator {
 public:
  Translator(SavedModel& saved, const FlatGraph& graph, keras::ModelBuilder& builder);
  ~Translator();
  Translator(const Translator&) = delete;
  Translator& operator=(const Translator&) = delete;

  /// Nodes that cannot be translated become refused layers; the network is refused for all of them together.
  void run();

  const Value& value(const Source& source) const;
  int uses(const Source& source) const;
  /// Behind Identity and its like.
  Source origin(Source source) const;
  const FlatNode& node(const Source& source) const { return graph_.nodes[static_cast<std::size_t>(source.node)]; }
  /// The node behind an operand, and behind what hands it on unchanged; null where it is none of that operation.
  const FlatNode* behind(const FlatNode& node, std::size_t index, std::string_view op) const;
  std::string scope_of(const std::string& name) const;
  /// Extents as the model has them: the batch is open.
  Shape open(Shape shape) const;
  /// A call for later: calls are made when all that can become part of them is known, if the outputs need them.
  std::shared_ptr<Draft> draft();
  const SavedModel& saved() const { return saved_; }

 private:
  void find_needed();
  void find_prefix();
  /// Throws Error(kUnsupported) that lists the nodes of operations that are not in the table.
  void require_known() const;
  void translate(std::size_t index);
  std::vector<Value> values_of(const FlatNode& node);
  void require_small(const FlatNode& flat, const std::vector<Value>& values);
  std::vector<Value> refused(const FlatNode& node, const std::string& reason);
  Value input(const FlatNode& node);
  void make_calls();
  void make(Draft& draft);
  void make_one(Draft& draft);
  std::string unused_name(const Draft& draft);
  keras::TensorRef tensor(const Value& value);

  SavedModel& saved_;
  const FlatGraph& graph_;
  keras::ModelBuilder& builder_;
  std::vector<bool> needed_;
  std::map<Source, int> uses_;
  std::vector<std::vector<Value>> values_;
  std::vector<std::shared_ptr<Draft>> drafts_;  ///< in the order of the nodes
  std::set<std::string> names_;
  std::string prefix_;
  std::int64_t stored_ = 0, computed_ = 0;  ///< elements of constants
  std::int64_t batch_ = -1;                 ///< where the signature fixes it
};

/// The function for an operation; null where there is none.
Translate find_translation(const std::string& op);
/// Why an operation can never be computed, or a general reason.
std::string reason_against(const std::string& op);

}  // namespace signxai::tensorflow
