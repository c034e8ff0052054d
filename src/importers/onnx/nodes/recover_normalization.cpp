// Normalisations by the statistics of the sample that are written out, at the last of their nodes:
//   LayerNormalization  (x - mean) / sqrt(mean((x - mean)^2) + epsilon) gamma + beta  (Ba et al. 2016), or with the
//   root's
//                       inverse r gamma first: x r + (beta - mean r), as TensorFlow has it
//   RMSNormalization    x / sqrt(mean(x^2) + epsilon) gamma  (Zhang and Sennrich 2019)
// Scale and shift are looked for at a product and a sum; each of them takes the layer before along.
#include <algorithm>

#include "importers/onnx/nodes/families.h"
#include "importers/onnx/nodes/recover.h"

namespace signxai::onnx {
namespace {

using graph::Ints;
using Proto = onnx_messages::Node;

/// sqrt(mean of a tensor + epsilon), the axes kept.
struct Root {
  std::string of{};
  Ints axes{};
  double epsilon = 0;
};

struct Layer {
  std::string x{};
  Ints axes{};
  double epsilon = 0;
  bool centred = false;
  std::string gamma{}, beta{};  ///< tensors; empty: none
};

/// Looks back from a node. All functions give none where they do not find what they are named for.
class Search {
 public:
  explicit Search(const Translator& translator) : t_(translator) {}

  std::optional<Layer> layer(const Proto& node) const {
    if (node.op_type() != "Add") return scaled_or_not(node);
    if (auto found = shifted_product(node)) return found;
    for (const int i : {0, 1}) {
      const Proto* before = t_.maker_of(origin(t_, node.input(1 - i)));
      if (!before || !is_constant(node.input(i))) continue;
      auto found = scaled_or_not(*before);
      if (!found || !found->centred) continue;
      found->beta = node.input(i);
      return found;
    }
    return std::nullopt;
  }

  /// A batch normalization by the statistics of what it takes, of a batch of one.
  std::optional<Layer> batch_rows(const Proto& node) const {
    if (node.input_size() != 5 || !are_all(node.input(1), 1) || !are_all(node.input(2), 0)) return std::nullopt;
    const Tensor* x = t_.find(node.input(0));
    if (!x || x->constant || x->shape.size() < 3 || x->shape.front() != 1 || element_count(x->shape) <= 0)
      return std::nullopt;
    Ints axes{0}, inner;
    for (std::size_t i = 2; i < x->shape.size(); ++i) inner.push_back(static_cast<std::int64_t>(i));
    axes.insert(axes.end(), inner.begin(), inner.end());
    const Proto* squeezed = made_by(t_, node.input(3), "Squeeze");
    const bool fits =
        squeezed && is_mean(squeezed->input(0), node.input(0), axes) && is_variance(node.input(4), node.input(0), axes);
    double epsilon = 1e-5;
    for (const auto& found : node.attribute()) {
      if (found.name() == "epsilon") epsilon = static_cast<double>(found.f());
    }
    return fits ? std::optional(Layer{node.input(0), inner, epsilon, true}) : std::nullopt;
  }

 private:
  bool same(const std::string& a, const std::string& b) const { return origin(t_, a) == origin(t_, b); }

  bool is_constant(const std::string& tensor) const {
    const Tensor* found = t_.find(origin(t_, tensor));
    return found && found->constant;
  }

  std::optional<Layer> scaled_or_not(const Proto& node) const {
    if (node.input_size() != 2) return std::nullopt;
    if (auto found = standardised(node)) return found;
    for (const int i : {0, 1}) {
      const Proto* before = t_.maker_of(origin(t_, node.input(1 - i)));
      if (node.op_type() != "Mul" || !before || before->input_size() != 2 || !is_constant(node.input(i))) continue;
      auto found = standardised(*before);
      if (!found) continue;
      found->gamma = node.input(i);
      return found;
    }
    return std::nullopt;
  }

  /// The node that is a mean along axes which it keeps.
  const Proto* mean(const std::string& tensor) const {
    if (const Proto* node = made_by(t_, tensor, "ReduceMean")) return node;
    return made_by(t_, tensor, "GlobalAveragePool");
  }

