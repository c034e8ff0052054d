// Layers that do nothing in inference: dropout (also of whole branches), noise, regularization, random changes of
// images. Their output is their input's value.
#include "importers/layers/importers.h"

namespace signxai::keras {

LayerResult import_identity(LayerContext& context) { return LayerResult::plain(context.input()); }

}  // namespace signxai::keras
