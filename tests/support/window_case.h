// Random geometries of windows, and the padding of TensorFlow written down a second time.
#pragma once

#include <algorithm>
#include <random>
#include <string>

#include "support/op_case.h"

namespace signxai::test {

/// Extents and attributes of a convolution or pool; `pads` only with padding "explicit".
struct WindowCase {
  Ints extents, window, strides, dilations, pads;
  std::string padding;

  Attrs conv_attrs(std::int64_t groups) const {
    return {{"strides", strides}, {"padding", padding}, {"pads", pads}, {"dilations", dilations}, {"groups", groups}};
  }
  Attrs pool_attrs() const { return {{"window", window}, {"strides", strides}, {"padding", padding}}; }

  std::int64_t reach(std::size_t i) const { return (window[i] - 1) * dilations[i] + 1; }
  /// TensorFlow's documentation of "SAME": by the remainder of extent and stride.
  std::int64_t same_total(std::size_t i) const {
    const std::int64_t rest = extents[i] % strides[i];
    return std::max<std::int64_t>(reach(i) - (rest == 0 ? strides[i] : rest), 0);
  }
  std::int64_t pad_before(std::size_t i) const {
    return padding == "explicit" ? pads[2 * i] : padding == "same" ? same_total(i) / 2 : 0;
  }
  std::int64_t out(std::size_t i) const {
    if (padding == "same") return extents[i] / strides[i] + (extents[i] % strides[i] ? 1 : 0);
    const std::int64_t padded = extents[i] + (padding == "explicit" ? pads[2 * i] + pads[2 * i + 1] : 0);
    std::int64_t count = 0;
    while (count * strides[i] + reach(i) <= padded) ++count;
    return count;
  }
  std::string text() const {
    return padding + " " + to_string(pads) + " extents " + to_string(extents) + " window " + to_string(window) +
           " strides " + to_string(strides) + " dilations " + to_string(dilations);
  }
};

/// A case of `rank` axes whose window fits.
inline WindowCase random_window(std::size_t rank, const std::string& padding, bool dilated, std::mt19937& random) {
  const auto pick = [&](std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random);
  };
  WindowCase result;
  result.padding = padding;
  for (std::size_t i = 0; i < rank; ++i) {
    result.window.push_back(pick(1, rank == 3 ? 2 : 3));
    result.strides.push_back(pick(1, 3));
    result.dilations.push_back(dilated ? pick(1, 2) : 1);
    result.extents.push_back(pick(result.reach(i), result.reach(i) + (rank == 1 ? 6 : rank == 2 ? 3 : 2)));
    if (padding == "explicit") result.pads.insert(result.pads.end(), {pick(0, 3), pick(0, 3)});
  }
  if (padding == "same") result.extents[0] = pick(1, 5);  // windows larger than their input as well
  return result;
}

}  // namespace signxai::test