  /// The axes of a reduction that keeps them, counted from the front.
  std::optional<Ints> axes_of(const Proto& node, bool kept = true) const {
    const Tensor* x = t_.find(node.input(0));
    if (!x) return std::nullopt;
    const auto rank = static_cast<std::int64_t>(x->shape.size());
    Ints axes;
    for (std::int64_t i = 2; i < rank && node.op_type() == "GlobalAveragePool"; ++i) axes.push_back(i);
    for (const auto& found : node.attribute()) {
      if (found.name() == "keepdims" && (found.i() != 0) != kept) return std::nullopt;
      if (found.name() == "axes") axes.assign(found.ints().begin(), found.ints().end());
    }
    if (node.input_size() > 1) {
      const Tensor* given = t_.find(node.input(1));
      if (!given || !given->constant) return std::nullopt;
      axes = given->constant->integers();
    }
    for (std::int64_t& axis : axes) axis += axis < 0 ? rank : 0;
    std::sort(axes.begin(), axes.end());
    return axes.empty() ? std::nullopt : std::optional(axes);
  }

  std::optional<Root> root(const std::string& tensor) const {
    const Proto* node = made_by(t_, tensor, "Sqrt");
    if (!node) node = power(tensor, 0.5);
    const Proto* sum = node ? made_by(t_, node->input(0), "Add") : nullptr;
    for (const int i : {0, 1}) {
      const Proto* variance = sum && sum->input_size() == 2 ? mean(sum->input(1 - i)) : nullptr;
      const auto epsilon = variance ? number(t_, sum->input(i)) : std::nullopt;
      const auto axes = epsilon ? axes_of(*variance) : std::nullopt;
      if (axes) return Root{variance->input(0), *axes, *epsilon};
    }
    return std::nullopt;
  }

  /// 1 / root
  std::optional<Root> inverse_root(const std::string& tensor) const {
    if (const Proto* node = made_by(t_, tensor, "Reciprocal")) return root(node->input(0));
    const Proto* quotient = made_by(t_, tensor, "Div");
    if (quotient && quotient->input_size() == 2 && number(t_, quotient->input(0)) == 1.0)
      return root(quotient->input(1));
    return std::nullopt;
  }

  const Proto* power(const std::string& tensor, double exponent) const {
    const Proto* node = made_by(t_, tensor, "Pow");
    return node && node->input_size() == 2 && number(t_, node->input(1)) == exponent ? node : nullptr;
  }

  /// What that tensor is the square of.
  std::optional<std::string> base(const std::string& tensor) const {
    if (const Proto* node = power(tensor, 2)) return node->input(0);
    const Proto* node = made_by(t_, tensor, "Mul");
    if (node && node->input_size() == 2 && same(node->input(0), node->input(1))) return node->input(0);
    return std::nullopt;
  }

  /// x of x - mean(x) along those axes.
  std::optional<std::string> centred(const std::string& tensor, const Ints& axes) const {
    const Proto* difference = made_by(t_, tensor, "Sub");
    if (!difference || difference->input_size() != 2) return std::nullopt;
    const bool fits = is_mean(difference->input(1), difference->input(0), axes);
    return fits ? std::optional(difference->input(0)) : std::nullopt;
  }

  bool is_mean(const std::string& tensor, const std::string& x, const Ints& axes) const {
    const Proto* node = mean(tensor);
    return node && same(node->input(0), x) && axes_of(*node) == axes;
  }

  std::optional<Layer> standardised(const Proto& node) const {
    if (node.op_type() == "Reshape") return behind_rows(node);
    for (const int i : {0, 1}) {
      std::optional<Root> by;
      if (node.op_type() == "Div" && i == 1) by = root(node.input(1));
      if (node.op_type() == "Mul") by = inverse_root(node.input(i));
      const auto squared = by ? base(by->of) : std::nullopt;
      if (!squared) continue;
      const std::string& above = node.input(1 - i);
      const auto x = centred(above, by->axes), other = centred(*squared, by->axes);
      if (x && other && same(*x, *other)) return Layer{*x, by->axes, by->epsilon, true};
      if (same(above, *squared)) return Layer{above, by->axes, by->epsilon};
    }
    return std::nullopt;
  }

  /// Whether the numbers are all the same.
  bool are_all(const std::string& tensor, double expected) const {
    const Tensor* found = t_.find(tensor);
    if (!found || !found->constant) return false;
    const std::vector<double> numbers = found->constant->numbers();
    return std::all_of(numbers.begin(), numbers.end(), [&](double v) { return v == expected; });
  }

