// Activation functions: layers of their own, as they are in the graph.
#include <cmath>

#include "importers/onnx/node.h"
#include "importers/onnx/nodes/families.h"

namespace signxai::onnx {
namespace {

/// A layer that works on each element by itself, wherever that is kept.
void give_pointwise(Node& node, const char* class_name, Json config) {
  const Tensor& x = node.input(0);
  node.give(0, node.like(x, node.layer(class_name, std::move(config), {x.ref})));
}

void give_operation(Node& node, const char* operation, Json options) {
  const Tensor& x = node.input(0);
  options["x"] = nth(0);
  node.give(0, node.like(x, node.operation(operation, std::move(options), {x.ref})));
}

/// A limit, which older versions have as an attribute.
double limit(Node& node, const char* attribute, std::size_t input, double fallback) {
  if (node.has(attribute)) return node.number(attribute, fallback);
  if (!node.has(input)) return fallback;
  const Constant& number = node.known(input, attribute);
  if (!number.is_single()) node.corrupt(std::string("has several numbers as ") + attribute);
  return number.single();
}

void give_softmax(Node& node, bool logarithm) {
  const Tensor& x = node.input(0);
  const bool old = node.opset() < 13;  // all axes from `axis` on are one
  const std::int64_t axis = node.axis(node.integer("axis", old ? 1 : -1), x.shape.size());
  const auto last = static_cast<std::int64_t>(x.shape.size()) - 1;
  std::int64_t joined = 1;
  for (std::int64_t i = axis + 1; i <= last; ++i) joined *= x.shape[static_cast<std::size_t>(i)];
  if (old && joined != 1)
    node.refuse("is a softmax over several axes, as those before version 13 of the operators are; try a newer opset");
  const Frame frame = Node::frame_for(x, axis);
  const std::vector<TensorRef> inputs{node.in_frame(x, frame)};
  const std::int64_t along = in_frame(axis, frame);
  const TensorRef made = logarithm ? node.operation("LogSoftmax", {{"x", nth(0)}, {"axis", along}}, inputs)
                                   : node.layer("Softmax", {{"axis", along}}, inputs);
  node.give(0, made, frame);
}

}  // namespace

void translate_activation(Node& node, const char* function) {
  give_pointwise(node, "Activation", {{"activation", function}});
}

void translate_relu(Node& node) { give_pointwise(node, "ReLU", Json::object()); }
void translate_sigmoid(Node& node) { translate_activation(node, "sigmoid"); }
void translate_softmax(Node& node) { give_softmax(node, false); }
void translate_log_softmax(Node& node) { give_softmax(node, true); }
void translate_leaky_relu(Node& node) {
  give_pointwise(node, "LeakyReLU", {{"negative_slope", node.number("alpha", 0.01)}});
}
void translate_elu(Node& node) { give_pointwise(node, "ELU", {{"alpha", node.number("alpha", 1)}}); }

/// Between 0 and a limit it is a ReLU.
void translate_clip(Node& node) {
  const double infinity = std::numeric_limits<double>::infinity();
  const double low = limit(node, "min", 1, -infinity), high = limit(node, "max", 2, infinity);
  const bool unbounded = high >= 3.4e38;
  if (low == 0) {
    Json config = Json::object();
    if (!unbounded) config["max_value"] = high;
    return give_pointwise(node, "ReLU", config);
  }
  if (low <= -3.4e38 && unbounded) return node.give(0, node.input(0));
  if (low <= -3.4e38) return give_operation(node, "Clip", {{"low", -3.4028234e38}, {"high", high}});
  give_operation(node, "Clip", {{"low", low}, {"high", unbounded ? 3.4028234e38 : high}});
}

void translate_gelu(Node& node) {
  give_operation(node, "Gelu", {{"approximate", node.text("approximate", "none") == "tanh"}});
}

/// max(0, min(1, alpha x + beta))
void translate_hard_sigmoid(Node& node) {
  const double alpha = node.number("alpha", 0.2), beta = node.number("beta", 0.5);
  if (std::abs(alpha - 1.0 / 6.0) < 1e-6 && beta == 0.5) return translate_activation(node, "hard_sigmoid");
  const Tensor& x = node.input(0);
  TensorRef ref = node.operation("Multiply", {{"x1", nth(0)}, {"x2", alpha}}, {x.ref}, "/alpha");
  ref = node.operation("Add", {{"x1", nth(0)}, {"x2", beta}}, {ref}, "/beta");
  ref = node.operation("Clip", {{"x", nth(0)}, {"low", 0.0}, {"high", 1.0}}, {ref});
  node.give(0, node.like(x, ref));
}

/// A slope for each element of a sample or, mostly, for each channel.
void translate_prelu(Node& node) {
  const Tensor x = node.translator().channels_first(node.input(0), node.name());
  const Constant& slope = node.known(1, "slope");
  const std::size_t rank = x.shape.size();
  if (x.shape.empty() || x.shape.front() != 1 || slope.shape().size() > rank || rank < 2) {
    node.refuse("has slopes " + signxai::to_string(slope.shape()) + " for a tensor " + signxai::to_string(x.shape));
  }
  Shape extents(rank - slope.shape().size(), 1);
  extents.insert(extents.end(), slope.shape().begin(), slope.shape().end());
  graph::Ints shared;
  for (std::size_t i = 1; i < rank; ++i) {
    if (extents[i] == 1) shared.push_back(static_cast<std::int64_t>(i));
  }
  Json config = Json::object();
  if (!shared.empty()) config["shared_axes"] = shared;
  const graph::Literal alpha = slope.reshaped(Shape(extents.begin() + 1, extents.end())).literal("alpha");
  node.give(0, node.layer("PReLU", config, {node.batched(x)}, {alpha}), Frame::kBatch);
}

}  // namespace signxai::onnx
