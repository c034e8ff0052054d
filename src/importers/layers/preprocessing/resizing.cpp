// Resizing, CenterCrop and RandomCrop: images at another size. Nearest and bilinear samples are an op of the graph,
// which takes images of open size too; every other filter is a matrix per axis.
#include <algorithm>
#include <limits>

#include "importers/layers/importers.h"
#include "importers/layers/preprocessing/resampling.h"

namespace signxai::keras {
namespace {

using graph::Builder;
using graph::Ints;
using graph::Value;

/// An image with its channels last, and the size that it gets.
struct Job {
  Value image;
  std::int64_t height, width;
};

struct Extent {
  std::int64_t height, width;
};

Extent known_size(const LayerContext& context, Value image, const char* why) {
  const Shape& shape = context.shape(image);
  if (shape[1] == graph::kOpen || shape[2] == graph::kOpen) {
    context.refuse(std::string(why) + " needs images of known size; got " + signxai::to_string(shape) +
                   "; try saving the model with a fixed input shape");
  }
  if (shape[1] == 0 || shape[2] == 0) context.corrupt("the image is empty; got " + signxai::to_string(shape));
  return {shape[1], shape[2]};
}

/// The extent that gives `other` of the image the aspect ratio of the result.
std::int64_t in_proportion(std::int64_t other, std::int64_t target, std::int64_t target_other) {
  return static_cast<std::int64_t>(static_cast<double>(other * target) / static_cast<double>(target_other));
}

Value cut(Builder& b, Value image, Extent start, Extent size) {
  const Ints begin{0, start.height, start.width, 0};
  constexpr std::int64_t kAll = std::numeric_limits<std::int64_t>::max();
  const Ints end{kAll, start.height + size.height, start.width + size.width, kAll};
  return b.make("slice", {image}, {{"begin", begin}, {"end", end}});
}

/// The largest part in the middle of the image that has the aspect ratio of the result.
Value crop_to_ratio(LayerContext& context, const Job& job) {
  const Extent size = known_size(context, job.image, "crop_to_aspect_ratio");
  const auto clamped = [](std::int64_t value, std::int64_t most) {
    return std::max<std::int64_t>(std::min(value, most), 1);
  };
  const Extent part{clamped(in_proportion(size.width, job.height, job.width), size.height),
                    clamped(in_proportion(size.height, job.width, job.height), size.width)};
  return cut(context.builder(), job.image, {(size.height - part.height) / 2, (size.width - part.width) / 2}, part);
}

/// A border of one value on two opposite sides, so that the image has the aspect ratio of the result, or nearly so.
Value pad_to_ratio(LayerContext& context, const Job& job) {
  Builder& b = context.builder();
  const Extent size = known_size(context, job.image, "pad_to_aspect_ratio");
  const std::int64_t above = (in_proportion(size.width, job.height, job.width) - size.height) / 2;
  const std::int64_t left = (in_proportion(size.height, job.width, job.height) - size.width) / 2;
  const std::int64_t rows = std::max<std::int64_t>(above, 0), columns = rows > 0 ? 0 : std::max<std::int64_t>(left, 0);
  if (rows == 0 && columns == 0) return job.image;
  if (rows > kLongestAxis || columns > kLongestAxis) context.refuse("pads to an absurd size");
  const Value padded = b.make("pad", {job.image}, {{"pads", Ints{0, 0, rows, rows, columns, columns, 0, 0}}});
  const auto fill = static_cast<float>(context.config().number("fill_value", 0.0));
  if (fill == 0) return padded;
  const std::int64_t height = size.height + 2 * rows, width = size.width + 2 * columns;
  std::vector<float> border;
  for (std::int64_t y = 0; y < height; ++y) {
    for (std::int64_t x = 0; x < width; ++x) {
      const bool inside = y >= rows && y < height - rows && x >= columns && x < width - columns;
      border.push_back(inside ? 0 : fill);
    }
  }
  return b.add(padded, b.constant(graph::Literal({1, height, width, 1}, std::move(border))));
}

Value by_op(Builder& b, const Job& job, const char* mode) {
  return b.make("resize", {job.image}, {{"size", Ints{job.height, job.width}}, {"mode", mode}});
}

Value matrix(Builder& b, std::int64_t from, std::int64_t to, const Filter& filter) {
  return b.constant(graph::Literal({to, from}, resampling_matrix(from, to, filter)));
}

Value by_matrices(LayerContext& context, const Job& job, const Filter& filter) {
  Builder& b = context.builder();
  const Extent size = known_size(context, job.image, "this interpolation");
  const std::int64_t channels = context.known_extent(job.image, 3);
  if (std::max({size.height, size.width, job.height, job.width}) > kLongestAxis) {
    context.refuse("this interpolation is supported up to " + std::to_string(kLongestAxis) + " pixels per axis");
  }
  const Value rows = b.reshape(job.image, {0, size.height, size.width * channels});
  const Value scaled = b.make("matmul", {matrix(b, size.height, job.height, filter), rows});
  const Value columns = b.reshape(scaled, {0, job.height, size.width, channels});
  return b.make("matmul", {matrix(b, size.width, job.width, filter), columns});
}

Value interpolate(LayerContext& context, const Job& job) {
  const Config& config = context.config();
  const bool third = config.keras() == 3, antialias = config.flag("antialias", false);
  std::vector<std::string> names{"bilinear", "nearest", "bicubic", "lanczos3", "lanczos5"};
  if (!third) names.insert(names.end(), {"area", "gaussian", "mitchellcubic"});
  const std::string method = config.choice("interpolation", names, "bilinear");
  if (method == "nearest") return by_op(context.builder(), job, third ? "nearest" : "nearest_float32");
  if (method == "bilinear" && !antialias) return by_op(context.builder(), job, "bilinear");
  return by_matrices(context, job, {method, antialias, !third && method == "bicubic"});
}

/// Reads the size and the layout, and gives the image back in its layout.
template <typename Resize>
LayerResult resized(LayerContext& context, Resize&& resize) {
  const bool transposed = channels_first(context);
  Job job{context.input(4, 4), context.config().positive("height"), context.config().positive("width")};
  if (transposed) job.image = to_channels_last(context.builder(), job.image);
  const Value y = resize(job);
  return LayerResult::plain(transposed ? to_channels_first(context.builder(), y) : y);
}

}  // namespace

LayerResult import_resizing(LayerContext& context) {
  const Config& config = context.config();
  const bool crop = config.flag("crop_to_aspect_ratio", false), pad = config.flag("pad_to_aspect_ratio", false);
  if (crop && pad) config.wrong("pad_to_aspect_ratio", "false where crop_to_aspect_ratio is true");
  if (pad) config.choice("fill_mode", {"constant"}, "constant");
  return resized(context, [&](Job job) {
    if (crop) job.image = crop_to_ratio(context, job);
    if (pad) job.image = pad_to_ratio(context, job);
    return interpolate(context, job);
  });
}

/// An image that is too small on one side is resized, after a crop to the aspect ratio.
LayerResult import_center_crop(LayerContext& context) {
  return resized(context, [&](Job job) {
    const Extent size = known_size(context, job.image, "a crop of the centre");
    const Extent start{(size.height - job.height) / 2, (size.width - job.width) / 2};
    if (size.height >= job.height && size.width >= job.width) {
      return cut(context.builder(), job.image, start, {job.height, job.width});
    }
    job.image = crop_to_ratio(context, job);
    return by_op(context.builder(), job, "bilinear");
  });
}

/// In inference Keras 3 does nothing, and Keras 2 resizes after a crop to the aspect ratio.
LayerResult import_random_crop(LayerContext& context) {
  if (context.config().keras() == 3) return LayerResult::plain(context.input());
  return resized(context, [&](Job job) {
    job.image = crop_to_ratio(context, job);
    return by_op(context.builder(), job, "bilinear");
  });
}

}  // namespace signxai::keras