  /// The variance of a tensor along axes that it drops, as tf2onnx computes it: a sum of squares by their number.
  bool is_variance(const std::string& tensor, const std::string& x, const Ints& axes) const {
    const Proto* quotient = made_by(t_, tensor, "Div");
    const Proto* squares =
        quotient && quotient->input_size() == 2 ? made_by(t_, quotient->input(0), "ReduceSumSquare") : nullptr;
    const Tensor* whole = t_.find(x);
    if (!squares || !whole || axes_of(*squares, false) != axes) return false;
    double count = 1;
    for (const std::int64_t axis : axes) count *= static_cast<double>(whole->shape[static_cast<std::size_t>(axis)]);
    const auto of = centred(squares->input(0), axes);
    return of && same(*of, x) && number(t_, quotient->input(1)) == count;
  }

  /// Reshape, batch_rows, Reshape: each row of the sample is a channel in between.
  std::optional<Layer> behind_rows(const Proto& last) const {
    const Proto* node = made_by(t_, last.input(0), "BatchNormalization");
    const auto rows = node ? batch_rows(*node) : std::nullopt;
    const Proto* first = rows ? made_by(t_, rows->x, "Reshape") : nullptr;
    const Tensor* from = first ? t_.find(origin(t_, first->input(0))) : nullptr;
    const Tensor *inner = rows ? t_.find(rows->x) : nullptr, *to = t_.find(last.output(0));
    if (!from || !inner || !to || from->shape.empty() || from->shape != to->shape) return std::nullopt;
    std::int64_t left = element_count(Shape(inner->shape.begin() + 2, inner->shape.end()));
    Layer found{first->input(0), {}, rows->epsilon, true};
    for (std::size_t axis = from->shape.size(); axis-- > 1 && left > 1;) {
      const std::int64_t extent = from->shape[axis];
      if (extent <= 0 || left % extent != 0) return std::nullopt;
      left /= extent;
      found.axes.insert(found.axes.begin(), static_cast<std::int64_t>(axis));
    }
    return left == 1 && !found.axes.empty() ? std::optional(found) : std::nullopt;
  }

  /// x r + (beta - mean r), x r - mean r, or x r + (-mean r + beta)
  std::optional<Layer> shifted_product(const Proto& node) const {
    for (const int i : {0, 1}) {
      const Proto* product = made_by(t_, node.input(i), "Mul");
      for (const int j : {0, 1}) {
        if (!product || product->input_size() != 2) continue;
        auto found = scaled(product->input(1 - j), product->input(j));
        if (found && takes_shift(node.input(1 - i), product->input(j), *found)) return found;
      }
    }
    return std::nullopt;
  }

  /// x and gamma of x r; r = gamma / root
  std::optional<Layer> scaled(const std::string& x, const std::string& by) const {
    auto r = inverse_root(by);
    std::string gamma;
    const Proto* product = r ? nullptr : made_by(t_, by, "Mul");
    for (const int i : {0, 1}) {
      if (!product || product->input_size() != 2 || !is_constant(product->input(i))) continue;
      r = inverse_root(product->input(1 - i));
      gamma = product->input(i);
      if (r) break;
    }
    const auto squared = r ? base(r->of) : std::nullopt;
    const auto inner = squared ? centred(*squared, r->axes) : std::nullopt;
    if (!inner || !same(*inner, x)) return std::nullopt;
    return Layer{x, r->axes, r->epsilon, true, gamma};
  }

  bool takes_shift(const std::string& shift, const std::string& r, Layer& found) const {
    if (const Proto* difference = made_by(t_, shift, "Sub")) {
      if (difference->input_size() != 2 || !is_constant(difference->input(0))) return false;
      found.beta = difference->input(0);
      return is_moved_mean(difference->input(1), r, found);
    }
    if (const Proto* sum = made_by(t_, shift, "Add")) {
      for (const int i : {0, 1}) {
        if (sum->input_size() != 2 || !is_constant(sum->input(i))) continue;
        found.beta = sum->input(i);
        if (is_negative(sum->input(1 - i), r, found)) return true;
      }
      return false;
    }
    return is_negative(shift, r, found);
  }

  /// -mean r, with the sign at either place.
  bool is_negative(const std::string& tensor, const std::string& r, const Layer& found) const {
    if (const Proto* node = made_by(t_, tensor, "Neg")) return is_moved_mean(node->input(0), r, found);
    const Proto* product = made_by(t_, tensor, "Mul");
    for (const int i : {0, 1}) {
      const Proto* node = product && product->input_size() == 2 ? made_by(t_, product->input(i), "Neg") : nullptr;
      if (node && same(product->input(1 - i), r) && is_mean(node->input(0), found.x, found.axes)) return true;
    }
    return false;
  }

