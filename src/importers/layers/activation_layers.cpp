// Layers that are nothing but an activation function: Activation, ReLU, LeakyReLU, ELU, ThresholdedReLU, PReLU,
// Softmax.
#include "importers/layers/activations.h"
#include "importers/layers/importers.h"

namespace signxai::keras {

using graph::Value;

namespace {

/// For layers which are an activation with parameters: the class tells the function, so `activation` stays empty.
LayerResult as_layer(LayerContext& context, std::string_view layer_class, const std::string& form) {
  const Activation activation{&activation_of_layer(layer_class), context.config()};
  const Value x = context.input();
  LayerResult result = apply_activation(context, x, activation, form);
  result.kernel_output = result.output;
  result.activation.clear();
  return result;
}

}  // namespace

LayerResult import_activation(LayerContext& context) {
  const Config& config = context.config();
  const Activation activation = resolve_activation(&config.at("activation"), config);
  LayerResult result = apply_activation(context, context.input(), activation, "Activation layer");
  result.kernel_output = result.output;
  return result;
}

LayerResult import_relu(LayerContext& context) { return as_layer(context, "ReLU", ""); }
LayerResult import_leaky_relu(LayerContext& context) { return as_layer(context, "LeakyReLU", ""); }
LayerResult import_elu(LayerContext& context) { return as_layer(context, "ELU", ""); }
LayerResult import_thresholded_relu(LayerContext& context) { return as_layer(context, "ThresholdedReLU", ""); }

LayerResult import_softmax(LayerContext& context) {
  if (context.mask()) context.refuse("takes the mask that its input carries, which is not supported");
  return as_layer(context, "Softmax", "Softmax layer");
}

/// relu(x) - alpha relu(-x), with one alpha per element of a sample; shared axes have extent 1.
LayerResult import_prelu(LayerContext& context) {
  graph::Builder& b = context.builder();
  const Value x = context.input(2);
  Shape extents(context.shape(x).begin() + 1, context.shape(x).end());
  if (context.config().has("shared_axes")) {
    for (const std::int64_t shared : context.config().integers("shared_axes")) {
      extents[context.axis(shared, extents.size() + 1, "shared_axes") - 1] = 1;
    }
  }
  for (const std::int64_t extent : extents) {
    if (extent == graph::kOpen) context.refuse("PReLU over an axis of open extent is not supported");
  }
  const Value alpha = context.weight("alpha", extents);
  const Value below = b.mul(alpha, b.relu(b.unary("neg", x)));
  return LayerResult::plain(b.sub(b.relu(x), below));
}

}  // namespace signxai::keras
