// A SavedModel as its files describe it: the graph with its functions, the objects, and the variables. First stage of
// the importer of SavedModels; keras_metadata.h and translate.h make a model definition of it.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "importers/tensorflow/bundle.h"

namespace signxai::tensorflow {

/// Opens the files of a folder, and none that lies elsewhere.
OpenFile files_of(const std::string& folder);

/// Not safe for concurrent use; the literals that come out are.
class SavedModel {
 public:
  /// `subject` names the folder in errors. Throws Error(kNotFound, kCorruptFile, kUnsupported).
  SavedModel(const OpenFile& open, std::string subject);

  const std::string& subject() const { return subject_; }
  const messages::MetaGraphDef& graph() const { return *graph_; }
  const messages::SavedObjectGraph& objects() const { return graph_->object_graph_def(); }
  /// The messages of keras_metadata.pb, or those among the objects in their place; none where Keras did not write it.
  const std::map<int, std::string>& metadata() const { return metadata_; }
  /// The version of TensorFlow that wrote it.
  const std::string& version() const { return graph_->meta_info_def().tensorflow_version(); }

  /// The object that `node` calls so, or -1. All ids that come out are in range.
  int child(int node, const std::string& name) const;
  /// The variables that an object lists under that name, in order.
  std::vector<int> variables(int node) const;

  /// Whether there are any variables.
  bool has_variables() const { return bundle_ != nullptr; }
  Bundle& bundle() const;
  /// The shape of a variable.
  Shape shape(int variable) const;
  /// Its numbers.
  graph::Literal read(int variable, const std::string& name);

 private:
  void read_metadata(const OpenFile& open);
  void check_objects() const;
  void collect_variables(int node, std::set<int>& seen, std::vector<int>& found) const;
  void find_keys();

  std::string subject_;
  std::unique_ptr<messages::SavedModel> message_;
  const messages::MetaGraphDef* graph_ = nullptr;
  std::map<int, std::string> metadata_;
  std::unique_ptr<Bundle> bundle_;
  std::map<int, std::string> keys_;  ///< of variables in the bundle
};

}  // namespace signxai::tensorflow
