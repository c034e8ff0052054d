// Pooling over windows and over whole axes, and the resizing of images.
#include <algorithm>

#include "importers/tensorflow/nodes/nodes.h"
#include "importers/tensorflow/translate.h"

namespace signxai::tensorflow {
namespace {

using graph::Ints;
using keras::Json;

struct Reduction {
  std::string_view op;
  const char* operation;
  const char* global;  ///< the layers that do so along all spatial axes
};

constexpr Reduction kReductions[] = {
    {"All", "All", nullptr},
    {"Any", "Any", nullptr},
    {"Max", "Max", "GlobalMaxPooling"},
    {"Mean", "Mean", "GlobalAveragePooling"},
    {"Min", "Min", nullptr},
    {"Prod", "Prod", nullptr},
    {"Sum", "Sum", nullptr},
};

/// Of numbers along one axis, for extents.
Value reduced(const Node& node, const Value& x) {
  const graph::Literal& numbers = *x.numbers;
  if (numbers.shape().size() > 1) node.refuse("reduces a constant of the shape " + signxai::to_string(numbers.shape()));
  if (numbers.shape().empty()) return x;
  const std::string& op = node.op();
  if (numbers.size() == 0 && op != "Sum" && op != "Prod") node.refuse("reduces an empty constant");
  float result = op == "Prod" ? 1.0f : op == "Sum" || op == "Mean" ? 0.0f : *numbers.data();
  for (std::int64_t i = 0; i < numbers.size(); ++i) {
    const float number = numbers.data()[i];
    if (op == "Prod") result *= number;
    if (op == "Sum" || op == "Mean") result += number;
    if (op == "Max" || op == "Any") result = std::max(result, number);
    if (op == "Min" || op == "All") result = std::min(result, number);
  }
  if (op == "Mean") result /= static_cast<float>(numbers.size());
  return Node::constant({node.flag("keep_dims") ? Shape{1} : Shape{}, {result}}, x.integer && op != "Mean");
}

}  // namespace

std::vector<Value> node_pool(Node& node) {
  const Value& x = node.operand(0);
  const bool first = node.text("data_format", "NHWC").starts_with("NC"), average = node.op().starts_with("Avg");
  const Ints window = node.list("ksize"), strides = node.list("strides");
  const std::size_t n = window.size() - 2, begin = first ? 2 : 1;
  if (window.size() < 4 || window.size() > 5 || strides.size() != window.size())
    node.refuse("has a window of " + std::to_string(window.size()) + " axes");
  if (window[0] != 1 || window[first ? 1 : n + 1] != 1) node.refuse("pools over the batch or over channels");
  const std::string padding = node.text("padding", "VALID");
  if (padding != "VALID" && padding != "SAME")
    node.refuse("has the padding " + padding + "; supported are VALID and SAME");
  Ints own_window, own_strides;
  for (std::size_t i = 0; i < n; ++i) {
    if (static_cast<std::int64_t>(begin + i) == x.expanded && window[begin + i] == 1) continue;
    own_window.push_back(window[begin + i]);
    own_strides.push_back(strides[begin + i]);
  }
  const bool fewer = own_window.size() < n;
  if (x.in_other_form() && !fewer) node.refuse("does not fit its expanded input");
  Value base = x;
  base.expanded = 0;
  if (fewer) base.shape = x.base;
  const std::string name =
      std::string(average ? "AveragePooling" : "MaxPooling") + std::to_string(own_window.size()) + "D";
  Value made = node.layer(name.c_str(),
                          {{"pool_size", own_window},
                           {"strides", own_strides},
                           {"padding", padding == "SAME" ? "same" : "valid"},
                           {"data_format", first ? "channels_first" : "channels_last"}},
                          {base});
  if (fewer) {
    made.expanded = x.expanded;
    made.base = made.shape;
    if (static_cast<std::size_t>(x.expanded) >= made.base.size()) node.refuse("does not fit its expanded input");
    made.base.erase(made.base.begin() + x.expanded);
  }
  return {made};
}

std::vector<Value> node_reduction(Node& node) {
  const Value& x = node.operand(0);
  if (x.numbers) return {reduced(node, x)};
  const auto it = std::find_if(std::begin(kReductions), std::end(kReductions),
                               [&](const Reduction& r) { return r.op == node.op(); });
  const auto rank = static_cast<std::int64_t>(x.rank());
  Ints axes = node.integers(1, "axes");
  for (std::int64_t& axis : axes) axis += axis < 0 ? rank : 0;
  std::sort(axes.begin(), axes.end());
  const bool keep = node.flag("keep_dims");
  const auto spans = [&](std::int64_t first, std::int64_t last) {
    Ints all;
    for (std::int64_t axis = first; axis <= last; ++axis) all.push_back(axis);
    return axes == all;
  };
  const bool last = rank >= 3 && rank <= 5 && spans(1, rank - 2), first = rank >= 4 && rank <= 5 && spans(2, rank - 1);
  if (it->global && (last || first)) {
    const std::string name = it->global + std::to_string(rank - 2) + "D";
    return {node.layer(name.c_str(), {{"keepdims", keep}, {"data_format", last ? "channels_last" : "channels_first"}},
                       {x})};
  }
  return {node.operation(it->operation, {{"x", {{"tensor", 0}}}, {"axis", axes}, {"keepdims", keep}}, {x})};
}

/// Whole factors are up-sampling; other sizes are resizing, with the centres of cells as places.
std::vector<Value> node_resize(Node& node) {
  const Value& x = node.operand(0);
  const Ints size = node.integers(1, "sizes");
  const bool nearest = node.op() == "ResizeNearestNeighbor";
  if (size.size() != 2 || x.rank() != 4) node.refuse("resizes something else than images");
  if (node.flag("align_corners") || !node.flag("half_pixel_centers"))
    node.refuse("has other places of samples than Keras; supported are half_pixel_centers");
  const auto whole = [&](std::size_t i) { return x.shape[i + 1] > 0 && size[i] > 0 && size[i] % x.shape[i + 1] == 0; };
  if (whole(0) && whole(1)) {
    return {node.layer(
        "UpSampling2D",
        {{"size", {size[0] / x.shape[1], size[1] / x.shape[2]}}, {"interpolation", nearest ? "nearest" : "bilinear"}},
        {x})};
  }
  return {node.layer(
      "Resizing", {{"height", size[0]}, {"width", size[1]}, {"interpolation", nearest ? "nearest" : "bilinear"}}, {x})};
}

}  // namespace signxai::tensorflow
