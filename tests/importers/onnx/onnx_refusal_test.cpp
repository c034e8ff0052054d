// ONNX files that are damaged, contradict themselves, or hold what cannot be computed. Nothing here may crash.
#include <fstream>
#include <sstream>

#include "importers/importer.h"
#include "importers/onnx/onnx_fixture.h"
#include "support/temp_folder.h"

namespace signxai::onnx {
namespace {

void expect_corrupt(const OnnxModel& net, const std::vector<std::string>& parts) {
  expect_error(ErrorCode::kCorruptFile, parts, [&] { net.load(); });
}
void expect_unsupported(const OnnxModel& net, const std::vector<std::string>& parts) {
  expect_error(ErrorCode::kUnsupported, parts, [&] { net.load(); });
}

OnnxModel relu() {
  OnnxModel net({-1, 3});
  net.node("Relu", {"x"}, "y");
  return net;
}

std::string stored(const char* name) {
  std::ifstream file(std::string(SIGNXAI_SOURCE_DIR) + "/tests/importers/data/onnx/" + name, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

TEST(OnnxRefusal, AllNodesAtOnce) {
  OnnxModel net({-1, 3});
  net.node("Relux", {"x"}, "a").set_name("first");
  net.node("Loop", {"a"}, "b").set_name("second");
  net.node("QuantizeLinear", {"x"}, "c").set_name("third");
  net.node("Mine", {"x"}, "d").set_domain("com.example");
  net.node("Relux", {"x"}, "unused").set_name("unused");
  net.node("Add", {"b", "c"}, "e");
  net.node("Add", {"e", "d"}, "y");
  expect_unsupported(net, {"4 layers", "first (Relux): is of a type that is not supported; did you mean Relu",
                           "second (Loop): runs a part", "third (QuantizeLinear)", "quantised",
                           "d (Mine): is of the operators 'com.example'"});
}

// As tf2onnx writes a convolution in groups of Keras 2.
TEST(OnnxRefusal, FunctionsWithoutBody) {
  for (const char* type : {"PartitionedCall", "StatefulPartitionedCall"}) {
    OnnxModel net({-1, 3});
    net.node(type, {"x"}, "y").set_name("block/conv");
    expect_unsupported(net, {"block/conv (" + std::string(type) + "): calls a function of TensorFlow",
                             "tf.config.run_functions_eagerly(True)"});
  }
}

TEST(OnnxRefusal, FunctionsOfTheFile) {
  OnnxModel net({-1, 3});
  net.node("Mine", {"x"}, "y").set_domain("com.example");
  auto* function = net.model.add_functions();
  function->set_domain("com.example");
  function->set_name("Mine");
  expect_unsupported(net, {"y (Mine): is a function that the file defines", "inline_local_functions"});
}

TEST(OnnxRefusal, Graphs) {
  OnnxModel cycle({-1, 3});
  cycle.node("Add", {"x", "b"}, "a");
  cycle.node("Relu", {"a"}, "b");
  cycle.node("Relu", {"b"}, "y");
  expect_corrupt(cycle, {"depends on its own output"});
  OnnxModel twice = relu();
  twice.node("Tanh", {"x"}, "y");
  expect_corrupt(twice, {"two nodes make 'y'"});
  OnnxModel missing({-1, 3});
  missing.node("Add", {"x", "w"}, "y");
  expect_corrupt(missing, {"takes 'w', which nothing makes"});
  OnnxModel no_output({-1, 3});
  expect_corrupt(no_output, {"takes 'y', which nothing makes"});
  OnnxModel constant({-1, 3});
  constant.floats("y", {1}, {1});
  expect_unsupported(constant, {"'y' does not depend on the input"});
}

TEST(OnnxRefusal, Versions) {
  OnnxModel old = relu();
  old.model.mutable_opset_import(0)->set_version(6);
  expect_unsupported(old, {"operators of version 6", "7 to 21", "opset_version=17"});
  OnnxModel format = relu();
  format.model.set_ir_version(99);
  expect_unsupported(format, {"ir_version) 99"});
}

TEST(OnnxRefusal, Inputs) {
  OnnxModel fixed({8, 3});
  fixed.node("Relu", {"x"}, "y");
  expect_unsupported(fixed, {"input x", "(8, 3)", "dynamic_axes"});
  OnnxModel absurd({-1, std::int64_t{1} << 60});
  absurd.node("Relu", {"x"}, "y");
  expect_corrupt(absurd, {"impossible shape"});
}

TEST(OnnxRefusal, Tensors) {
  const auto with = [](const std::vector<std::int64_t>& shape, int type, std::size_t bytes) {
    OnnxModel net({-1, 3});
    auto& tensor = net.floats("w", shape, {});
    tensor.set_data_type(type);
    tensor.set_raw_data(std::string(bytes, '\0'));
    net.node("Add", {"x", "w"}, "y");
    return net;
  };
  expect_corrupt(with({3}, 1, 11), {"net.onnx: w", "(3,) of float, but has 11 bytes"});
  expect_corrupt(with({-3}, 1, 12), {"impossible extent -3"});
  expect_corrupt(with({std::int64_t{1} << 40, std::int64_t{1} << 40}, 1, 12), {"impossible extent"});
  expect_unsupported(with({3}, 8, 12), {"elements of type 8"});
  expect_corrupt(with({2, 3, 4}, 1, 12), {"but has 12 bytes"});
}

TEST(OnnxRefusal, Attributes) {
  OnnxModel net({-1, 3});
  OnnxModel::set(net.node("Flatten", {"x"}, "y"), "axis", std::int64_t{9});
  expect_corrupt(net, {"y (Flatten)", "axis 9"});
  OnnxModel conv({-1, 3, 4, 4});
  conv.floats("w", {2, 3, 1, 1}, {1, 2, 3, 4, 5, 6});
  OnnxModel::set(conv.node("Conv", {"x", "w"}, "y"), "pads", std::vector<std::int64_t>{1, 2, 3});
  expect_corrupt(conv, {"y (Conv)", "3 pads; expected 4"});
}

/// Each prefix, and each byte changed: an error or a network, and no crash.
TEST(OnnxRefusal, DamagedFiles) {
  const std::string whole = stored("residual11.onnx");
  ASSERT_GT(whole.size(), 3000u);
  const auto load = [](const std::string& bytes) {
    try {
      make_model(bytes, "damaged");
    } catch (const Error& e) {
      EXPECT_NE(e.code(), ErrorCode::kInternal) << e.what();
    }
  };
  for (std::size_t size = 0; size < whole.size(); size += 37) load(whole.substr(0, size));
  for (std::size_t at = 0; at < whole.size(); at += 11) {
    for (const char value : {'\0', '\x7f', '\xff'}) {
      std::string damaged = whole;
      damaged[at] = value;
      load(damaged);
    }
  }
  expect_error(ErrorCode::kCorruptFile, {"not a whole ONNX file"},
               [&] { make_model(whole.substr(0, whole.size() - 9), "cut"); });
}

TEST(OnnxRefusal, FormatsAreFoundByContent) {
  const test::TempFolder folder;
  const auto save = [&](const std::string& name, const std::string& bytes) {
    std::ofstream(folder.file(name), std::ios::binary) << bytes;
    return folder.file(name);
  };
  EXPECT_NO_THROW(load_network(save("model", stored("gru17.onnx"))));
  expect_error(ErrorCode::kCorruptFile, {"not a whole ONNX file"},
               [&] { load_network(save("text.onnx", "no model at all")); });
  expect_error(ErrorCode::kUnsupported, {"TFLite", "tf2onnx"},
               [&] { load_network(save("net.tflite", std::string("\x1c\0\0\0TFL3....", 12))); });
}

}  // namespace
}  // namespace signxai::onnx
