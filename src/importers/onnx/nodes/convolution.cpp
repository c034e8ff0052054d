// Conv and ConvTranspose. A bias that the graph adds behind the convolution, as tf2onnx writes it, is part of the call.
#include <algorithm>

#include "importers/onnx/nodes/families.h"
#include "importers/onnx/nodes/recover.h"
#include "importers/onnx/nodes/windows.h"

namespace signxai::onnx {
namespace {

using graph::Ints;
using graph::Literal;

/// [A, B, k...] as [k..., B, A].
Literal turned(const Constant& weights, const std::string& name) {
  const Shape& shape = weights.shape();
  const Literal from = weights.literal();
  const std::int64_t outer = shape[0], inner = shape[1],
                     taps = weights.size() / std::max<std::int64_t>(outer * inner, 1);
  std::vector<float> numbers(static_cast<std::size_t>(weights.size()));
  for (std::int64_t a = 0; a < outer; ++a) {
    for (std::int64_t b = 0; b < inner; ++b) {
      const float* source = from.data() + (a * inner + b) * taps;
      for (std::int64_t k = 0; k < taps; ++k)
        numbers[static_cast<std::size_t>((k * inner + b) * outer + a)] = source[k];
    }
  }
  Shape target(shape.begin() + 2, shape.end());
  target.insert(target.end(), {inner, outer});
  return {std::move(target), std::move(numbers), name};
}

/// [groups * A, B, k...] of a transposed convolution as the kernel [k..., B, groups * A] of the one it transposes.
const Constant& weights_of(Node& node, std::size_t rank) {
  const Constant& weights = node.known(1, "weights");
  if (weights.shape().size() != rank) {
    node.corrupt("has weights " + signxai::to_string(weights.shape()) + "; expected " + std::to_string(rank) + " axes");
  }
  if (weights.size() == 0) node.corrupt("has weights without elements");
  return weights;
}

struct Bias {
  std::optional<Literal> numbers;
  const onnx_messages::Node* adder = nullptr;
};

/// The bias among the inputs, or the one that the next node adds.
Bias bias_of(Node& node, const Tensor& x, std::int64_t filters) {
  if (const Constant* own = node.constant(2)) {
    if (own->size() != filters)
      node.corrupt("has a bias of " + std::to_string(own->size()) + " numbers for " + std::to_string(filters) +
                   " filters");
    return {own->reshaped({filters}).literal("bias"), nullptr};
  }
  if (node.has(2)) node.known(2, "bias");
  Bias found;
  if (const auto added = added_constant(node, x.shape.size(), 1, filters)) {
    found.numbers = added->numbers.literal("bias");
    found.adder = added->node;
  }
  return found;
}

void finish(Node& node, const Tensor& x, const TensorRef& ref, const Bias& bias) {
  if (bias.adder) {
    node.translator().skip(*bias.adder);
    Node adder(node.translator(), *bias.adder);
    return give_windowed(adder, x, ref);
  }
  give_windowed(node, x, ref);
}

std::int64_t groups_of(Node& node, std::int64_t channels) {
  const std::int64_t groups = node.integer("group", 1);
  if (groups < 1 || channels % groups != 0)
    node.corrupt(std::to_string(groups) + " groups do not divide " + std::to_string(channels) + " channels");
  return groups;
}

/// The pads of a transposed convolution, which may follow from the shape that it is to give.
void settle_pads(Node& node, const Tensor& x, Windows& w, const Ints& extra) {
  const auto wanted = node.integers("output_shape");
  const std::string kind = node.text("auto_pad", "NOTSET");
  if (!wanted && kind == "NOTSET") return;
  const auto absurd = [](std::int64_t extent) { return extent < 0 || extent > keras::kMaxExtent; };
  if (wanted && (wanted->size() < w.axes || std::any_of(wanted->begin(), wanted->end(), absurd))) {
    node.corrupt("has the output_shape " + signxai::to_string(*wanted));
  }
  w.padding = "valid";
  w.pads.clear();
  const Ints spatial = spatial_of(x);
  for (std::size_t i = 0; i < w.axes; ++i) {
    if (spatial[i] == graph::kOpen)
      node.refuse("has pads that follow from an open extent; try exporting the model with fixed extents");
    const std::int64_t full = (spatial[i] - 1) * w.strides[i] + (w.kernel[i] - 1) * w.dilations[i] + 1 + extra[i];
    const std::int64_t target = wanted            ? (*wanted)[wanted->size() - w.axes + i]
                                : kind == "VALID" ? full
                                                  : spatial[i] * w.strides[i];
    const std::int64_t total = full - target;
    if (total < 0) node.refuse("gives more than its windows reach, which is not supported");
    const std::int64_t small = total / 2;
    const bool more_before = kind != "SAME_UPPER";
    w.pads.insert(w.pads.end(), {more_before ? total - small : small, more_before ? small : total - small});
  }
}

}  // namespace

void translate_conv(Node& node) {
  const Tensor& x = node.input(0);
  const Constant& weights = weights_of(node, x.shape.size());
  const Windows w = read_windows(node, x, Ints(weights.shape().begin() + 2, weights.shape().end()));
  const std::int64_t filters = weights.shape()[0], groups = groups_of(node, filters);
  const Bias bias = bias_of(node, x, filters);
  Json config{{"filters", filters},
              {"kernel_size", w.kernel},
              {"dilation_rate", w.dilations},
              {"groups", groups},
              {"use_bias", bias.numbers.has_value()}};
  describe(config, w, x);
  std::vector<Literal> literals{turned(weights, "kernel")};
  if (bias.numbers) literals.push_back(*bias.numbers);
  finish(node, x, node.layer(class_of("Conv", w.axes).c_str(), config, {windowed(node, x)}, literals), bias);
}

void translate_conv_transpose(Node& node) {
  const Tensor& x = node.input(0);
  const Constant& weights = weights_of(node, x.shape.size());
  Windows w = read_windows(node, x, Ints(weights.shape().begin() + 2, weights.shape().end()));
  const Ints extra = node.integers("output_padding").value_or(Ints(w.axes, 0));
  const auto absurd = [](std::int64_t pad) { return pad < 0 || pad > 1024; };
  if (extra.size() != w.axes || std::any_of(extra.begin(), extra.end(), absurd)) {
    node.corrupt("has the output_padding " + signxai::to_string(extra));
  }
  settle_pads(node, x, w, extra);
  const std::int64_t groups = groups_of(node, weights.shape()[0]), filters = weights.shape()[1] * groups;
  const Bias bias = bias_of(node, x, filters);
  Json config{{"filters", filters},
              {"kernel_size", w.kernel},
              {"dilation_rate", w.dilations},
              {"groups", groups},
              {"use_bias", bias.numbers.has_value()},
              {"output_padding", extra}};
  describe(config, w, x);
  config["explicit_pads"] = pairs_of(w.pads.empty() ? Ints(2 * w.axes, 0) : w.pads);
  std::vector<Literal> literals{turned(weights, "kernel")};
  if (bias.numbers) literals.push_back(*bias.numbers);
  finish(node, x, node.layer(class_of("Conv", w.axes, "Transpose").c_str(), config, {windowed(node, x)}, literals),
         bias);
}

}  // namespace signxai::onnx
