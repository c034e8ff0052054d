// Damaged, incomplete and hostile SavedModels: each gets an error that names what is wrong, and nothing outside of the
// folder is read.
#include <fstream>

#include "importers/importer.h"
#include "importers/tensorflow/saved_model_files.h"

namespace signxai::tensorflow {
namespace {

messages::FunctionDefLibrary& functions(messages::SavedModel& model) {
  return *model.mutable_meta_graphs(0)->mutable_graph_def()->mutable_library();
}

/// The function that holds a node of that operation.
messages::FunctionDef& function_with(messages::SavedModel& model, const std::string& op) {
  for (auto& function : *functions(model).mutable_function()) {
    for (const auto& node : function.node_def()) {
      if (node.op() == op) return function;
    }
  }
  throw std::out_of_range(op);
}

messages::NodeDef& node_of(messages::FunctionDef& function, const std::string& op) {
  for (auto& node : *function.mutable_node_def()) {
    if (node.op() == op) return node;
  }
  throw std::out_of_range(op);
}

TEST(SavedModelDamage, MissingFiles) {
  for (const char* name : {"images_keras.saved", "images_function.saved"}) {
    for (const auto& [file, part] : {std::pair{kGraph, "saved_model.pb"}, std::pair{kIndex, "variables.index"},
                                     std::pair{kData, "variables.data-00000-of-00001"}}) {
      Files files(name);
      files.content.erase(file);
      files.expect(ErrorCode::kNotFound, {"folder", part});
    }
  }
}

TEST(SavedModelDamage, TruncatedAtAnyPlace) {
  for (const char* file : {kGraph, kMetadata, kIndex, kData}) {
    const Files whole("images_keras.saved");
    const std::string bytes = whole.content.at(file);
    for (std::size_t part = 0; part < 16; ++part) {
      Files files = whole;
      files.content[file] = bytes.substr(0, bytes.size() * part / 16);
      try {
        files.load();
        ADD_FAILURE() << file << " cut at " << part << "/16 was loaded";
      } catch (const Error& e) {
        EXPECT_NE(e.code(), ErrorCode::kInternal) << e.what();
        EXPECT_NE(std::string(e.what()).find("folder"), std::string::npos) << e.what();
      }
    }
  }
}

TEST(SavedModelDamage, ChangedBytesOfTableAndWeights) {
  Files table("images_function.saved");
  table.content[kIndex][20] ^= 1;
  table.expect(ErrorCode::kCorruptFile, {"folder/variables/variables.index", "damaged"});
  Files weights("images_function.saved");
  weights.content[kData][100] ^= 1;
  weights.expect(ErrorCode::kCorruptFile, {"checksum", "copying"});
}

// The last 48 bytes name two blocks by place and size; nothing else vouches for them.
TEST(SavedModelDamage, TablesOfHugeBlocks) {
  const std::string huge = "\xff\xff\xff\xff\xff\xff\xff\xff\x63";
  for (const std::size_t number : {0u, 1u, 2u, 3u}) {
    Files files("images_function.saved");
    std::string& index = files.content[kIndex];
    std::string footer;
    for (std::size_t i = 0; i < 4; ++i) footer += i == number ? huge : std::string(1, '\x01');
    index.replace(index.size() - 48, footer.size(), footer);
    files.expect(ErrorCode::kCorruptFile, {"variables.index", "outside of the file"});
  }
}

TEST(SavedModelDamage, VariablesOfAnotherShapeOrPlace) {
  for (const char* name : {"images_keras.saved", "images_function.saved"}) {
    Files files(name);
    messages::SavedModel model = files.graph();
    for (auto& node : *model.mutable_meta_graphs(0)->mutable_object_graph_def()->mutable_nodes()) {
      if (node.has_variable()) node.mutable_variable()->mutable_shape()->mutable_dim(0)->set_size(77);
    }
    files.set(model);
    files.expect(ErrorCode::kCorruptFile, {"77"});
  }
}

TEST(SavedModelDamage, ObjectsThatAreNotThere) {
  Files files("images_function.saved");
  messages::SavedModel model = files.graph();
  model.mutable_meta_graphs(0)->mutable_object_graph_def()->mutable_nodes(0)->mutable_children(0)->set_node_id(1000);
  files.set(model);
  files.expect(ErrorCode::kCorruptFile, {"object 1000"});
  model = Files("images_function.saved").graph();
  for (auto& [name, function] : *model.mutable_meta_graphs(0)->mutable_object_graph_def()->mutable_concrete_functions())
    function.add_bound_inputs(-5);
  files.set(model);
  files.expect(ErrorCode::kCorruptFile, {"captures"});
}

TEST(SavedModelDamage, FunctionsThatCallThemselves) {
  Files files("images_function.saved");
  messages::SavedModel model = files.graph();
  for (auto& function : *functions(model).mutable_function()) {
    for (auto& node : *function.mutable_node_def()) {
      if (node.op() == "StatefulPartitionedCall")
        (*node.mutable_attr())["f"].mutable_func()->set_name(function.signature().name());
    }
  }
  files.set(model);
  files.expect(ErrorCode::kUnsupported, {"deeper than 64"});
}

/// Each function calls the next one twice.
TEST(SavedModelDamage, FunctionsThatMultiply) {
  Files files("images_function.saved");
  messages::SavedModel model = files.graph();
  for (int i = 0; i < 60; ++i) {
    messages::FunctionDef* function = functions(model).add_function();
    function->mutable_signature()->set_name("f" + std::to_string(i));
    for (int k = 0; k < 2 && i < 59; ++k) {
      messages::NodeDef* node = function->add_node_def();
      node->set_name("n" + std::to_string(k));
      node->set_op("f" + std::to_string(i + 1));
    }
  }
  messages::NodeDef* node = function_with(model, "Conv2D").add_node_def();
  node->set_name("bomb");
  node->set_op("f0");
  files.set(model);
  files.expect(ErrorCode::kUnsupported, {"too often"});
}

TEST(SavedModelDamage, CyclesAndMissingNodes) {
  Files files("images_function.saved");
  messages::SavedModel model = files.graph();
  messages::FunctionDef& function = function_with(model, "Conv2D");
  messages::NodeDef& convolution = node_of(function, "Conv2D");
  convolution.set_input(0, convolution.name() + ":output:0");
  files.set(model);
  files.expect(ErrorCode::kCorruptFile, {"depend on one another"});
  convolution.set_input(0, "nowhere:output:0");
  files.set(model);
  files.expect(ErrorCode::kCorruptFile, {"depend on one another"});
}

TEST(SavedModelDamage, HugeShapes) {
  Files files("images_function.saved");
  messages::SavedModel model = files.graph();
  for (auto& node : *function_with(model, "Conv2D").mutable_node_def()) {
    if (node.op() != "Const") continue;
    messages::TensorProto& tensor = *(*node.mutable_attr())["value"].mutable_tensor();
    tensor.Clear();
    tensor.set_dtype(1);
    tensor.add_float_val(1);
    for (int i = 0; i < 3; ++i) tensor.mutable_tensor_shape()->add_dim()->set_size(1 << 30);
  }
  files.set(model);
  files.expect(ErrorCode::kCorruptFile, {"impossible shape"});
}

TEST(SavedModelRefusals, NodesAreListedWithTheWayOut) {
  Files files("images_function.saved");
  messages::SavedModel model = files.graph();
  messages::FunctionDef& function = function_with(model, "Conv2D");
  node_of(function, "AddV2").set_op("While");
  node_of(function, "Mean").set_op("LookupTableFindV2");
  node_of(function, "Relu").set_op("PyFunc");
  files.set(model);
  files.expect(ErrorCode::kUnsupported, {"3 nodes", "(While): is a loop", "(LookupTableFindV2): looks something up",
                                         "(PyFunc): calls Python", ".keras or .h5"});
}

TEST(SavedModelRefusals, TrainingModeAndMixedSamples) {
  Files files("images_function.saved");
  messages::SavedModel model = files.graph();
  (*node_of(function_with(model, "Conv2D"), "FusedBatchNormV3").mutable_attr())["is_training"].set_b(true);
  files.set(model);
  files.expect(ErrorCode::kUnsupported, {"norm/FusedBatchNormV3", "training mode", ".keras or .h5"});
}

TEST(SavedModelRefusals, NoGraphNoSignatureNoObjects) {
  Files files("images_function.saved");
  messages::SavedModel model = files.graph();
  messages::SavedModel other = model;
  other.clear_meta_graphs();
  files.set(other);
  files.expect(ErrorCode::kCorruptFile, {"holds no graph"});
  other = model;
  other.mutable_meta_graphs(0)->clear_object_graph_def();
  files.set(other);
  files.expect(ErrorCode::kUnsupported, {"TensorFlow 1"});
  other = model;
  for (auto& node : *other.mutable_meta_graphs(0)->mutable_object_graph_def()->mutable_nodes()) {
    for (auto& child : *node.mutable_children()) {
      if (child.local_name() == "signatures") child.set_local_name("else");
    }
  }
  files.set(other);
  files.expect(ErrorCode::kUnsupported, {"serving_default", "signatures=function"});
}

class Folder {
 public:
  Folder() { fs::create_directories(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { fs::remove_all(path_); }
  std::string path(const std::string& name = "") const { return name.empty() ? path_ : path_ + "/" + name; }
  void write(const std::string& name, const std::string& content) const {
    std::ofstream(path(name), std::ios::binary) << content;
  }

 private:
  std::string path_ = testing::TempDir() + "signxai_saved_model_" + std::to_string(::getpid());
};

TEST(SavedModelRefusals, LinksOutOfTheFolder) {
  const Folder folder;
  fs::copy(data("images_function.saved"), folder.path(), fs::copy_options::recursive);
  EXPECT_NO_THROW(load_network(folder.path()));
  fs::remove(folder.path(kData));
  fs::create_symlink(data(std::string("images_function.saved/") + kData), folder.path(kData));
  expect_error(ErrorCode::kUnsupported, {"variables.data", "outside of the folder"},
               [&] { load_network(folder.path()); });
}

TEST(SavedModelRefusals, OtherFoldersAndFiles) {
  const Folder folder;
  expect_error(ErrorCode::kUnsupported, {"folder without saved_model.pb"}, [&] { load_network(folder.path()); });
  folder.write("frozen.pb", "\x0a\x10\x0a\x01x\x12\x0bPlaceholder");
  expect_error(ErrorCode::kUnsupported, {"frozen graph"}, [&] { load_network(folder.path("frozen.pb")); });
  folder.write("model.tar", std::string(257, '\0') + "ustar" + std::string(300, '\0'));
  expect_error(ErrorCode::kUnsupported, {"tar archive", "unpacked"}, [&] { load_network(folder.path("model.tar")); });
  folder.write("model.tgz", "\x1f\x8b\x08");
  expect_error(ErrorCode::kUnsupported, {"compressed", "unpacked"}, [&] { load_network(folder.path("model.tgz")); });
  folder.write("saved_model.pbtxt", "saved_model_schema_version: 1");
  expect_error(ErrorCode::kUnsupported, {"saved_model.pbtxt"}, [&] { load_network(folder.path()); });
}

}  // namespace
}  // namespace signxai::tensorflow
