// Arrays that cross the public API: float32, C-contiguous, channels last, the batch axis (where there is one) first.
#pragma once

#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "signxai/export.h"

namespace signxai {

/// Extents of an array, outermost first. A scalar has an empty shape.
using Shape = std::vector<std::int64_t>;

/// Product of the extents; 1 for a scalar. The extents must be non-negative and their product must fit.
inline std::int64_t element_count(const Shape& shape) {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

/// "(2, 28, 28, 1)"; an open extent (negative) prints as "None", as Keras writes it.
SIGNXAI_API std::string to_string(const Shape& shape);

/// An owning array. Invariant kept by whoever fills it: data.size() == element_count(shape).
struct Tensor {
  Shape shape;
  std::vector<float> data;

  Tensor() = default;
  explicit Tensor(Shape s) : shape(std::move(s)), data(static_cast<std::size_t>(element_count(shape))) {}
  Tensor(Shape s, std::vector<float> values) : shape(std::move(s)), data(std::move(values)) {}
};

/// A borrowed, read-only array; the owner must outlive the call it is given to.
struct TensorView {
  Shape shape;
  const float* data = nullptr;

  TensorView() = default;
  TensorView(Shape s, const float* values) : shape(std::move(s)), data(values) {}
  TensorView(const Tensor& tensor) : shape(tensor.shape), data(tensor.data.data()) {}
};

}  // namespace signxai