  bool is_moved_mean(const std::string& tensor, const std::string& r, const Layer& found) const {
    const Proto* product = made_by(t_, tensor, "Mul");
    for (const int i : {0, 1}) {
      if (!product || product->input_size() != 2 || !same(product->input(i), r)) continue;
      if (is_mean(product->input(1 - i), found.x, found.axes)) return true;
    }
    return false;
  }

  const Translator& t_;
};

/// The numbers of a scale or shift, in the extents of the axes; none where they lie along others.
std::optional<graph::Literal> along(const Constant& numbers, const Tensor& x, const Ints& axes, const char* role) {
  const std::size_t rank = x.shape.size();
  if (numbers.shape().size() > rank) return std::nullopt;
  Shape wide(rank - numbers.shape().size(), 1), expected(rank, 1), extents;
  wide.insert(wide.end(), numbers.shape().begin(), numbers.shape().end());
  for (const std::int64_t axis : axes) {
    extents.push_back(x.shape[static_cast<std::size_t>(axis)]);
    expected[static_cast<std::size_t>(axis)] = extents.back();
  }
  if (wide != expected) return std::nullopt;
  return numbers.reshaped(extents).literal(role);
}

/// Whether there is such a layer for that tensor: not over the samples, not over an open extent.
bool can_be_made(const Tensor& x, const Layer& layer) {
  const auto rank = static_cast<std::int64_t>(x.shape.size());
  const bool fits = !x.constant && !x.missing && std::all_of(layer.axes.begin(), layer.axes.end(), [&](std::int64_t a) {
    return a >= 0 && a < rank && x.shape[static_cast<std::size_t>(a)] > 0;
  });
  if (!fits || std::adjacent_find(layer.axes.begin(), layer.axes.end()) != layer.axes.end()) return false;
  // Keras lays the scale of RMSNormalization along the last axes.
  return layer.centred || layer.axes.front() + static_cast<std::int64_t>(layer.axes.size()) == rank;
}

Constant ones(const Tensor& x, const Ints& axes) {
  Shape extents;
  for (const std::int64_t axis : axes) extents.push_back(x.shape[static_cast<std::size_t>(axis)]);
  return {extents, Element::kFloat, std::vector<double>(static_cast<std::size_t>(element_count(extents)), 1.0)};
}

/// False where the numbers do not fit.
bool give(Node& node, const Layer& layer) {
  Translator& t = node.translator();
  const Tensor x = t.tensor(origin(t, layer.x), node.name());
  if (!can_be_made(x, layer)) return false;
  std::vector<graph::Literal> weights;
  for (const auto& [tensor, role] :
       {std::pair{&layer.gamma, layer.centred ? "gamma" : "scale"}, std::pair{&layer.beta, "beta"}}) {
    if (tensor->empty()) continue;
    const auto numbers = along(*t.tensor(origin(t, *tensor), node.name()).constant, x, layer.axes, role);
    if (!numbers) return false;
    weights.push_back(*numbers);
  }
  const bool last = x.channels_last && layer.axes == Ints{1};
  const Frame frame = Node::frame_for(x, layer.axes.front());
  Ints axes;
  for (const std::int64_t axis : layer.axes) axes.push_back(last ? -1 : in_frame(axis, frame));
  Json config{{"axis", axes}, {"epsilon", layer.epsilon}};
  if (layer.centred) {
    config["scale"] = !layer.gamma.empty();
    config["center"] = !layer.beta.empty();
  } else if (weights.empty()) {
    weights.push_back(ones(x, layer.axes).literal("scale"));
  }
  const char* name = layer.centred ? "LayerNormalization" : "RMSNormalization";
  const TensorRef made = node.layer(name, config, {last ? x.ref : node.in_frame(x, frame)}, std::move(weights));
  if (last) node.give(0, node.like(x, made));
  if (!last) node.give(0, made, frame);
  return true;
}

}  // namespace

bool recover_normalization(Node& node) {
  if (node.inputs() != 2) return false;
  const auto layer = Search(node.translator()).layer(node.proto());
  return layer && give(node, *layer);
}

bool recover_row_normalization(Node& node) {
  const auto rows = Search(node.translator()).batch_rows(node.proto());
  return rows && give(node, *rows);
}

}  // namespace signxai::onnx
