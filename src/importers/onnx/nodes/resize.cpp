// Resize and Upsample. What Keras has as UpSampling is that layer; all other sampling is a matrix for each axis.
#include <algorithm>
#include <cmath>

#include "importers/onnx/nodes/families.h"
#include "importers/onnx/nodes/windows.h"

namespace signxai::onnx {
namespace {

struct Sampling {
  std::string mode, coordinates, nearest;
};

/// Where the centre of an element of the result is in the input.
double origin(const Sampling& s, std::int64_t at, std::int64_t in, std::int64_t out, double scale) {
  const auto x = static_cast<double>(at);
  if (s.coordinates == "asymmetric") return x / scale;
  if (s.coordinates == "align_corners")
    return out == 1 ? 0 : x * static_cast<double>(in - 1) / static_cast<double>(out - 1);
  if (s.coordinates == "pytorch_half_pixel" && out == 1) return 0;
  if (s.coordinates == "tf_half_pixel_for_nn") return (x + 0.5) / scale;
  return (x + 0.5) / scale - 0.5;
}

double rounded(const Sampling& s, double x) {
  if (s.nearest == "floor") return std::floor(x);
  if (s.nearest == "ceil") return std::ceil(x);
  return s.nearest == "round_prefer_ceil" ? std::floor(x + 0.5) : std::ceil(x - 0.5);
}

/// [in, out]: each column says what an element of the result is made of.
graph::Literal matrix(const Sampling& s, std::int64_t in, std::int64_t out, double scale) {
  std::vector<float> numbers(static_cast<std::size_t>(in * out), 0.0f);
  const auto add = [&](double from, std::int64_t to, double weight) {
    const auto row = std::clamp<std::int64_t>(static_cast<std::int64_t>(from), 0, in - 1);
    numbers[static_cast<std::size_t>(row * out + to)] += static_cast<float>(weight);
  };
  for (std::int64_t o = 0; o < out; ++o) {
    const double x = origin(s, o, in, out, scale), below = std::floor(x);
    if (s.mode == "nearest") {
      add(rounded(s, x), o, 1);
    } else {
      add(below, o, 1 - (x - below));
      add(below + 1, o, x - below);
    }
  }
  return {{in, out}, std::move(numbers), "sampling"};
}

/// Whether every element is repeated that often.
bool repeats(const graph::Literal& matrix, std::int64_t times) {
  const std::int64_t in = matrix.shape()[0], out = matrix.shape()[1];
  if (out != in * times) return false;
  for (std::int64_t o = 0; o < out; ++o) {
    if (matrix.data()[(o / times) * out + o] != 1) return false;
  }
  return true;
}

Sampling sampling_of(Node& node) {
  const bool old = node.type() == "Upsample" || node.opset() < 11;
  Sampling s{node.text("mode", "nearest"),
             node.text("coordinate_transformation_mode", old ? "asymmetric" : "half_pixel"),
             node.text("nearest_mode", old ? "floor" : "round_prefer_floor")};
  if (s.mode == "bilinear") s.mode = "linear";
  const auto known = [](const std::string& text, std::initializer_list<const char*> options) {
    return std::any_of(options.begin(), options.end(), [&](const char* option) { return text == option; });
  };
  if (!known(s.mode, {"nearest", "linear"}))
    node.refuse("samples by '" + s.mode + "'; supported are nearest and linear");
  if (!known(s.coordinates,
             {"asymmetric", "half_pixel", "pytorch_half_pixel", "tf_half_pixel_for_nn", "align_corners"})) {
    node.refuse("has the coordinates '" + s.coordinates + "', which are not supported");
  }
  if (node.integer("antialias", 0) != 0) node.refuse("filters before it samples (antialias), which is not supported");
  return s;
}

/// One extent for each axis, and the scale that coordinates are computed with.
struct Target {
  Shape shape;
  std::vector<double> scales;
};

Target target_of(Node& node, const Shape& from) {
  const bool old = node.type() == "Upsample" || node.opset() < 11;
  Target target;
  std::vector<double> scales = node.numbers("scales");
  const std::size_t at = old ? 1 : 2;
  if (scales.empty() && node.has(at)) scales = node.known(at, "scales").numbers();
  Shape sizes;
  if (!old && node.has(3)) sizes = node.known(3, "sizes").integers();
  if (const auto axes = node.integers("axes")) {  // the others stay
    std::vector<double> all(from.size(), 1);
    Shape whole = from;
    for (std::size_t i = 0; i < axes->size(); ++i) {
      const auto axis = static_cast<std::size_t>(node.axis((*axes)[i], from.size()));
      if (i < scales.size()) all[axis] = scales[i];
      if (i < sizes.size()) whole[axis] = sizes[i];
    }
    if (!scales.empty()) scales = all;
    if (!sizes.empty()) sizes = whole;
  }
  if (scales.size() != from.size() && sizes.size() != from.size())
    node.corrupt("has neither a scale nor a size for each axis");
  for (std::size_t i = 0; i < from.size(); ++i) {
    const bool sized = sizes.size() == from.size();
    if (sized ? sizes[i] == from[i] : scales[i] == 1) {
      target.shape.push_back(from[i]);
      target.scales.push_back(1);
      continue;
    }
    if (from[i] == graph::kOpen)
      node.refuse("resizes an axis of open extent; try exporting the model with fixed extents");
    const double scale = sized ? static_cast<double>(sizes[i]) / static_cast<double>(from[i]) : scales[i];
    target.shape.push_back(sized ? sizes[i]
                                 : static_cast<std::int64_t>(std::floor(static_cast<double>(from[i]) * scale)));
    target.scales.push_back(scale);
    if (target.shape.back() < 1 || target.shape.back() > 8192 || from[i] > 8192)
      node.refuse("resizes to " + std::to_string(target.shape.back()) + "; supported are extents up to 8192");
  }
  return target;
}

bool try_up_sampling(Node& node, const Tensor& x, const Sampling& s, const Target& target) {
  if (x.shape.size() != 4 || x.shape[0] != 1 || target.shape[0] != 1 || target.shape[1] != x.shape[1]) return false;
  graph::Ints factors;
  bool all_repeat = true;
  for (std::size_t i = 2; i < 4; ++i) {
    if (x.shape[i] == graph::kOpen || target.shape[i] % x.shape[i] != 0) return false;
    factors.push_back(target.shape[i] / x.shape[i]);
    all_repeat = all_repeat && repeats(matrix(s, x.shape[i], target.shape[i], target.scales[i]), factors.back());
  }
  const bool linear = s.mode == "linear" && (s.coordinates == "half_pixel" || s.coordinates == "pytorch_half_pixel");
  if (!all_repeat && !linear) return false;
  const Json config{{"size", factors},
                    {"interpolation", all_repeat ? "nearest" : "bilinear"},
                    {"data_format", x.channels_last ? "channels_last" : "channels_first"}};
  give_windowed(node, x, node.layer("UpSampling2D", config, {windowed(node, x)}));
  return true;
}

}  // namespace

void translate_resize(Node& node) {
  const Tensor given = node.input(0);
  const Sampling s = sampling_of(node);
  const Target target = target_of(node, given.shape);
  if (target.shape == given.shape) return node.give(0, given);
  if (try_up_sampling(node, given, s, target)) return;
  Tensor x = node.translator().channels_first(given, node.name());
  const std::size_t rank = x.shape.size();
  if (target.shape.front() != x.shape.front() || x.shape.front() != 1) node.refuse("resizes the batch");
  TensorRef ref = node.batched(x);
  for (std::size_t i = 1; i < rank; ++i) {
    if (target.shape[i] == x.shape[i]) continue;
    graph::Ints perm(rank);
    for (std::size_t k = 0; k < rank; ++k) perm[k] = static_cast<std::int64_t>(k);
    std::swap(perm[i], perm.back());
    const bool moved = i + 1 < rank;
    const auto turn = [&](const TensorRef& from) {
      return moved ? node.operation("Transpose", {{"x", nth(0)}, {"axes", perm}}, {from}, "/turned") : from;
    };
    const TensorRef weights = node.translator().builder().constant(
        node.name() + "/sampling", matrix(s, x.shape[i], target.shape[i], target.scales[i]));
    ref = turn(node.operation("Matmul", {{"x1", nth(0)}, {"x2", nth(1)}}, {turn(ref), weights}));
  }
  node.give(0, ref, Frame::kBatch);
}

void translate_upsample(Node& node) { translate_resize(node); }

}  // namespace signxai::onnx
