// Opening of SavedModels, and which tensor of the bundle is which variable.
#include "importers/tensorflow/saved_model.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <limits>
#include <set>
#include <utility>

#include "importers/corrupt.h"
#include "signxai/error.h"

namespace signxai::tensorflow {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostInside = 4096;  ///< objects of one layer
constexpr const char* kGraph = "_CHECKPOINTABLE_OBJECT_GRAPH";

template <typename Message>
void parse(Message& message, const base::Bytes& bytes, const std::string& subject) {
  if (bytes.size > static_cast<std::uint64_t>(std::numeric_limits<int>::max())) {
    throw Error(ErrorCode::kUnsupported, "import", subject, "is larger than 2 GB, which protocol buffers cannot be");
  }
  if (!message.ParseFromArray(bytes.data.get(), static_cast<int>(bytes.size))) {
    corrupt(subject, "is damaged or no SavedModel; try copying the whole folder again");
  }
}

/// The graph that is served: its tags are "serve" and no more, or it is the only one.
const messages::MetaGraphDef& choose_graph(const messages::SavedModel& model, const std::string& subject) {
  std::string tags;
  const messages::MetaGraphDef* served = nullptr;
  for (const auto& graph : model.meta_graphs()) {
    const auto& own = graph.meta_info_def().tags();
    const bool serves = std::find(own.begin(), own.end(), "serve") != own.end();
    if (serves && (!served || own.size() == 1)) served = &graph;
    for (const std::string& tag : own) tags += (tags.empty() ? "" : ", ") + tag;
  }
  if (served) return *served;
  if (model.meta_graphs_size() == 1) return model.meta_graphs(0);
  corrupt(subject, model.meta_graphs_size() == 0 ? "holds no graph" : "has no graph with the tag 'serve'; got " + tags);
}

}  // namespace

OpenFile files_of(const std::string& folder) {
  std::error_code error;
  const fs::path root = fs::canonical(folder, error);
  if (error) throw Error(ErrorCode::kIo, "import", folder, "the folder cannot be read: " + error.message());
  return [root](const std::string& name) -> std::optional<base::Bytes> {
    const fs::path path = root / name;
    std::error_code failed;
    if (!fs::exists(path, failed) && !failed) return std::nullopt;
    const fs::path real = fs::canonical(path, failed);
    if (!failed && std::mismatch(root.begin(), root.end(), real.begin(), real.end()).first != root.end()) {
      throw Error(ErrorCode::kUnsupported, "import", path.string(),
                  "is a link to a place outside of the folder; try copying the folder with the files themselves");
    }
    const auto mapped = base::MappableFile(path.string()).map();
    return base::Bytes{std::shared_ptr<const std::byte>(mapped, mapped->data()), mapped->size()};
  };
}

SavedModel::SavedModel(const OpenFile& open, std::string subject)
    : subject_(std::move(subject)), message_(std::make_unique<messages::SavedModel>()) {
  const auto bytes = open("saved_model.pb");
  if (!bytes) throw Error(ErrorCode::kNotFound, "import", subject_, "has no file saved_model.pb");
  parse(*message_, *bytes, subject_ + "/saved_model.pb");
  graph_ = &choose_graph(*message_, subject_ + "/saved_model.pb");
  check_objects();
  read_metadata(open);
  if (open("variables/variables.index")) bundle_ = std::make_unique<Bundle>(open, subject_);
  if (bundle_ && bundle_->find(kGraph)) find_keys();
}

void SavedModel::check_objects() const {
  const int count = objects().nodes_size();
  for (const auto& node : objects().nodes()) {
    for (const auto& child : node.children()) {
      if (child.node_id() < 0 || child.node_id() >= count) {
        corrupt(subject_ + "/saved_model.pb",
                "an object refers to object " + std::to_string(child.node_id()) + " of " + std::to_string(count));
      }
    }
  }
}

void SavedModel::read_metadata(const OpenFile& open) {
  if (const auto bytes = open("keras_metadata.pb")) {
    messages::KerasMetadata metadata;
    parse(metadata, *bytes, subject_ + "/keras_metadata.pb");
    for (const auto& node : metadata.nodes()) metadata_[node.node_id()] = node.metadata();
    return;
  }
  for (int i = 0; i < objects().nodes_size(); ++i) {  // before TensorFlow 2.5
    const auto& object = objects().nodes(i).user_object();
    if (object.identifier().starts_with("_tf_keras") && !object.metadata().empty()) metadata_[i] = object.metadata();
  }
}

