// SpectralNormalization: to a prediction it is the layer that it wraps. Keras divides the stored kernel by its spectral
// norm while it trains (Miyato et al. 2018) and never otherwise; `vector_u`, of which it estimates the norm, is not
// used.
#include <algorithm>

#include "importers/layers/importers.h"

namespace signxai::keras {
namespace {

/// The list of the wrapper without what is not the wrapped layer's. Archives have [kernel, vector_u] of the wrapper
/// before the layer's own list, other files one list with `vector_u` behind the kernel or at the end.
class WrappedWeights : public WeightSource {
 public:
  WrappedWeights(WeightSource& source, const WeightOwner& owner) : source_(source) {
    const std::vector<Shape> shapes = source.shapes(owner);
    const Shape vector = shapes.empty() || shapes[0].empty() ? Shape{} : Shape{1, shapes[0].back()};
    all_ = shapes.size();
    const bool twice = all_ > 2 && shapes[1] == vector && shapes[2] == shapes[0];
    std::size_t others = twice ? 2 : 1;
    for (std::size_t i = 0; i < all_; ++i) {
      const bool other = others > 0 && (twice || (i > 0 && shapes[i] == vector));
      if (other) --others;
      if (!other) places_.push_back(i);
    }
  }

  graph::Literal read(const WeightOwner& owner, std::size_t position, const std::string& role,
                      const Shape& expected) override {
    const std::size_t place = all_ == 0 ? position : position < places_.size() ? places_[position] : all_;
    return source_.read(owner, place, role, expected);
  }
  void finish(const WeightOwner&, std::size_t) override {}
  /// How many of the wrapper's weights are accounted for when the wrapped layer took `used`; fewer than there are where
  /// it left some, which the wrapper's own check finds.
  std::size_t accounted(std::size_t used) const { return used + all_ - places_.size(); }

 private:
  WeightSource& source_;
  std::vector<std::size_t> places_;  ///< of the wrapped layer's weights
  std::size_t all_ = 0;
};

}  // namespace

LayerResult import_spectral_normalization(LayerContext& context) {
  const Json& entry = context.config().at("layer");
  const Config form(entry, context.subject(), context.config().keras());
  const std::string class_name = form.text("class_name");
  const Config config(form.at("config"), context.subject(), context.config().keras());
  WrappedWeights weights(context.source(), context.owner());
  LayerContext inner = context.inner_context(config, class_name, weights);
  const LayerImporter* importer = find_layer(class_name);
  inner.refuse_foreign(entry);
  const bool normalized =
      importer && (importer->kind == graph::LayerKind::kKernel || importer->kind == graph::LayerKind::kEmbedding);
  if (!normalized) inner.refuse("layers of this class are not supported inside a SpectralNormalization");
  LayerResult result = importer->import(inner);
  context.close_inner(inner, weights.accounted(inner.taken()));
  result.stands_for = class_name;
  result.masks.clear();  // of an embedding; the wrapper has none
  return result;
}

}  // namespace signxai::keras
