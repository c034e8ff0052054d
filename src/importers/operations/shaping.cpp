// Operations that give the same elements another shape or order of axes. The batch stays in front: samples are
// explained one by one.
#include <algorithm>
#include <numeric>

#include "importers/operations/lowerings.h"

namespace signxai::keras {
namespace {

using graph::Builder;
using graph::Ints;
using graph::Value;

[[noreturn]] void refuse_mixing(Operands& call) {
  call.context().refuse("moves the batch axis or joins it with others; the first axis has to stay the batch");
}

Value transposed(Operands& call, Value x, const Ints& perm) {
  if (perm.empty() || perm.front() != 0) refuse_mixing(call);
  Ints sorted = perm, all(call.shape(x).size());
  std::sort(sorted.begin(), sorted.end());
  std::iota(all.begin(), all.end(), 0);
  if (sorted != all) call.config().wrong("axes", "each axis once");
  return call.builder().make("transpose", {x}, {{"perm", perm}});
}

/// Any axis from the front, that of the batch included.
std::int64_t any_axis(Operands& call, std::string_view name, std::int64_t axis, std::int64_t rank) {
  if (axis < -rank || axis >= rank) call.config().wrong(name, "an axis of the tensor");
  return axis < 0 ? axis + rank : axis;
}

/// Elements behind the batch; -1 where an extent is open, -2 where they are too many.
std::int64_t elements(const Shape& shape) {
  std::int64_t product = 1;
  for (std::size_t i = 1; i < shape.size(); ++i) {
    if (shape[i] == -1) return -1;
    product *= shape[i];
    if (product > kMaxExtent) return -2;
  }
  return product;
}

/// Whether an extent of -1 in front of the others is that of the batch.
bool starts_with_batch(const Shape& from, const Ints& to) {
  if (to.empty() || to.front() != -1 || from.empty()) return false;
  return std::count(to.begin(), to.end(), -1) == 2 || (elements(from) >= 0 && elements(from) == elements(to));
}

}  // namespace

LayerResult operation_broadcast_to(Operands& call) {
  const Value x = call.value("x");
  Ints target = call.extents("shape");
  const auto wrong = [](std::int64_t extent) { return extent < 1 || extent > kMaxExtent; };
  if (target.empty() || target.front() != -1 || std::any_of(target.begin() + 1, target.end(), wrong)) {
    call.context().refuse("makes a shape without batch of open extent in front; got " + signxai::to_string(target));
  }
  target.front() = 0;
  return LayerResult::plain(call.builder().broadcast(x, target));
}

LayerResult operation_expand_dims(Operands& call) {
  Value x = call.value("x");
  const auto count = static_cast<std::int64_t>(call.config().integers("axis").size());
  for (const std::int64_t axis : call.axes("axis", call.rank(x) + count)) x = with_axis(call.builder(), x, axis);
  return LayerResult::plain(x);
}

LayerResult operation_moveaxis(Operands& call) {
  const Value x = call.value("x");
  const std::int64_t rank = call.rank(x);
  const Ints from = call.config().integers("source"), to = call.config().integers("destination");
  if (from.size() != to.size()) call.config().wrong("destination", "as many axes as 'source' has");
  Ints perm(static_cast<std::size_t>(rank), -1);
  std::vector<bool> moved(perm.size(), false);
  for (std::size_t i = 0; i < from.size(); ++i) {
    const std::int64_t source = any_axis(call, "source", from[i], rank);
    moved[static_cast<std::size_t>(source)] = true;
    perm[static_cast<std::size_t>(any_axis(call, "destination", to[i], rank))] = source;
  }
  std::size_t next = 0;
  for (std::int64_t& axis : perm) {
    if (axis >= 0) continue;
    while (next < moved.size() && moved[next]) ++next;
    axis = static_cast<std::int64_t>(next++);
  }
  return LayerResult::plain(transposed(call, x, perm));
}

LayerResult operation_reshape(Operands& call) {
  const Value x = call.value("x");
  const Shape& from = call.shape(x);
  Ints target = call.extents("shape");
  for (const std::int64_t extent : target) {
    if (extent != -1 && (extent < 1 || extent > kMaxExtent)) call.config().wrong("shape", "positive extents, or -1");
  }
  if (!starts_with_batch(from, target)) refuse_mixing(call);
  target.front() = 0;
  if (target.size() > 8) call.config().wrong("shape", "at most 8 extents");
  return LayerResult::plain(call.builder().reshape(x, target));
}

LayerResult operation_squeeze(Operands& call) {
  const Value x = call.value("x");
  Ints axes;
  for (std::int64_t i = 1; i < call.rank(x) && !call.has("axis"); ++i) {
    if (call.shape(x)[static_cast<std::size_t>(i)] == 1) axes.push_back(i);
  }
  if (call.has("axis") && !(as_list(call.config().at("axis")) && as_list(call.config().at("axis"))->empty())) {
    axes = call.axes("axis", call.rank(x));
  }
  for (const std::int64_t axis : axes) {
    if (call.extent(x, axis) != 1) call.config().wrong("axis", "axes of extent 1");
  }
  return LayerResult::plain(without_axes(call.builder(), x, axes));
}

LayerResult operation_swapaxes(Operands& call) {
  const Value x = call.value("x");
  Ints perm(call.shape(x).size());
  std::iota(perm.begin(), perm.end(), 0);
  const auto place = [&](const char* name) {
    return static_cast<std::size_t>(any_axis(call, name, call.config().integer(name), call.rank(x)));
  };
  std::swap(perm[place("axis1")], perm[place("axis2")]);
  return LayerResult::plain(transposed(call, x, perm));
}

LayerResult operation_transpose(Operands& call) {
  const Value x = call.value("x");
  if (!call.has("axes")) refuse_mixing(call);
  Ints perm;
  for (const std::int64_t axis : call.config().integers("axes")) {
    perm.push_back(any_axis(call, "axes", axis, call.rank(x)));
  }
  return LayerResult::plain(transposed(call, x, perm));
}

}  // namespace signxai::keras
