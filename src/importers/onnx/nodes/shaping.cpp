// Nodes that give the same elements another shape, order of axes or type. A shape alone needs no call.
#include <algorithm>
#include <numeric>

#include "importers/onnx/nodes/families.h"

namespace signxai::onnx {
namespace {

using graph::Ints;

constexpr std::int64_t kLargest = std::int64_t{1} << 62;

/// Product of extents; open where one is.
std::int64_t product(const Shape& shape, std::size_t begin, std::size_t end) {
  std::int64_t product = 1;
  for (std::size_t i = begin; i < end; ++i) {
    if (shape[i] == graph::kOpen) return graph::kOpen;
    if (shape[i] > 0 && product > kLargest / shape[i]) return kLargest;
    product *= shape[i];
  }
  return product;
}

/// Gives the input with another shape, also where it is numbers.
void give_shape(Node& node, const Shape& shape) {
  if (const Constant* constant = node.constant(0)) {
    if (element_count(shape) != constant->size())
      node.corrupt("makes " + signxai::to_string(shape) + " of " + signxai::to_string(constant->shape()));
    return node.give(0, constant->reshaped(shape));
  }
  if (shape.size() > 7) node.refuse("makes more than 7 axes");
  const Shape& from = node.input(0).shape;
  const std::int64_t before = product(from, 0, from.size()), after = product(shape, 0, shape.size());
  if (before != after && before != graph::kOpen && after != graph::kOpen) {
    node.corrupt("makes " + signxai::to_string(shape) + " of " + signxai::to_string(from));
  }
  node.give_view(0, node.input(0), shape);
}

/// What is left for an extent of -1, where it can be told.
std::int64_t remainder(Node& node, const Shape& from, const Shape& to, std::size_t at) {
  Shape others = to;
  others[at] = 1;
  const std::int64_t all = product(from, 0, from.size()), rest = product(others, 0, others.size());
  if (all == graph::kOpen || rest == graph::kOpen) return graph::kOpen;
  if (rest == 0 || all % rest != 0) node.corrupt("makes " + signxai::to_string(to) + " of " + signxai::to_string(from));
  return all / rest;
}

bool is_pointwise_order(const Shape& shape, const Ints& perm) {
  std::int64_t last = -1;
  for (const std::int64_t axis : perm) {
    if (shape[static_cast<std::size_t>(axis)] == 1) continue;
    if (axis < last) return false;
    last = axis;
  }
  return true;
}

/// 0, rank - 1, 1, 2 ...: channels from the end to behind the batch.
Ints to_front(std::size_t rank) {
  Ints perm(rank);
  std::iota(perm.begin(), perm.end(), -1);
  perm[0] = 0;
  perm[1] = static_cast<std::int64_t>(rank) - 1;
  return perm;
}

Ints to_back(std::size_t rank) {
  Ints perm(rank);
  std::iota(perm.begin(), perm.end(), 1);
  perm.front() = 0;
  perm.back() = 1;
  return perm;
}

}  // namespace

void translate_identity(Node& node) {
  if (node.wants(1)) node.refuse("gives a mask, which is not supported");
  node.give(0, node.input(0));
}

void translate_cast(Node& node) {
  const Tensor& x = node.input(0);
  const std::int64_t to = node.integer("to", 1);
  if (to == 9) {
    if (x.element == Element::kBoolean) return node.give(0, x);
    Tensor made = node.like(x, node.operation("Cast", {{"x", nth(0)}, {"dtype", "bool"}}, {x.ref}));
    made.element = Element::kBoolean;
    return node.give(0, made);
  }
  const bool to_float = to == 1 || to == 10 || to == 11 || to == 16;
  if (!to_float && x.element == Element::kFloat)
    node.refuse("makes integers of a tensor, which cuts fractions off; supported are floating point types and bool");
  Tensor made = x;
  made.element = to_float ? Element::kFloat : Element::kInteger;
  node.give(0, made);
}

void translate_shape(Node& node) {
  const Shape& shape = node.input(0).shape;
  const auto count = static_cast<std::int64_t>(shape.size());
  const auto within = [&](std::int64_t at) { return std::clamp(at < 0 ? at + count : at, std::int64_t{0}, count); };
  const std::int64_t begin = within(node.integer("start", 0)), end = within(node.integer("end", count));
  std::vector<double> extents;
  for (std::int64_t i = begin; i < end; ++i) {
    const std::int64_t extent = shape[static_cast<std::size_t>(i)];
    extents.push_back(extent == graph::kOpen ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(extent));
  }
  const auto size = static_cast<std::int64_t>(extents.size());
  node.give(0, Constant({size}, Element::kInteger, std::move(extents)));
}

void translate_size(Node& node) {
  const Shape& shape = node.input(0).shape;
  const std::int64_t count = product(shape, 0, shape.size());
  node.give(0,
            Constant({}, Element::kInteger,
                     {count == graph::kOpen ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(count)}));
}

void translate_reshape(Node& node) {
  const Shape& from = node.input(0).shape;
  Shape to = node.known(1, "shape").integers();
  const Constant& stated = node.known(1, "shape");
  const std::vector<double> numbers = stated.numbers();
  std::size_t left = to.size();
  for (std::size_t i = 0; i < to.size(); ++i) {
    if (to[i] == 0 && node.integer("allowzero", 0) == 0) {
      if (i >= from.size()) node.corrupt("copies an extent that " + signxai::to_string(from) + " has not");
      to[i] = from[i];
    } else if (to[i] == -1 && numbers[i] == -1) {
      if (left != to.size()) node.corrupt("leaves two extents open in " + signxai::to_string(to));
      left = i;
    } else if (to[i] < -1 || to[i] > keras::kMaxExtent) {
      node.corrupt("has the shape " + signxai::to_string(to));
    }
  }
  if (left < to.size()) to[left] = remainder(node, from, to, left);
  give_shape(node, to);
}

void translate_flatten(Node& node) {
  const Shape& from = node.input(0).shape;
  const auto count = static_cast<std::int64_t>(from.size());
  const std::int64_t given = node.integer("axis", 1), axis = given < 0 ? given + count : given;
  if (axis < 0 || axis > count) node.corrupt("has the axis " + std::to_string(given) + " of " + std::to_string(count));
  const auto at = static_cast<std::size_t>(axis);
  give_shape(node, {product(from, 0, at), product(from, at, from.size())});
}

void translate_squeeze(Node& node) {
  const Tensor& x = node.input(0);
  const Shape& from = x.shape;
  const auto given = node.integers("axes", 1);
  std::vector<bool> dropped(from.size(), false);
  for (std::size_t i = 0; !given && i < from.size(); ++i) dropped[i] = from[i] == 1;
  for (const std::int64_t axis : given.value_or(Ints{})) {
    const auto at = static_cast<std::size_t>(node.axis(axis, from.size()));
    if (from[at] != 1) node.corrupt("takes out an axis of " + signxai::to_string(from) + " that is not 1");
    dropped[at] = true;
  }
  Shape to;
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (!dropped[i]) to.push_back(from[i]);
  }
  const bool spatial = to.size() > 2 && !dropped[0] && !dropped[1];
  if (x.channels_last && spatial && std::count(to.begin() + 1, to.end(), graph::kOpen) == 0) {
    Shape extents(to.begin() + 2, to.end());
    extents.push_back(to[1]);
    Tensor made = x;
    made.ref = node.layer("Reshape", {{"target_shape", extents}}, {x.ref});
    made.shape = to;
    return node.give(0, made);
  }
  give_shape(node, to);
}

