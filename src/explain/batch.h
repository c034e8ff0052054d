// The inputs of a call: one array per model input, all with the same samples in front.
#pragma once

#include <vector>

#include "signxai/tensor.h"

namespace signxai::explain {

struct Batch {
  std::vector<Shape> shapes;  ///< with the batch axis
  std::vector<const float*> data;
  std::size_t fixed = 0;  ///< how many of the last inputs stay as they are when the sample is moved

  /// How many inputs a moved sample has.
  std::size_t moving() const { return shapes.size() - fixed; }
  std::int64_t samples() const { return shapes.front().front(); }
  /// Elements of one sample of input `i`.
  std::size_t sample_size(std::size_t i) const {
    return static_cast<std::size_t>(element_count(shapes[i]) / shapes[i].front());
  }
  /// `count` samples from `first`.
  Batch part(std::int64_t first, std::int64_t count) const {
    Batch part = *this;
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      part.shapes[i].front() = count;
      part.data[i] += static_cast<std::size_t>(first) * sample_size(i);
    }
    return part;
  }
};

}  // namespace signxai::explain