int SavedModel::child(int node, const std::string& name) const {
  if (node < 0 || node >= objects().nodes_size()) return -1;
  for (const auto& child : objects().nodes(node).children()) {
    if (child.local_name() == name) return child.node_id();
  }
  return -1;
}

/// The variables of an object and of the layers, cells and lists inside it, each once, in the order of its attributes.
void SavedModel::collect_variables(int node, std::set<int>& seen, std::vector<int>& found) const {
  if (seen.size() > kMostInside || !seen.insert(node).second) return;
  if (objects().nodes(node).has_variable()) {
    found.push_back(node);
    return;
  }
  for (const bool own : {true, false}) {
    for (const auto& child : objects().nodes(node).children()) {
      const messages::SavedObject& object = objects().nodes(child.node_id());
      const std::string& kind = object.user_object().identifier();
      const bool holds = kind.starts_with("_tf_keras") || kind == "trackable_list_wrapper";
      if (child.local_name() == "keras_api" || object.has_variable() != own || (!own && !holds)) continue;
      collect_variables(child.node_id(), seen, found);
    }
  }
}

std::vector<int> SavedModel::variables(int node) const {
  int list = child(node, "variables");
  if (list < 0) list = child(child(node, "keras_api"), "variables");
  std::vector<int> found;
  if (list < 0) {  // saved without traces
    std::set<int> seen;
    collect_variables(node, seen, found);
    std::stable_partition(found.begin(), found.end(), [&](int v) { return objects().nodes(v).variable().trainable(); });
    return found;
  }
  for (int i = 0; i < objects().nodes(list).children_size(); ++i) {
    const int variable = child(list, std::to_string(i));
    if (variable < 0 || !objects().nodes(variable).has_variable()) {
      corrupt(subject_ + "/saved_model.pb", "the variables of object " + std::to_string(node) + " are no list");
    }
    found.push_back(variable);
  }
  return found;
}

/// The bundle has a graph of objects of its own, with the same names and other numbers.
void SavedModel::find_keys() {
  messages::TrackableObjectGraph tracked;
  if (!tracked.ParseFromString(bundle_->text(kGraph)))
    corrupt(subject_, "the graph of objects in variables/ is damaged");
  std::vector<std::pair<int, int>> pending{{0, 0}};
  std::set<int> seen{0};
  const auto in_range = [&](int id) { return id >= 0 && id < tracked.nodes_size(); };
  if (tracked.nodes_size() == 0 || objects().nodes_size() == 0) return;
  while (!pending.empty()) {
    const auto [node, other] = pending.back();
    pending.pop_back();
    const auto& twin = tracked.nodes(other);
    for (const auto& attribute : twin.attributes()) {
      if (attribute.name() == "VARIABLE_VALUE") keys_[node] = attribute.checkpoint_key();
    }
    for (const auto& child : objects().nodes(node).children()) {
      const auto it = std::find_if(twin.children().begin(), twin.children().end(),
                                   [&](const auto& c) { return c.local_name() == child.local_name(); });
      if (it == twin.children().end() || !in_range(it->node_id())) continue;
      if (seen.insert(child.node_id()).second) pending.emplace_back(child.node_id(), it->node_id());
    }
  }
}

Bundle& SavedModel::bundle() const {
  if (bundle_) return *bundle_;
  throw Error(
      ErrorCode::kNotFound, "import", subject_,
      "has no file variables/variables.index, which holds the places of the weights; try copying the whole folder");
}

Shape SavedModel::shape(int variable) const { return shape_of(objects().nodes(variable).variable().shape(), subject_); }

graph::Literal SavedModel::read(int variable, const std::string& name) {
  Bundle& weights = bundle();
  const auto it = keys_.find(variable);
  const std::string& own = objects().nodes(variable).variable().name();
  if (it == keys_.end()) corrupt(subject_, "the variable '" + own + "' is not among the weights in variables/");
  graph::Literal literal = weights.read(it->second, name);
  if (literal.shape() != shape(variable)) {
    corrupt(subject_, "the variable '" + own + "' is stored with the shape " + signxai::to_string(literal.shape()) +
                          "; expected " + signxai::to_string(shape(variable)));
  }
  return literal;
}

}  // namespace signxai::tensorflow