void translate_unsqueeze(Node& node) {
  const Shape& from = node.input(0).shape;
  const auto axes = node.integers("axes", 1);
  if (!axes) node.corrupt("has no axes");
  const std::size_t rank = from.size() + axes->size();
  if (rank > 8) node.refuse("makes more than 8 axes");
  std::vector<bool> added(rank, false);
  for (const std::int64_t axis : *axes) added[static_cast<std::size_t>(node.axis(axis, rank))] = true;
  if (std::count(added.begin(), added.end(), true) != static_cast<std::ptrdiff_t>(axes->size()))
    node.corrupt("adds an axis twice");
  Shape to;
  std::size_t next = 0;
  for (std::size_t i = 0; i < rank; ++i) to.push_back(added[i] ? 1 : from[next++]);
  give_shape(node, to);
}

/// Where only the channels move, the tensor is kept as it is until something needs another order.
void translate_transpose(Node& node) {
  const Tensor& x = node.input(0);
  const std::size_t rank = x.shape.size();
  Ints perm = node.integers("perm").value_or(Ints{});
  if (perm.empty()) {
    perm.resize(rank);
    std::iota(perm.rbegin(), perm.rend(), 0);
  }
  Ints sorted = perm;
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (sorted.size() != rank || sorted[i] != static_cast<std::int64_t>(i))
      node.corrupt("has the perm " + signxai::to_string(perm) + " for " + std::to_string(rank) + " axes");
  }
  Shape to;
  for (const std::int64_t axis : perm) to.push_back(x.shape[static_cast<std::size_t>(axis)]);
  const bool layouts = rank >= 3 && rank <= 5 && x.shape.front() == 1;
  if (x.channels_last && perm == to_back(rank)) {
    Tensor back = x;
    back.channels_last = false;
    back.shape = to;
    return node.give(0, back);
  }
  const Tensor plain = node.translator().channels_first(x, node.name());
  if (is_pointwise_order(plain.shape, perm)) return node.give_view(0, plain, to);
  if (layouts && perm == to_front(rank)) {
    Tensor turned = plain;
    turned.ref = node.batched(plain);
    turned.channels_last = true;
    turned.shape = to;
    turned.view = node.name();
    return node.give(0, turned);
  }
  const Frame frame = perm.front() == 0 ? Node::frame_for(plain) : Frame::kSample;
  if (frame == Frame::kSample) {
    for (std::int64_t& axis : perm) ++axis;
    perm.insert(perm.begin(), 0);
  }
  node.give(0, node.operation("Transpose", {{"x", nth(0)}, {"axes", perm}}, {node.in_frame(plain, frame)}), frame);
}

