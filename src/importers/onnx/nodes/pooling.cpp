// MaxPool, AveragePool and their global forms.
#include <algorithm>

#include "importers/onnx/nodes/families.h"
#include "importers/onnx/nodes/windows.h"

namespace signxai::onnx {
namespace {

using graph::Ints;

/// What has to be padded behind an axis so that rounding down gives what the node rounds up to. The last window begins
/// inside the input or the padding before it.
Ints added_by_ceiling(Node& node, const Windows& w, const Ints& spatial) {
  Ints more(2 * w.axes, 0);
  if (node.integer("ceil_mode", 0) == 0 || w.padding == "same") return more;
  for (std::size_t i = 0; i < w.axes; ++i) {
    if (spatial[i] == graph::kOpen)
      node.refuse("rounds an open extent up (ceil_mode); try exporting the model with fixed extents");
    const std::int64_t low = w.pads.empty() ? 0 : w.pads[2 * i], high = w.pads.empty() ? 0 : w.pads[2 * i + 1];
    const std::int64_t room = spatial[i] + low + high - w.kernel[i];
    if (room < 0) continue;
    std::int64_t out = (room + w.strides[i] - 1) / w.strides[i] + 1;
    if ((out - 1) * w.strides[i] >= spatial[i] + low) --out;
    more[2 * i + 1] = std::max<std::int64_t>((out - 1) * w.strides[i] - room, 0);
  }
  return more;
}

Windows pool_windows(Node& node, const Tensor& x) {
  const auto kernel = node.integers("kernel_shape");
  if (!kernel) node.corrupt("has no kernel_shape");
  Windows w = read_windows(node, x, *kernel);
  if (std::any_of(w.dilations.begin(), w.dilations.end(), [](std::int64_t d) { return d != 1; })) {
    node.refuse("pools with dilations " + signxai::to_string(w.dilations) + ", which is not supported");
  }
  return w;
}

void add(Ints& pads, const Ints& more) {
  if (pads.empty()) pads.assign(more.size(), 0);
  std::transform(pads.begin(), pads.end(), more.begin(), pads.begin(), std::plus<>());
}

void translate_pool(Node& node, bool average) {
  const Tensor& x = node.input(0);
  Windows w = pool_windows(node, x);
  const Ints more = added_by_ceiling(node, w, spatial_of(x));
  Json config{{"pool_size", w.kernel}};
  if (average && node.integer("count_include_pad", 0) != 0 && has_pads(w)) {
    config["counted_pads"] = pairs_of(w.pads);
    w.pads = more;
  } else {
    if (average && node.integer("count_include_pad", 0) != 0 && w.padding == "same") {
      node.refuse("counts the padding of auto_pad, which is not supported; state the pads");
    }
    add(w.pads, more);
  }
  describe(config, w, x);
  if (!average) config["ties"] = "first";
  const char* name = average ? "AveragePooling" : "MaxPooling";
  give_windowed(node, x, node.layer(class_of(name, w.axes).c_str(), config, {windowed(node, x)}));
}

void translate_global(Node& node, const char* front) {
  const Tensor& x = node.input(0);
  const std::size_t rank = x.shape.size();
  if (rank < 3 || rank > 5)
    node.refuse("pools over " + std::to_string(rank) + " axes; supported are 1 to 3 behind batch and channels");
  if (x.shape.front() != 1) node.refuse("takes several images for each sample, which is not supported");
  const Json config{{"keepdims", true}, {"data_format", x.channels_last ? "channels_last" : "channels_first"}};
  give_windowed(node, x, node.layer(class_of(front, rank - 2).c_str(), config, {windowed(node, x)}));
}

}  // namespace

void translate_max_pool(Node& node) {
  if (node.wants(1)) node.refuse("gives the positions of the maxima, which is not supported");
  translate_pool(node, false);
}

void translate_average_pool(Node& node) { translate_pool(node, true); }
void translate_global_average_pool(Node& node) { translate_global(node, "GlobalAveragePooling"); }
void translate_global_max_pool(Node& node) { translate_global(node, "GlobalMaxPooling"); }

}  // namespace signxai::onnx
