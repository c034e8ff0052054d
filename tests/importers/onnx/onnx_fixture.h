// Small ONNX models, written node by node.
#pragma once

#include <string>
#include <vector>

#include "importers/keras_fixture.h"
#include "importers/onnx/load.h"
#include "importers/onnx/messages.pb.h"

namespace signxai::onnx {

using keras::array;
using keras::expect_error;

/// A model with the input "x"; its output is "y".
class OnnxModel {
 public:
  explicit OnnxModel(std::vector<std::int64_t> input, int opset = 17) {
    model.set_ir_version(8);
    model.add_opset_import()->set_version(opset);
    auto* graph = model.mutable_graph();
    graph->set_name("net");
    declare(graph->add_input(), "x", input);
    graph->add_output()->set_name("y");
  }

  static void declare(onnx_messages::ValueInfo* info, const std::string& name, const std::vector<std::int64_t>& shape) {
    info->set_name(name);
    auto* type = info->mutable_type()->mutable_tensor_type();
    type->set_elem_type(1);
    type->mutable_shape();
    for (const std::int64_t extent : shape) {
      auto* dim = type->mutable_shape()->add_dim();
      if (extent < 0) dim->set_dim_param("open");
      if (extent >= 0) dim->set_dim_value(extent);
    }
  }

  onnx_messages::Node& node(const std::string& type, const std::vector<std::string>& inputs,
                            const std::string& output) {
    auto* node = model.mutable_graph()->add_node();
    node->set_op_type(type);
    for (const std::string& input : inputs) node->add_input(input);
    node->add_output(output);
    return *node;
  }

  static void set(onnx_messages::Node& node, const std::string& name, std::int64_t value) {
    auto* attribute = node.add_attribute();
    attribute->set_name(name);
    attribute->set_i(value);
  }
  static void set(onnx_messages::Node& node, const std::string& name, const std::vector<std::int64_t>& values) {
    auto* attribute = node.add_attribute();
    attribute->set_name(name);
    for (const std::int64_t value : values) attribute->add_ints(value);
  }

  onnx_messages::Tensor& floats(const std::string& name, const std::vector<std::int64_t>& shape,
                                const std::vector<float>& values) {
    auto* tensor = model.mutable_graph()->add_initializer();
    tensor->set_name(name);
    tensor->set_data_type(1);
    for (const std::int64_t extent : shape) tensor->add_dims(extent);
    for (const float value : values) tensor->add_float_data(value);
    return *tensor;
  }
  void integers(const std::string& name, const std::vector<std::int64_t>& values) {
    auto* tensor = model.mutable_graph()->add_initializer();
    tensor->set_name(name);
    tensor->set_data_type(7);
    tensor->add_dims(static_cast<std::int64_t>(values.size()));
    for (const std::int64_t value : values) tensor->add_int64_data(value);
  }

  std::string bytes() const { return model.SerializeAsString(); }
  graph::Network load() const { return make_model(bytes(), "net.onnx"); }
  graph::Array run(const graph::Array& x) const { return keras::run(graph::bind(load(), {x.shape}), x); }

  onnx_messages::Model model;
};

}  // namespace signxai::onnx
