// What stands behind a node, and before it.
#include "importers/onnx/nodes/recover.h"

#include <algorithm>

namespace signxai::onnx {
namespace {

/// Whether numbers have those extents from that axis on of a tensor that they are added to, and 1 along its others.
bool lies_along(const Shape& shape, std::size_t rank, std::size_t axis, const Shape& extents) {
  if (shape.size() > rank || axis + shape.size() < rank || axis + extents.size() > rank) return false;
  Shape wide(rank - shape.size(), 1), expected(rank, 1);
  wide.insert(wide.end(), shape.begin(), shape.end());
  std::copy(extents.begin(), extents.end(), expected.begin() + static_cast<std::ptrdiff_t>(axis));
  return wide == expected;
}

/// Whether the node hands its first input on. tf2onnx writes some transposes as a Reshape to the shape that is there.
bool hands_on(const Translator& t, const onnx_messages::Node& node, const std::string& output) {
  if (node.input_size() == 0 || node.output(0) != output) return false;
  if (node.op_type() == "Identity" || node.op_type() == "Dropout") return true;
  const Tensor *from = t.find(node.input(0)), *to = t.find(output);
  return node.op_type() == "Reshape" && from && to && keeps_shape(from->shape, to->shape);
}

/// The layer behind calls that only reshape.
TensorRef reshaped_by(Translator& t, TensorRef ref) {
  for (;;) {
    const keras::LayerDef& layer = t.builder().model().layers[ref.layer];
    if (layer.class_name != "Reshape" && layer.class_name != "Flatten") return ref;
    ref = layer.calls.front().front();
  }
}

/// The node that makes the tensor, behind those that give it another shape, if nothing else uses any of it.
const onnx_messages::Node* reshaped_node(const Translator& t, const std::string& tensor) {
  constexpr int kMostSteps = 8;
  std::string name = tensor;
  for (int step = 0; step < kMostSteps && t.sole_user(name); ++step) {
    const auto* node = t.maker_of(name);
    if (!node || node->input_size() == 0) return nullptr;
    const std::string& type = node->op_type();
    if (type != "Reshape" && type != "Squeeze" && type != "Unsqueeze" && type != "Identity") return node;
    name = node->input(0);
  }
  return nullptr;
}

/// The layer with kernel that gives the tensor, but for its shape, if it has no bias; and the extents of its channels
/// from an axis of the tensor on. A layer of attention has them as heads.
struct Unbiased {
  TensorRef layer;
  std::size_t axis;
  Shape extents;
  std::int64_t channels;
};

/// The axes that channels are spread over: from the second on, or up to the last; none where they share one.
std::optional<std::pair<std::size_t, Shape>> axes_of_channels(const Shape& shape, std::int64_t channels, bool first) {
  const std::size_t rank = shape.size();
  std::size_t begin = first ? 1 : rank, end = begin;
  std::int64_t left = channels;
  do {
    if (first ? end == rank : begin == 0) return std::nullopt;
    const std::int64_t extent = first ? shape[end++] : shape[--begin];
    if (extent <= 0 || left % extent != 0) return std::nullopt;
    left /= extent;
  } while (left > 1);
  const auto at = [&](std::size_t axis) { return shape.begin() + static_cast<std::ptrdiff_t>(axis); };
  return std::pair(begin, Shape(at(begin), at(end)));
}

std::optional<Unbiased> unbiased(Translator& t, const std::string& name) {
  const Tensor* tensor = t.find(name);
  if (!tensor || tensor->constant || tensor->missing || tensor->shape.empty()) return std::nullopt;
  const auto* maker = reshaped_node(t, name);
  const Tensor* made = maker ? t.find(maker->output(0)) : nullptr;
  const TensorRef ref = reshaped_by(t, tensor->ref);
  const auto shape = t.shape_of(ref);
  if (!made || !shape || made->ref.layer != ref.layer || ref.tensor != 0) return std::nullopt;
  const keras::LayerDef& layer = t.builder().model().layers[ref.layer];
  const auto bias = layer.config->find("use_bias");
  if (layer.operation || bias == layer.config->end() || *bias != false) return std::nullopt;
  const bool first = layer.config->value("data_format", "") == "channels_first";
  const std::int64_t channels = first ? (*shape)[1] : shape->back();
  const auto axes = axes_of_channels(tensor->shape, channels, first || tensor->channels_last);
  const bool apart = axes && tensor->channels_last && axes->second.size() > 1;
  if (!axes || apart || (first && tensor->shape.front() != 1)) return std::nullopt;
  return Unbiased{ref, axes->first, axes->second, channels};
}

}  // namespace

std::optional<Added> added_constant(Node& node, std::size_t rank, std::size_t axis, std::int64_t extent) {
  const std::string& made = node.proto().output(0);
  const auto* user = node.translator().sole_user(made);
  if (!user || user->op_type() != "Add" || user->input_size() != 2) return std::nullopt;
  if (user->input(0) == user->input(1)) return std::nullopt;
  const Tensor* other = node.translator().find(user->input(user->input(0) == made ? 1 : 0));
  if (!other || !other->constant || !lies_along(other->shape, rank, axis, {extent})) return std::nullopt;
  return Added{other->constant->reshaped({extent}), user};
}

std::string origin(const Translator& translator, const std::string& tensor) {
  constexpr int kMostSteps = 16;
  std::string name = tensor;
  const auto* node = translator.maker_of(name);
  for (int step = 0; node && step < kMostSteps; ++step, node = translator.maker_of(name)) {
    if (!hands_on(translator, *node, name)) return name;
    name = node->input(0);
  }
  return name;
}

const onnx_messages::Node* made_by(const Translator& translator, const std::string& tensor, std::string_view type) {
  const auto* node = translator.maker_of(origin(translator, tensor));
  return node && node->op_type() == type && node->input_size() > 0 ? node : nullptr;
}

std::optional<double> number(const Translator& translator, const std::string& tensor) {
  const Tensor* found = translator.find(tensor);
  if (!found || !found->constant || !found->constant->is_single()) return std::nullopt;
  return found->constant->single();
}

bool recover_bias(Node& node) {
  Translator& t = node.translator();
  if (node.inputs() != 2) return false;
  for (const int i : {0, 1}) {
    const Constant* numbers = node.constant(static_cast<std::size_t>(i));
    const std::string& name = node.proto().input(1 - i);
    const auto layer = numbers ? unbiased(t, name) : std::nullopt;
    if (!layer) continue;
    const Tensor tensor = t.tensor(name, node.name());
    if (!lies_along(numbers->shape(), tensor.shape.size(), layer->axis, layer->extents)) continue;
    t.builder().add_bias(layer->layer, numbers->reshaped({layer->channels}).literal("bias"));
    node.give(0, tensor);
    return true;
  }
  return false;
}

}  // namespace signxai::onnx
