// One node of an ONNX graph while it is translated: its inputs and attributes, checked, and how results are given.
// Lives for the time of the import only.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "importers/onnx/translator.h"

namespace signxai::onnx {

class Node {
 public:
  Node(Translator& translator, const onnx_messages::Node& proto);

  Translator& translator() { return translator_; }
  const onnx_messages::Node& proto() const { return proto_; }
  const std::string& type() const { return proto_.op_type(); }
  /// As the file has it, or the name of the first output.
  const std::string& name() const { return name_; }
  std::int64_t opset() { return translator_.document().opset(); }

  // Inputs. Those at the end may be left out, and others be empty.
  std::size_t inputs() const { return static_cast<std::size_t>(proto_.input_size()); }
  bool has(std::size_t i) const { return i < inputs() && !proto_.input(static_cast<int>(i)).empty(); }
  const Tensor& input(std::size_t i) const;
  /// The numbers of an input, if they are known; null also where it is left out.
  const Constant* constant(std::size_t i) const;
  /// Numbers that have to be known; `what` says what they are.
  const Constant& known(std::size_t i, const char* what = "input") const;
  bool all_constant() const;
  bool any_missing() const;
  std::size_t outputs() const { return static_cast<std::size_t>(proto_.output_size()); }
  /// Whether anything takes that output.
  bool wants(std::size_t output) const;

  // Attributes.
  bool has(std::string_view attribute) const { return find(attribute) != nullptr; }
  std::int64_t integer(std::string_view attribute, std::int64_t fallback) const;
  double number(std::string_view attribute, double fallback) const;
  std::string text(std::string_view attribute, const std::string& fallback) const;
  std::optional<graph::Ints> integers(std::string_view attribute) const;
  std::vector<double> numbers(std::string_view attribute) const;
  std::vector<std::string> texts(std::string_view attribute) const;
  std::optional<Constant> tensor(std::string_view attribute) const;
  /// What older versions have as an attribute and newer ones as an input.
  std::optional<graph::Ints> integers(std::string_view attribute, std::size_t input) const;
  /// An axis counted from the front.
  std::int64_t axis(std::int64_t given, std::size_t rank) const;

  // Results.
  void give(std::size_t output, Tensor tensor);
  void give(std::size_t output, Constant constant);
  /// A result of which the call's tensor is in that frame.
  void give(std::size_t output, const TensorRef& ref, Frame frame);
  /// The elements of a tensor in another shape, without a call.
  void give_view(std::size_t output, const Tensor& tensor, Shape shape);

  // Calls.
  TensorRef layer(const char* class_name, Json config, std::vector<TensorRef> inputs,
                  std::vector<graph::Literal> weights = {}, const std::string& suffix = {});
  /// An operation; tensors among the options are {"tensor": index into `inputs`}.
  TensorRef operation(const char* class_name, Json options, std::vector<TensorRef> inputs,
                      const std::string& suffix = {});
  TensorRef batched(const Tensor& tensor) { return translator_.in_frame(tensor, Frame::kBatch, name_); }
  TensorRef in_frame(const Tensor& tensor, Frame frame) { return translator_.in_frame(tensor, frame, name_); }
  /// The batch frame where that can hold the tensor and the axis is not that of the batch.
  static Frame frame_for(const Tensor& tensor, std::int64_t axis = 1);
  /// The tensor's elements as they are kept, for what works on each by itself.
  Tensor like(const Tensor& tensor, const TensorRef& ref) const;

  [[noreturn]] void refuse(const std::string& reason) const;
  [[noreturn]] void corrupt(const std::string& message) const;

 private:
  const onnx_messages::Attribute* find(std::string_view attribute) const;

  Translator& translator_;
  const onnx_messages::Node& proto_;
  std::string name_;
};

/// Whether a reshape from one to the other leaves each element where it is: they are equal, in no more than one open
/// extent.
bool keeps_shape(const Shape& from, const Shape& to);
/// Position of an axis in a frame.
inline std::int64_t in_frame(std::int64_t axis, Frame frame) { return frame == Frame::kBatch ? axis : axis + 1; }
/// {"tensor": i}
Json nth(std::size_t i);

}  // namespace signxai::onnx
