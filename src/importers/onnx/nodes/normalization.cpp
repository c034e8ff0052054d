// Normalisations by stored statistics and by those of the sample.
#include <algorithm>

#include "importers/onnx/nodes/families.h"
#include "importers/onnx/nodes/recover.h"
#include "importers/onnx/nodes/windows.h"

namespace signxai::onnx {
namespace {

using graph::Literal;

Literal per_channel(Node& node, std::size_t input, const char* role, std::int64_t channels) {
  const Constant& numbers = node.known(input, role);
  if (numbers.size() != channels) {
    node.corrupt(std::string("has ") + std::to_string(numbers.size()) + " numbers as " + role + " for " +
                 std::to_string(channels) + " channels");
  }
  return numbers.reshaped({channels}).literal(role);
}

std::int64_t channels_of(Node& node, const Tensor& x) {
  if (x.shape.size() < 2)
    node.corrupt("takes a tensor " + signxai::to_string(x.shape) + "; expected batch and channels");
  if (x.shape[1] == graph::kOpen) node.refuse("normalises an open number of channels");
  return x.shape[1];
}

void normalise_groups(Node& node, std::int64_t groups, bool per_group) {
  const Tensor& x = node.input(0);
  const std::int64_t channels = channels_of(node, x);
  if (x.shape.front() != 1) node.refuse("normalises several tensors for each sample, which is not supported");
  if (groups < 1 || channels % groups != 0)
    node.corrupt(std::to_string(groups) + " groups do not divide " + std::to_string(channels) + " channels");
  std::vector<Literal> weights;
  for (const auto& [input, role] : {std::pair{std::size_t{1}, "gamma"}, std::pair{std::size_t{2}, "beta"}}) {
    if (!per_group) {
      weights.push_back(per_channel(node, input, role, channels));
      continue;
    }
    const Literal few = per_channel(node, input, role, groups);
    std::vector<float> all;
    for (std::int64_t c = 0; c < channels; ++c) all.push_back(few.data()[c / (channels / groups)]);
    weights.emplace_back(Shape{channels}, std::move(all), role);
  }
  const Json config{{"axis", x.channels_last ? -1 : 1}, {"groups", groups}, {"epsilon", node.number("epsilon", 1e-5)}};
  give_windowed(node, x, node.layer("GroupNormalization", config, {windowed(node, x)}, std::move(weights)));
}

}  // namespace

void translate_batch_normalization(Node& node) {
  const Tensor& x = node.input(0);
  if (node.integer("training_mode", 0) != 0 || node.wants(1)) {
    node.refuse(
        "normalises by the statistics of the batch (training mode); try exporting the model in evaluation mode");
  }
  if (node.integer("spatial", 1) == 0)
    node.refuse("normalises each element by itself (spatial=0), which is not supported");
  if (recover_row_normalization(node)) return;
  const std::int64_t channels = channels_of(node, x);
  std::vector<Literal> weights;
  const char* const roles[] = {"gamma", "beta", "moving_mean", "moving_variance"};
  for (std::size_t i = 0; i < 4; ++i) weights.push_back(per_channel(node, i + 1, roles[i], channels));
  const double epsilon = node.number("epsilon", 1e-5);
  if (x.channels_last) {
    return give_windowed(node, x,
                         node.layer("BatchNormalization", {{"axis", -1}, {"epsilon", epsilon}}, {x.ref}, weights));
  }
  const Frame frame = Node::frame_for(x);
  const Json config{{"axis", in_frame(1, frame)}, {"epsilon", epsilon}};
  node.give(0, node.layer("BatchNormalization", config, {node.in_frame(x, frame)}, weights), frame);
}

void translate_instance_normalization(Node& node) { normalise_groups(node, channels_of(node, node.input(0)), false); }

/// Up to version 20 the file has a scale for each group.
void translate_group_normalization(Node& node) {
  normalise_groups(node, node.integer("num_groups", 0), node.opset() < 21);
}

void translate_layer_normalization(Node& node) {
  const Tensor& x = node.input(0);
  if (node.wants(1) || node.wants(2)) node.refuse("gives its statistics, which is not supported");
  const std::int64_t first = node.axis(node.integer("axis", -1), x.shape.size());
  const Frame frame = Node::frame_for(x, first);
  const Shape extents(x.shape.begin() + first, x.shape.end());
  graph::Ints axes;
  for (std::size_t i = static_cast<std::size_t>(first); i < x.shape.size(); ++i)
    axes.push_back(in_frame(static_cast<std::int64_t>(i), frame));
  std::vector<Literal> weights;
  const auto add = [&](std::size_t input, const char* role) {
    const Constant& numbers = node.known(input, role);
    if (numbers.size() != element_count(extents))
      node.refuse("has " + std::to_string(numbers.size()) + " numbers as " + role + " for " +
                  signxai::to_string(extents));
    weights.push_back(numbers.reshaped(extents).literal(role));
  };
  add(1, "gamma");
  if (node.has(2)) add(2, "beta");
  const Json config{{"axis", axes}, {"epsilon", node.number("epsilon", 1e-5)}, {"center", node.has(2)}};
  node.give(0, node.layer("LayerNormalization", config, {node.in_frame(x, frame)}, std::move(weights)), frame);
}

void translate_lp_normalization(Node& node) {
  const Tensor& x = node.input(0);
  if (node.integer("p", 2) != 2) node.refuse("divides by a norm other than the second, which is not supported");
  const std::int64_t axis = node.axis(node.integer("axis", -1), x.shape.size());
  const Frame frame = Node::frame_for(x, axis);
  const Json options{{"x", nth(0)}, {"axis", in_frame(axis, frame)}, {"epsilon", 1e-24}};
  node.give(0, node.operation("l2_normalize", options, {node.in_frame(x, frame)}), frame);
}

}  // namespace signxai::onnx
