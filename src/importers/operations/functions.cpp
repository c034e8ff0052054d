// Activation functions as operations: those of the activation table, with parameters as arguments.
#include "importers/layers/activations.h"
#include "importers/operations/lowerings.h"

namespace signxai::keras {

LayerResult activation_operation(Operands& call, const char* name) {
  const Json named = name;
  const Activation found = resolve_activation(&named, call.config());
  return apply_activation(call.context(), call.value("x"), {found.def, call.config()}, "operation");
}

}  // namespace signxai::keras
