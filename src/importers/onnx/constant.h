// Numbers of an ONNX file that are known while it is imported: initialisers, and what is computed from them. First
// stage of the ONNX importer. Immutable; copies share the storage.
#pragma once

#include <memory>
#include <vector>

#include "graph/types.h"

namespace signxai::onnx {

/// What a tensor's elements are, as far as results depend on it: integers are divided without remainder.
enum class Element { kFloat, kInteger, kBoolean };

class Constant {
 public:
  /// Float32 numbers where they lie.
  explicit Constant(graph::Literal literal);
  /// An integer that is NaN stands for an extent which is not known yet.
  Constant(Shape shape, Element element, std::vector<double> numbers);

  const Shape& shape() const { return shape_; }
  Element element() const { return element_; }
  std::int64_t size() const { return element_count(shape_); }
  /// As float32, named as in the file.
  graph::Literal literal(const std::string& name = {}) const;
  std::vector<double> numbers() const;
  /// Rounded; graph::kOpen for what is not known.
  graph::Ints integers() const;
  bool is_known() const;
  /// The same elements in another shape.
  Constant reshaped(Shape shape) const;
  /// The one number, where there is one.
  bool is_single() const { return size() == 1; }
  double single() const { return numbers().front(); }

 private:
  Shape shape_;
  Element element_ = Element::kFloat;
  graph::Literal literal_{};
  std::shared_ptr<const std::vector<double>> numbers_{};
};

}  // namespace signxai::onnx
