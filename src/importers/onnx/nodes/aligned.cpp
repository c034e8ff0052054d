// Broadcasting aligns last axes. In the batch frame a constant must not reach the axis of the samples, and every tensor
// has to have as many axes as the result.
#include "importers/onnx/nodes/aligned.h"

#include <algorithm>

namespace signxai::onnx {
namespace {

std::size_t rank_of(const std::vector<Tensor>& tensors) {
  std::size_t rank = 0;
  for (const Tensor& t : tensors) rank = std::max(rank, t.shape.size());
  return rank;
}

bool fits_batch(const std::vector<Tensor>& tensors, std::size_t rank) {
  return rank > 0 && std::all_of(tensors.begin(), tensors.end(), [&](const Tensor& t) {
           if (t.constant) return t.shape.size() < rank || t.shape.front() == 1;
           return t.shape.size() == rank && t.shape.front() == 1;
         });
}

/// Whether all computed tensors have their channels last.
bool all_last(const std::vector<Tensor>& tensors) {
  return std::all_of(tensors.begin(), tensors.end(), [](const Tensor& t) { return t.constant || t.channels_last; });
}

/// Numbers that lie along the channels, in the order of a tensor that has them last. Others are refused by none.
std::optional<Constant> behind(const Constant& constant, std::size_t rank) {
  if (constant.is_single()) return constant;
  Shape shape(rank - constant.shape().size(), 1);
  shape.insert(shape.end(), constant.shape().begin(), constant.shape().end());
  if (element_count(shape) != shape[1]) return std::nullopt;
  return constant.reshaped({shape[1]});
}

}  // namespace

Json Aligned::with(const TensorRef& ref) {
  inputs.push_back(ref);
  return nth(inputs.size() - 1);
}

Aligned align(Node& node, const std::vector<Tensor>& tensors) {
  Aligned aligned;
  const std::size_t rank = rank_of(tensors);
  aligned.frame = fits_batch(tensors, rank) ? Frame::kBatch : Frame::kSample;
  aligned.channels_last = aligned.frame == Frame::kBatch && all_last(tensors);
  std::vector<Tensor> moved = tensors;
  for (Tensor& t : moved) {
    if (!aligned.channels_last || !t.constant) continue;
    const auto last = behind(*t.constant, rank);
    if (last) t.constant = last;
    aligned.channels_last = last.has_value();
  }
  const std::vector<Tensor>& used = aligned.channels_last ? moved : tensors;
  for (const Tensor& t : used) {
    if (t.constant && t.constant->is_single()) {
      aligned.operands.push_back(t.constant->single());
    } else if (t.constant) {
      const std::string name = node.name() + "/numbers";
      aligned.operands.push_back(aligned.with(node.translator().builder().constant(name, t.constant->literal())));
    } else if (aligned.channels_last) {
      aligned.operands.push_back(aligned.with(t.ref));
    } else {
      Tensor wide = node.translator().channels_first(t, node.name());
      wide.shape.insert(wide.shape.begin(), rank - wide.shape.size(), 1);
      aligned.operands.push_back(aligned.with(node.in_frame(wide, aligned.frame)));
    }
  }
  return aligned;
}

void give_aligned(Node& node, const Aligned& aligned, const TensorRef& ref) {
  if (!aligned.channels_last) return node.give(0, ref, aligned.frame);
  Tensor made;
  made.ref = ref;
  made.channels_last = true;
  const auto shape = node.translator().shape_of(ref);
  made.missing = !shape;
  if (shape) {
    made.shape = {1, shape->back()};
    made.shape.insert(made.shape.end(), shape->begin() + 1, shape->end() - 1);
  }
  node.give(0, made);
}

}  // namespace signxai::onnx
