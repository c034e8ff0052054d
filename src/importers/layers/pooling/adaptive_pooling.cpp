// Adaptive pooling of Keras 3: as many bins along each spatial axis as are asked for. Bin i of n covers the cells from
// floor(i * extent / n) up to ceil((i + 1) * extent / n), so that bins may overlap and differ in width by one cell.
// Where they are equal and evenly spaced this is ordinary pooling; other means are a matrix per axis, and other maxima
// are joined from stretches of equal bins. Maxima are taken axis after axis, as Keras does on JAX and TensorFlow, which
// decides who wins a tie.
#include <algorithm>
#include <limits>

#include "importers/layers/importers.h"

namespace signxai::keras {
namespace {

using graph::Builder;
using graph::Ints;
using graph::Value;

constexpr std::int64_t kMostCells = 1 << 13;  ///< of an axis, before and after
constexpr std::size_t kMostStretches = 1 << 9;

/// Bins of one width at one distance.
struct Stretch {
  std::int64_t begin, width, stride = 1, count = 1;

  std::int64_t last() const { return begin + (count - 1) * stride; }
  bool takes(std::int64_t next, std::int64_t next_width) const {
    return next_width == width && next > last() && (count == 1 || next - last() == stride);
  }
};

using Bins = std::vector<Stretch>;

Bins bins_of(std::int64_t cells, std::int64_t count) {
  Bins bins;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t begin = i * cells / count, width = ((i + 1) * cells + count - 1) / count - begin;
    if (bins.empty() || !bins.back().takes(begin, width)) {
      bins.push_back({begin, width});
    } else {
      bins.back().stride = begin - bins.back().last();
      ++bins.back().count;
    }
  }
  return bins;
}

/// [count, cells]: the means of the bins.
graph::Literal means_of(const Bins& bins, std::int64_t cells) {
  std::vector<float> matrix;
  for (const Stretch& stretch : bins) {
    for (std::int64_t begin = stretch.begin; begin <= stretch.last(); begin += stretch.stride) {
      const std::size_t row = matrix.size();
      matrix.resize(row + static_cast<std::size_t>(cells), 0.0F);
      std::fill_n(matrix.begin() + static_cast<std::ptrdiff_t>(row) + begin, stretch.width,
                  1.0F / static_cast<float>(stretch.width));
    }
  }
  const auto rows = static_cast<std::int64_t>(matrix.size()) / cells;
  return graph::Literal({rows, cells}, std::move(matrix));
}

/// The bins of each spatial axis of an input with its channels last.
std::vector<Bins> read_bins(const LayerContext& context, const Shape& shape, const Ints& size) {
  std::vector<Bins> axes;
  for (std::size_t i = 0; i < size.size(); ++i) {
    const std::int64_t cells = shape[i + 1];
    if (cells == graph::kOpen) {
      context.refuse("needs inputs of known size, on which its bins depend; got " + signxai::to_string(shape) +
                     "; try saving the model with a fixed input shape");
    }
    if (cells == 0) context.corrupt("the input is empty; got " + signxai::to_string(shape));
    if (std::max(cells, size[i]) > kMostCells) {
      context.refuse("is supported up to " + std::to_string(kMostCells) + " cells per axis; got " +
                     std::to_string(cells) + " and an 'output_size' of " + std::to_string(size[i]));
    }
    axes.push_back(bins_of(cells, size[i]));
  }
  return axes;
}

/// Pooling over the axes whose bins are given; those of one cell are left as they are.
Value pooled(Builder& b, const char* op, Value x, const std::vector<Stretch>& axes) {
  Ints window, strides;
  for (const Stretch& axis : axes) window.push_back(axis.width), strides.push_back(axis.stride);
  if (std::all_of(window.begin(), window.end(), [](std::int64_t width) { return width == 1; })) return x;
  graph::Attrs attrs{{"window", window}, {"strides", strides}, {"padding", std::string("valid")}, {"pads", Ints{}}};
  if (op == std::string_view("max_pool")) attrs.set("ties", std::string("first"));
  return b.make(op, {x}, attrs);
}

Value averages(Builder& b, Value x, const std::vector<Bins>& axes) {
  std::vector<Stretch> even;
  for (const Bins& bins : axes) even.push_back(bins.size() == 1 ? bins[0] : Stretch{0, 1});
  x = pooled(b, "avg_pool", x, even);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    if (axes[i].size() == 1) continue;
    const Shape shape = b.shape(x);
    std::int64_t behind = 1;
    for (std::size_t k = i + 2; k < shape.size(); ++k) behind *= shape[k];
    Shape rows(shape.begin(), shape.begin() + static_cast<std::ptrdiff_t>(i) + 2), result = shape;
    rows[0] = result[0] = 0;
    rows.push_back(behind);
    const graph::Literal means = means_of(axes[i], shape[i + 1]);
    result[i + 1] = means.shape()[0];
    x = b.reshape(b.make("matmul", {b.constant(means), b.reshape(x, rows)}), result);
  }
  return x;
}