void translate_expand(Node& node) {
  const Tensor& x = node.input(0);
  const Shape wanted = node.known(1, "shape").integers();
  const std::size_t rank = std::max(wanted.size(), x.shape.size());
  Tensor wide = node.translator().channels_first(x, node.name());
  wide.shape.insert(wide.shape.begin(), rank - wide.shape.size(), 1);
  Shape to(rank - wanted.size(), 1);
  to.insert(to.end(), wanted.begin(), wanted.end());
  for (std::size_t i = 0; i < rank; ++i) to[i] = to[i] == 1 ? wide.shape[i] : to[i];
  if (to == wide.shape) return node.give_view(0, wide, to);
  const Frame frame = to.front() == 1 ? Node::frame_for(wide) : Frame::kSample;
  Shape target = to;
  if (frame == Frame::kSample) target.insert(target.begin(), 1);
  target.front() = graph::kOpen;
  node.give(0, node.operation("BroadcastTo", {{"x", nth(0)}, {"shape", target}}, {node.in_frame(wide, frame)}), frame);
}

namespace {

/// Blocks of pixels as channels, or back: a reshape, a transpose and a reshape.
void move_blocks(Node& node, const Shape& apart, const Ints& perm, const Shape& to) {
  Tensor x = node.translator().channels_first(node.input(0), node.name());
  if (x.shape.front() != 1) node.refuse("takes several images for each sample, which is not supported");
  x.shape = apart;
  const TensorRef moved = node.operation("Transpose", {{"x", nth(0)}, {"axes", perm}}, {node.batched(x)});
  Tensor made;
  made.ref = moved;
  made.shape = to;
  made.view = node.name();
  node.give(0, made);
}

std::int64_t block_of(Node& node, const Shape& shape) {
  const std::int64_t block = node.integer("blocksize", 0);
  if (shape.size() != 4 || block < 1 || block > 1024)
    node.corrupt("has the blocksize " + std::to_string(block) + " for " + signxai::to_string(shape));
  if (std::count(shape.begin(), shape.end(), graph::kOpen) > 0) node.refuse("moves blocks of an image of open size");
  return block;
}

}  // namespace

void translate_depth_to_space(Node& node) {
  const Shape& s = node.input(0).shape;
  const std::int64_t k = block_of(node, s), c = s[1] / (k * k);
  if (s[1] % (k * k) != 0) node.corrupt("has a blocksize that does not divide the channels");
  const bool columns = node.text("mode", "DCR") == "CRD";
  const Shape apart = columns ? Shape{1, c, k, k, s[2], s[3]} : Shape{1, k, k, c, s[2], s[3]};
  move_blocks(node, apart, columns ? Ints{0, 1, 4, 2, 5, 3} : Ints{0, 3, 4, 1, 5, 2}, {1, c, s[2] * k, s[3] * k});
}

void translate_space_to_depth(Node& node) {
  const Shape& s = node.input(0).shape;
  const std::int64_t k = block_of(node, s);
  if (s[2] % k != 0 || s[3] % k != 0) node.corrupt("has a blocksize that does not divide the image");
  move_blocks(node, {1, s[1], s[2] / k, k, s[3] / k, k}, {0, 3, 5, 1, 2, 4}, {1, s[1] * k * k, s[2] / k, s[3] / k});
}

}  // namespace signxai::onnx
