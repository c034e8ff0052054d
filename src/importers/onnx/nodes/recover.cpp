// What stands behind a node, and before it.
#include "importers/onnx/nodes/recover.h"

#include <algorithm>

namespace signxai::onnx {
namespace {

/// Whether numbers of that shape belong to one axis of a tensor that they are added to.
bool lies_along(const Shape& shape, std::size_t rank, std::size_t axis, std::int64_t extent) {
  if (shape.size() > rank || element_count(shape) != extent) return false;
  const std::size_t first = rank - shape.size();
  if (axis < first) return false;
  return shape[axis - first] == extent;
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

/// The layer with kernel that gives the tensor, but for its shape, if it has no bias; and the tensor's axis of
/// channels.
struct Unbiased {
  TensorRef layer;
  std::size_t axis;
  std::int64_t channels;
};

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
  const std::size_t axis = first || tensor->channels_last ? 1 : tensor->shape.size() - 1;
  if (axis >= tensor->shape.size() || tensor->shape[axis] != channels || (first && tensor->shape.front() != 1))
    return std::nullopt;
  return Unbiased{ref, axis, channels};
}

}  // namespace

std::optional<Added> added_constant(Node& node, std::size_t rank, std::size_t axis, std::int64_t extent) {
  const std::string& made = node.proto().output(0);
  const auto* user = node.translator().sole_user(made);
  if (!user || user->op_type() != "Add" || user->input_size() != 2) return std::nullopt;
  if (user->input(0) == user->input(1)) return std::nullopt;
  const Tensor* other = node.translator().find(user->input(user->input(0) == made ? 1 : 0));
  if (!other || !other->constant || !lies_along(other->shape, rank, axis, extent)) return std::nullopt;
  return Added{other->constant->reshaped({extent}), user};
}

std::string origin(const Translator& translator, const std::string& tensor) {
  constexpr int kMostSteps = 16;
  std::string name = tensor;
  const auto* node = translator.maker_of(name);
  for (int step = 0; node && step < kMostSteps; ++step, node = translator.maker_of(name)) {
    const bool same = node->op_type() == "Identity" || node->op_type() == "Dropout";
    if (!same || node->input_size() == 0 || node->output(0) != name) return name;
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
    if (!lies_along(numbers->shape(), tensor.shape.size(), layer->axis, layer->channels)) continue;
    t.builder().add_bias(layer->layer, numbers->reshaped({layer->channels}).literal("bias"));
    node.give(0, tensor);
    return true;
  }
  return false;
}

}  // namespace signxai::onnx
