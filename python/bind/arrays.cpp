// Arrays that own memory of the library: it is moved into a capsule, which the array keeps.
#include "arrays.h"

namespace nb = nanobind;

namespace signxai::python {
namespace {

/// Moves `value` behind a capsule and makes an array of its elements.
template <typename Array, typename Value, typename Data>
Array owning(Value&& value, const Shape& shape, Data&& data) {
  auto* kept = new Value(std::move(value));
  const nb::capsule owner(kept, [](void* pointer) noexcept { delete static_cast<Value*>(pointer); });
  const std::vector<std::size_t> extents(shape.begin(), shape.end());
  return Array(data(*kept), extents.size(), extents.data(), owner);
}

}  // namespace

std::vector<TensorView> views_of(const std::vector<FloatInput>& arrays) {
  std::vector<TensorView> views;
  for (const FloatInput& array : arrays) views.push_back(view_of(array));
  return views;
}

FloatArray array_of(Tensor&& tensor) {
  const Shape shape = tensor.shape;
  return owning<FloatArray>(std::move(tensor), shape, [](Tensor& kept) { return kept.data.data(); });
}

IntegerArray array_of(std::vector<std::int64_t>&& values, const Shape& shape) {
  return owning<IntegerArray>(std::move(values), shape, [](auto& kept) { return kept.data(); });
}

ByteArray array_of(Image&& image) {
  const Shape shape = {image.height, image.width, image.channels};
  return owning<ByteArray>(std::move(image), shape, [](Image& kept) { return kept.pixels.data(); });
}

}  // namespace signxai::python