Value cut_out(Builder& b, Value x, std::size_t axis, std::int64_t first, std::int64_t behind) {
  Ints begin(b.shape(x).size(), 0), end(begin.size(), std::numeric_limits<std::int64_t>::max());
  begin[axis] = first, end[axis] = behind;
  return b.make("slice", {x}, {{"begin", begin}, {"end", end}});
}

Value maxima(const LayerContext& context, Builder& b, Value x, const std::vector<Bins>& axes) {
  for (std::size_t i = 0; i < axes.size(); ++i) {
    if (axes[i].size() > kMostStretches) {
      context.refuse("needs " + std::to_string(axes[i].size()) + " maxima along an axis that are computed apart; " +
                     "supported are " + std::to_string(kMostStretches) + "; try an 'output_size' that divides " +
                     std::to_string(b.shape(x)[i + 1]));
    }
    std::vector<Stretch> one(axes.size(), Stretch{0, 1});
    std::vector<Value> parts;
    for (const Stretch& stretch : axes[i]) {
      one[i] = stretch;
      const bool whole = axes[i].size() == 1;
      const Value part = whole ? x : cut_out(b, x, i + 1, stretch.begin, stretch.last() + stretch.width);
      parts.push_back(pooled(b, "max_pool", part, one));
    }
    x = parts.size() == 1 ? parts[0] : b.make("concat", parts, {{"axis", static_cast<std::int64_t>(i) + 1}});
  }
  return x;
}

LayerResult import_adaptive(LayerContext& context, bool average, std::size_t n) {
  Builder& b = context.builder();
  const bool transposed = channels_first(context);
  Value x = context.input(n + 2, n + 2);
  const Ints size = context.config().window("output_size", n);
  if (average && std::all_of(size.begin(), size.end(), [](std::int64_t count) { return count == 1; })) {
    Ints axes;
    for (std::size_t i = 0; i < n; ++i) axes.push_back(static_cast<std::int64_t>(i) + (transposed ? 2 : 1));
    return LayerResult::plain(b.reduce("reduce_mean", x, axes, true));
  }
  if (transposed) x = to_channels_last(b, x);
  const std::vector<Bins> bins = read_bins(context, b.shape(x), size);
  if (average) context.known_extent(x, n + 1);
  x = average ? averages(b, x, bins) : maxima(context, b, x, bins);
  return LayerResult::plain(transposed ? to_channels_first(b, x) : x);
}

}  // namespace

LayerResult import_adaptive_average1d(LayerContext& context) { return import_adaptive(context, true, 1); }
LayerResult import_adaptive_average2d(LayerContext& context) { return import_adaptive(context, true, 2); }
LayerResult import_adaptive_average3d(LayerContext& context) { return import_adaptive(context, true, 3); }
LayerResult import_adaptive_max1d(LayerContext& context) { return import_adaptive(context, false, 1); }
LayerResult import_adaptive_max2d(LayerContext& context) { return import_adaptive(context, false, 2); }
LayerResult import_adaptive_max3d(LayerContext& context) { return import_adaptive(context, false, 3); }

}  // namespace signxai::keras
