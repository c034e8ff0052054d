// Checked access to what a node has.
#include "importers/onnx/node.h"

#include <algorithm>

#include "signxai/error.h"

namespace signxai::onnx {

Node::Node(Translator& translator, const onnx_messages::Node& proto)
    : translator_(translator),
      proto_(proto),
      name_(!proto.name().empty() || proto.output_size() == 0 ? proto.name() : proto.output(0)) {}

void Node::refuse(const std::string& reason) const {
  throw Error(ErrorCode::kUnsupported, "import", name_ + " (" + type() + ")", reason);
}

void Node::corrupt(const std::string& message) const {
  throw Error(ErrorCode::kCorruptFile, "import", name_ + " (" + type() + ")", message);
}

const Tensor& Node::input(std::size_t i) const {
  if (!has(i)) corrupt("has no input " + std::to_string(i));
  return translator_.tensor(proto_.input(static_cast<int>(i)), name_);
}

const Constant* Node::constant(std::size_t i) const {
  if (!has(i)) return nullptr;
  const Tensor& tensor = input(i);
  return tensor.constant ? &*tensor.constant : nullptr;
}

const Constant& Node::known(std::size_t i, const char* what) const {
  const Constant* found = constant(i);
  if (!found) {
    input(i);
    refuse(std::string("takes computed numbers as ") + what + "; supported are those that the file states");
  }
  return *found;
}

bool Node::all_constant() const {
  for (std::size_t i = 0; i < inputs(); ++i) {
    if (has(i) && !constant(i)) return false;
  }
  return true;
}

bool Node::any_missing() const {
  for (std::size_t i = 0; i < inputs(); ++i) {
    if (has(i) && input(i).missing) return true;
  }
  return false;
}

bool Node::wants(std::size_t output) const {
  return output < outputs() && translator_.is_used(proto_.output(static_cast<int>(output)));
}

const onnx_messages::Attribute* Node::find(std::string_view attribute) const {
  for (const auto& found : proto_.attribute()) {
    if (found.name() == attribute) return &found;
  }
  return nullptr;
}

std::int64_t Node::integer(std::string_view attribute, std::int64_t fallback) const {
  const auto* found = find(attribute);
  return found ? found->i() : fallback;
}

double Node::number(std::string_view attribute, double fallback) const {
  const auto* found = find(attribute);
  return found ? static_cast<double>(found->f()) : fallback;
}

std::string Node::text(std::string_view attribute, const std::string& fallback) const {
  const auto* found = find(attribute);
  return found ? found->s() : fallback;
}

std::optional<graph::Ints> Node::integers(std::string_view attribute) const {
  const auto* found = find(attribute);
  if (!found) return std::nullopt;
  return graph::Ints(found->ints().begin(), found->ints().end());
}

std::vector<double> Node::numbers(std::string_view attribute) const {
  const auto* found = find(attribute);
  if (!found) return {};
  return {found->floats().begin(), found->floats().end()};
}

std::vector<std::string> Node::texts(std::string_view attribute) const {
  const auto* found = find(attribute);
  if (!found) return {};
  return {found->strings().begin(), found->strings().end()};
}

std::optional<Constant> Node::tensor(std::string_view attribute) const {
  const auto* found = find(attribute);
  if (!found) return std::nullopt;
  return translator_.document().read(found->t());
}

std::optional<graph::Ints> Node::integers(std::string_view attribute, std::size_t input) const {
  if (has(attribute)) return integers(attribute);
  if (!has(input)) return std::nullopt;
  return known(input, std::string(attribute).c_str()).integers();
}

std::int64_t Node::axis(std::int64_t given, std::size_t rank) const {
  const auto count = static_cast<std::int64_t>(rank);
  if (given < -count || given >= count) {
    corrupt("has the axis " + std::to_string(given) + " of a tensor with " + std::to_string(rank) + " axes");
  }
  return given < 0 ? given + count : given;
}

void Node::give(std::size_t output, Tensor tensor) {
  if (wants(output)) translator_.set(proto_.output(static_cast<int>(output)), std::move(tensor));
}

void Node::give(std::size_t output, Constant constant) {
  Tensor tensor;
  tensor.shape = constant.shape();
  tensor.element = constant.element();
  tensor.constant = std::move(constant);
  give(output, std::move(tensor));
}

void Node::give(std::size_t output, const TensorRef& ref, Frame frame) {
  Tensor tensor;
  tensor.ref = ref;
  if (const auto shape = translator_.shape_of(ref)) {
    tensor.shape.assign(shape->begin() + 1, shape->end());
    if (frame == Frame::kBatch) tensor.shape.insert(tensor.shape.begin(), 1);
  } else {
    tensor.missing = true;
  }
  give(output, std::move(tensor));
}

void Node::give_view(std::size_t output, const Tensor& tensor, Shape shape) {
  if (keeps_shape(tensor.shape, shape)) return give(output, tensor);
  Tensor view = tensor.channels_last ? translator_.channels_first(tensor, name_) : tensor;
  if (view.shape != shape) view.view = name_;
  view.shape = std::move(shape);
  give(output, std::move(view));
}

Tensor Node::like(const Tensor& tensor, const TensorRef& ref) const {
  Tensor made = tensor;
  made.ref = ref;
  made.element = Element::kFloat;
  made.missing = !translator_.shape_of(ref).has_value();
  return made;
}

TensorRef Node::layer(const char* class_name, Json config, std::vector<TensorRef> inputs,
                      std::vector<graph::Literal> weights, const std::string& suffix) {
  return translator_.builder().layer(
      {name_ + suffix, class_name, std::move(config), std::move(inputs), std::move(weights)});
}

TensorRef Node::operation(const char* class_name, Json options, std::vector<TensorRef> inputs,
                          const std::string& suffix) {
  keras::NodeCall call{name_ + suffix, class_name, Json::object(), std::move(inputs)};
  call.arguments.options = std::move(options);
  return translator_.builder().operation(std::move(call));
}

Frame Node::frame_for(const Tensor& tensor, std::int64_t axis) {
  return !tensor.shape.empty() && tensor.shape.front() == 1 && axis != 0 ? Frame::kBatch : Frame::kSample;
}

bool keeps_shape(const Shape& from, const Shape& to) {
  return from == to && std::count(from.begin(), from.end(), graph::kOpen) <= 1;
}

Json nth(std::size_t i) { return {{"tensor", i}}; }

}  // namespace signxai::onnx
