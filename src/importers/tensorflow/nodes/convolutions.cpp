// Convolutions with strides, dilations and groups. Those along one axis are computed along two with an axis of extent
// 1; dilated ones perhaps in blocks without dilation.
#include <algorithm>

#include "importers/tensorflow/nodes/nodes.h"
#include "importers/tensorflow/translate.h"

namespace signxai::tensorflow {
namespace {

using graph::Ints;
using graph::Literal;
using keras::Json;

struct Geometry {
  std::size_t n = 0;  ///< spatial axes of the layer
  bool first = false;
  std::size_t skipped = 0;  ///< the spatial axis of the node that the layer does not have, from 1
  Ints strides, dilations, kernel;
};

/// A list with an entry for each axis of the node without those of batch, channels and the skipped axis.
Ints spatial(const Node& node, const char* name, const Geometry& g, std::size_t n) {
  const Ints all = node.list(name);
  if (all.empty()) return Ints(g.n, 1);
  if (all.size() != n + 2) node.refuse(std::string("has ") + std::to_string(all.size()) + " numbers as " + name);
  const std::size_t begin = g.first ? 2 : 1;
  Ints result;
  for (std::size_t i = 0; i < n; ++i) {
    if (i + 1 != g.skipped) result.push_back(all[begin + i]);
  }
  return result;
}

Geometry geometry_of(const Node& node, const Value& x, const Shape& kernel) {
  Geometry g;
  if (kernel.size() < 3 || kernel.size() > 5) node.refuse("has a kernel of the shape " + signxai::to_string(kernel));
  const std::size_t n = kernel.size() - 2;
  g.first = node.text("data_format", "NHWC").starts_with("NC");
  if (x.expanded > 0) {
    const auto begin = g.first ? 2 : 1;
    g.skipped = static_cast<std::size_t>(x.expanded - begin + 1);
    if (x.expanded < begin || g.skipped > n || kernel[g.skipped - 1] != 1)
      node.refuse("does not fit its expanded input");
  }
  g.n = n - (g.skipped > 0 ? 1 : 0);
  for (std::size_t i = 0; i < n; ++i) {
    if (i + 1 != g.skipped) g.kernel.push_back(kernel[i]);
  }
  g.strides = spatial(node, "strides", g, n);
  g.dilations = spatial(node, "dilations", g, n);
  return g;
}

Json config_of(const Node& node, const Geometry& g) {
  const std::string padding = node.text("padding", "VALID");
  if (padding != "VALID" && padding != "SAME")
    node.refuse("has the padding " + padding + "; supported are VALID and SAME");
  return {{"kernel_size", g.kernel},
          {"strides", g.strides},
          {"dilation_rate", g.dilations},
          {"padding", padding == "SAME" ? "same" : "valid"},
          {"data_format", g.first ? "channels_first" : "channels_last"}};
}

/// Shapes of the result as the node has it, and without the axis that the layer does not have.
Value in_form_of(const Node& node, Value made, const Value& x) {
  made.expanded = x.expanded;
  made.blocks = x.blocks;
  made.pads = x.pads;
  made.base = made.shape = node.shape().value_or(made.shape);
  if (x.expanded > 0 && static_cast<std::size_t>(x.expanded) < made.base.size())
    made.base.erase(made.base.begin() + x.expanded);
  made.draft->padding = x.draft.get();
  return made;
}

/// The layer's input: the tensor that stands behind an expanded one.
Value base_of(const Value& x) {
  Value base = x;
  if (x.in_other_form()) base.shape = x.base;
  base.expanded = 0, base.blocks.clear(), base.pads.clear(), base.merged = base.centred = false;
  return base;
}

const char* class_of(const Node& node, const std::vector<const char*>& classes, std::size_t n) {
  if (n < 1 || n > classes.size() || !classes[n - 1]) node.refuse("has " + std::to_string(n) + " spatial axes");
  return classes[n - 1];
}

Literal without_axis(const Literal& kernel, std::size_t skipped) {
  if (skipped == 0) return kernel;
  Shape shape = kernel.shape();
  shape.erase(shape.begin() + static_cast<std::ptrdiff_t>(skipped - 1));
  return {shape, kernel.storage(), kernel.name()};
}

/// A series that was padded in front, as causal convolutions do it.
void absorb_causal(Draft& draft) {
  const Draft* padding = draft.padding;
  if (!padding || padding->call.class_name != "ZeroPadding1D" || padding->scope != draft.scope) return;
  Json& config = draft.call.config;
  if (draft.call.class_name != "Conv1D" || config["padding"] != "valid") return;
  const std::int64_t reach =
      (config["kernel_size"][0].get<std::int64_t>() - 1) * config["dilation_rate"][0].get<std::int64_t>();
  if (padding->call.config["padding"] != Json::array({Json::array({reach, 0})})) return;
  config["padding"] = "causal";
  draft.inputs = padding->inputs;
}

/// A depthwise convolution of the same layer right before; its draft, or null.
const Draft* depthwise_part(const Node& node, const Value& x, const Geometry& g) {
  const auto is_one = [](std::int64_t extent) { return extent == 1; };
  const bool point =
      std::all_of(g.kernel.begin(), g.kernel.end(), is_one) && std::all_of(g.strides.begin(), g.strides.end(), is_one);
  if (!point || !x.draft || x.draft->biased || !node.only_use(0) || !x.blocks.empty()) return nullptr;
  const std::string& name = x.draft->call.class_name;
  return name.starts_with("DepthwiseConv") && x.draft->scope == node.scope() ? x.draft.get() : nullptr;
}

}  // namespace

std::vector<Value> node_convolution(Node& node) {
  const Value& x = node.operand(0);
  const Literal& kernel = node.numbers(1, "a kernel");
  const Geometry g = geometry_of(node, x, kernel.shape());
  Json config = config_of(node, g);
  const Shape& shape = kernel.shape();
  const std::int64_t filters = shape.back(), channels = shape[shape.size() - 2];
  config["filters"] = filters;
  const Shape given = x.in_other_form() ? x.base : x.shape;
  if (given.size() != g.n + 2 || channels < 1) node.refuse("does not fit its input " + signxai::to_string(given));
  const std::int64_t all = given[g.first ? 1 : g.n + 1];
  if (all > 0 && all % channels == 0) config["groups"] = all / channels;
  std::vector<Literal> weights{without_axis(kernel, g.skipped)};
  if (const Draft* deep = depthwise_part(node, x, g); deep && g.n < 3 && all == channels) {
    Json joined = deep->call.config;
    joined["filters"] = filters;
    weights.insert(weights.begin(), deep->call.weights.front());
    Value made = node.kernel(class_of(node, {"SeparableConv1D", "SeparableConv2D"}, g.n), joined, x, std::move(weights),
                             x.shape);
    made.draft->inputs = deep->inputs;
    return {in_form_of(node, made, x)};
  }
  Value made =
      node.kernel(class_of(node, {"Conv1D", "Conv2D", "Conv3D"}, g.n), config, base_of(x), std::move(weights), x.shape);
  made = in_form_of(node, made, x);
  if (x.blocks.empty()) absorb_causal(*made.draft);
  return {made};
}

std::vector<Value> node_depthwise(Node& node) {
  const Value& x = node.operand(0);
  const Literal& kernel = node.numbers(1, "a kernel");
  const Geometry g = geometry_of(node, x, kernel.shape());
  Json config = config_of(node, g);
  config["depth_multiplier"] = kernel.shape().back();
  Value made = node.kernel(class_of(node, {"DepthwiseConv1D", "DepthwiseConv2D"}, g.n), config, base_of(x),
                           {without_axis(kernel, g.skipped)}, x.shape);
  return {in_form_of(node, made, x)};
}

std::vector<Value> node_transposed(Node& node) {
  const Value& x = node.operand(2);
  const Literal& kernel = node.numbers(1, "a kernel");
  const Geometry g = geometry_of(node, x, kernel.shape());
  Json config = config_of(node, g);
  config["filters"] = kernel.shape()[kernel.shape().size() - 2];
  Value made = node.kernel(class_of(node, {"Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"}, g.n), config,
                           base_of(x), {without_axis(kernel, g.skipped)}, x.shape);
  made = in_form_of(node, made, x);
  const Shape from = x.in_other_form() ? x.base : x.shape;
  Ints extra;
  bool differs = false;
  for (std::size_t i = 0; i < g.n && made.base.size() == g.n + 2 && from.size() == g.n + 2; ++i) {
    const std::size_t axis = i + (g.first ? 2 : 1);
    const bool same = config["padding"] == "same";
    const std::int64_t window = (g.kernel[i] - 1) * g.dilations[i] + 1, out = made.base[axis], in = from[axis];
    if (out < 0 || in < 0) continue;
    differs = differs || out != in * g.strides[i] + (same ? 0 : std::max<std::int64_t>(window - g.strides[i], 0));
    extra.push_back(out - ((in - 1) * g.strides[i] + window - (same ? window / 2 * 2 : 0)));
  }
  if (differs) made.draft->call.config["output_padding"] = extra;
  return {made};
}

std::vector<Value> node_to_blocks(Node& node) {
  Value made = base_of(node.operand(0));
  if (!made.is_tensor() || node.operand(0).in_other_form())
    node.refuse("cuts something else than an image or a series");
  made.base = made.shape;
  made.blocks = node.integers(1, "blocks");
  made.pads = node.integers(2, "paddings");
  made.shape = node.shape().value_or(made.shape);
  if (made.pads.size() != 2 * made.blocks.size() || made.blocks.size() + 2 != made.base.size())
    node.refuse("cuts something else than spatial axes");
  return {made};
}

std::vector<Value> node_from_blocks(Node& node) {
  Value made = node.operand(0);
  const Ints blocks = node.integers(1, "blocks"), crops = node.integers(2, "crops");
  const bool convolved = made.draft && made.draft->call.config.contains("kernel_size") && made.expanded == 0;
  if (!convolved || made.blocks != blocks || crops.size() != made.pads.size())
    node.refuse("joins blocks that are no convolution");
  Json& config = made.draft->call.config;
  bool valid = true, same = true;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const std::int64_t reach = (config["kernel_size"][i].get<std::int64_t>() - 1) * blocks[i];
    const std::int64_t low = made.pads[2 * i], high = made.pads[2 * i + 1] - crops[2 * i + 1];
    if (crops[2 * i] != 0 || config["strides"][i] != 1 || config["dilation_rate"][i] != 1)
      node.refuse("joins blocks that are no dilated convolution");
    valid = valid && low == 0 && high == 0;
    same = same && low == reach / 2 && high == reach - reach / 2;
  }
  if ((!valid && !same) || config["padding"] != "valid")
    node.refuse("joins blocks of a dilated convolution with another padding than valid and same");
  config["padding"] = valid ? "valid" : "same";
  config["dilation_rate"] = blocks;
  made.blocks.clear(), made.pads.clear();
  made.base = made.shape = node.shape().value_or(made.shape);
  absorb_causal(*made.draft);
  return {made};
}

}  // namespace signxai::tensorflow
