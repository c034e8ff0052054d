// Shapes of a model definition's tensors while a ModelBuilder still makes it: each call is imported as it will be in
// the end, so that there is one statement of what layers make of shapes.
#pragma once

#include <optional>

#include "importers/keras/assembler.h"
#include "importers/nodes/model_builder.h"

namespace signxai::keras {

/// Not safe for concurrent use. Refers to the builder.
class Shapes {
 public:
  explicit Shapes(ModelBuilder& builder) : builder_(builder), assembler_(builder.weights(), {}) {}

  /// With the open batch in front; none where the call cannot be imported. Throws Error(kCorruptFile).
  std::optional<Shape> of(const TensorRef& tensor) {
    assembler_.follow(builder_.model());
    return assembler_.shape_of(tensor);
  }

 private:
  ModelBuilder& builder_;
  Assembler assembler_;
};

}  // namespace signxai::keras
