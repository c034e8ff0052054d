// Max and average pooling over windows of one to three spatial axes. Averages count only cells inside the input. In
// three dimensions TensorFlow hands the gradient of tied maxima to each of them; other formats than Keras's say "ties".
#include "importers/layers/geometry.h"
#include "importers/layers/importers.h"

namespace signxai::keras {
namespace {

LayerResult import_pooling(LayerContext& context, const char* op, std::size_t n) {
  graph::Builder& b = context.builder();
  const Config& config = context.config();
  const bool transposed = channels_first(context);
  graph::Value x = context.input(n + 2, n + 2);
  if (transposed) x = to_channels_last(b, x);
  const graph::Ints window = config.window("pool_size", n, 2);
  const graph::Ints strides = config.has("strides") ? config.window("strides", n) : window;
  std::string padding = config.choice("padding", {"valid", "same"}, "valid");
  graph::Ints pads;
  read_explicit_pads(config, n, padding, pads);
  graph::Attrs attrs{{"window", window}, {"strides", strides}, {"padding", padding}, {"pads", pads}};
  if (op == std::string_view("max_pool")) {
    attrs.set("ties", config.choice("ties", {"first", "all"}, n == 3 ? "all" : "first"));
  }
  if (config.has("counted_pads")) {  // zeros that averages count
    graph::Ints around = config.pairs("counted_pads", n);
    around.insert(around.begin(), 2, 0);
    around.insert(around.end(), 2, 0);
    x = b.make("pad", {x}, {{"pads", around}});
  }
  x = b.make(op, {x}, attrs);
  return LayerResult::plain(transposed ? to_channels_first(b, x) : x);
}

}  // namespace

LayerResult import_max_pooling1d(LayerContext& context) { return import_pooling(context, "max_pool", 1); }
LayerResult import_max_pooling2d(LayerContext& context) { return import_pooling(context, "max_pool", 2); }
LayerResult import_max_pooling3d(LayerContext& context) { return import_pooling(context, "max_pool", 3); }
LayerResult import_average_pooling1d(LayerContext& context) { return import_pooling(context, "avg_pool", 1); }
LayerResult import_average_pooling2d(LayerContext& context) { return import_pooling(context, "avg_pool", 2); }
LayerResult import_average_pooling3d(LayerContext& context) { return import_pooling(context, "avg_pool", 3); }

}  // namespace signxai::keras
