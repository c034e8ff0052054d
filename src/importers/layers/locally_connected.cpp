// LocallyConnected1D and LocallyConnected2D: a convolution with a kernel of its own at every position. Keras stores the
// kernels in one of three ways: per position (1), as a matrix between all inputs and outputs that is zero off the
// windows (2), or as the entries of that matrix inside the windows (3).
#include <algorithm>

#include "importers/layers/activations.h"
#include "importers/layers/geometry.h"
#include "importers/layers/importers.h"

namespace signxai::keras {
namespace {

using graph::Ints;
using graph::Literal;
using graph::Value;

constexpr std::int64_t kMostElements = std::int64_t{1} << 28;  // of a matrix that is written out

struct Local {
  Geometry window;
  Ints in, out;  ///< spatial extents
  std::int64_t channels, filters, cells = 1, positions = 1, taps = 1;
};

Local read_local(LayerContext& context, Value x, std::size_t n) {
  Local l{
      read_geometry(context.config(), n), {}, {}, context.known_extent(x, n + 1), context.config().positive("filters")};
  const bool same = l.window.padding == "same";
  if (l.window.padding == "causal") context.corrupt("cannot have causal padding");
  for (std::size_t i = 0; i < n; ++i) {
    l.in.push_back(context.known_extent(x, i + 1));
    const std::int64_t free = same ? l.in[i] - 1 : l.in[i] - l.window.kernel[i];
    if (free < 0) context.corrupt("the kernel is larger than the input");
    l.out.push_back(free / l.window.strides[i] + 1);
    l.cells *= l.in[i], l.positions *= l.out[i], l.taps *= l.window.kernel[i];
  }
  if (l.positions * l.taps * l.channels > kMostElements) context.refuse("has too many positions");
  return l;
}

/// Every window of the input as a row: a convolution with ones where input and output channel meet.
Value patches(LayerContext& context, Value x, const Local& l) {
  const std::int64_t row = l.taps * l.channels;
  std::vector<float> ones(static_cast<std::size_t>(row * row), 0.0F);
  for (std::int64_t i = 0; i < row; ++i) ones[static_cast<std::size_t>(i * row + i)] = 1.0F;
  const Value pick = context.builder().constant(Literal(kernel_shape(l.window, {l.channels, row}), std::move(ones)));
  return context.builder().make("conv", {x, pick}, conv_attributes(l.window));
}

Value per_position(LayerContext& context, Value x, const Local& l) {
  if (l.window.padding == "same") context.corrupt("implementation 1 has no padding 'same'");
  graph::Builder& b = context.builder();
  const std::int64_t row = l.taps * l.channels;
  const Value rows = b.reshape(patches(context, x, l), {0, l.positions, 1, row});
  return b.make("matmul", {rows, context.weight("kernel", {l.positions, row, l.filters})});
}

/// Calls visit(input cell, output cell) for each pair in a window.
template <typename Visit>
void for_each_pair(const Local& l, Visit&& visit) {
  const std::size_t n = l.in.size();
  for (std::int64_t o = 0; o < l.positions; ++o) {
    for (std::int64_t k = 0; k < l.taps; ++k) {
      std::int64_t from = 0, rest_o = o, rest_k = k, factor = 1;
      bool inside = true;
      for (std::size_t d = n; d-- > 0;) {
        const std::int64_t at_o = rest_o % l.out[d], at_k = rest_k % l.window.kernel[d];
        rest_o /= l.out[d], rest_k /= l.window.kernel[d];
        const std::int64_t reach =
            std::max<std::int64_t>((l.out[d] - 1) * l.window.strides[d] + l.window.kernel[d] - l.in[d], 0);
        const std::int64_t at = at_o * l.window.strides[d] + at_k - (l.window.padding == "same" ? reach / 2 : 0);
        inside = inside && at >= 0 && at < l.in[d];
        from += at * factor, factor *= l.in[d];
      }
      if (inside) visit(from, o);
    }
  }
}

/// x times the whole matrix, of which the entries off the windows count as zero whatever they are.
Value by_matrix(LayerContext& context, Value x, const Local& l) {
  graph::Builder& b = context.builder();
  const std::int64_t rows = l.cells * l.channels, columns = l.positions * l.filters;
  if (rows > kMostElements / columns) context.refuse("stores its kernel as a matrix that is too large");
  std::vector<float> mask(static_cast<std::size_t>(rows * columns), 0.0F);
  for_each_pair(l, [&](std::int64_t from, std::int64_t to) {
    for (std::int64_t c = 0; c < l.channels; ++c) {
      const auto begin = mask.begin() + ((from * l.channels + c) * columns + to * l.filters);
      std::fill(begin, begin + l.filters, 1.0F);
    }
  });
  Value kernel;
  if (context.config().integer("implementation", 1) == 2) {
    Shape shape = l.in;
    shape.push_back(l.channels);
    shape.insert(shape.end(), l.out.begin(), l.out.end());
    shape.push_back(l.filters);
    kernel = b.reshape(context.weight("kernel", shape), {rows, columns});
  } else {
    // The entries in the order of outputs, then inputs.
    const auto count = static_cast<std::int64_t>(std::count(mask.begin(), mask.end(), 1.0F));
    const Literal entries = context.literal("kernel", {count});
    std::vector<float> matrix(mask.size(), 0.0F);
    const float* next = entries.data();
    for (std::int64_t to = 0; to < columns; ++to) {
      for (std::int64_t from = 0; from < rows; ++from) {
        const auto at = static_cast<std::size_t>(from * columns + to);
        if (mask[at] != 0) matrix[at] = *next++;
      }
    }
    kernel = b.constant(Literal({rows, columns}, std::move(matrix)));
    context.add_weight("kernel", kernel);
  }
  kernel = b.mul(kernel, b.constant(Literal({rows, columns}, std::move(mask))));
  return b.make("matmul", {b.reshape(x, {0, rows}), kernel});
}

LayerResult import_local(LayerContext& context, std::size_t n) {
  const std::int64_t implementation = context.config().integer("implementation", 1);
  if (implementation < 1 || implementation > 3) context.config().wrong("implementation", "1, 2 or 3");
  if (channels_first(context)) context.refuse("has data_format channels_first; only channels_last is supported here");
  graph::Builder& b = context.builder();
  const Value x = context.input(n + 2, n + 2);
  const Local l = read_local(context, x, n);
  Shape shape{0}, bias = l.out;
  shape.insert(shape.end(), l.out.begin(), l.out.end());
  shape.push_back(l.filters), bias.push_back(l.filters);
  Value z = b.reshape(implementation == 1 ? per_position(context, x, l) : by_matrix(context, x, l), shape);
  if (context.config().flag("use_bias", true)) z = b.add(z, context.weight("bias", bias));
  return fused_activation(context, z);
}

}  // namespace

LayerResult import_locally_connected1d(LayerContext& context) { return import_local(context, 1); }
LayerResult import_locally_connected2d(LayerContext& context) { return import_local(context, 2); }

}  // namespace signxai::keras
