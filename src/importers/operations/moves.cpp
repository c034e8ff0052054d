// Operations that take parts of tensors, join them or put elements elsewhere, along axes behind that of the batch.
#include <algorithm>

#include "graph/ops/slicing.h"
#include "importers/operations/lowerings.h"

namespace signxai::keras {
namespace {

using graph::Builder;
using graph::Ints;
using graph::Value;
using Values = std::vector<Value>;

constexpr std::int64_t kMostParts = 1024;

Value joined(Operands& call, const Values& parts, std::int64_t axis) {
  if (parts.size() > static_cast<std::size_t>(kMostParts)) call.context().refuse("joins more than 1024 parts");
  return parts.size() == 1 ? parts.front() : call.builder().make("concat", parts, {{"axis", axis}});
}

Value turned(Builder& b, Value x, std::int64_t axis) { return b.make("reverse", {x}, {{"axis", axis}}); }

/// The first of the results, and the others.
LayerResult several(Values values) {
  LayerResult result = LayerResult::plain(values.front());
  result.more.assign(values.begin() + 1, values.end());
  return result;
}

bool is_absurd(std::int64_t number) { return number > kMaxExtent || number < -kMaxExtent; }

/// Indices counted from the front.
std::int64_t index_on(Operands& call, std::string_view name, std::int64_t index, std::int64_t extent) {
  if (index < -extent || index >= extent) {
    call.config().wrong(name, "indices of an axis with " + std::to_string(extent) + " elements");
  }
  return index < 0 ? index + extent : index;
}

// x[...] -------------------------------------------------------------------------------------------------------------

struct Range {
  std::optional<std::int64_t> start, stop;
  std::int64_t step = 1;

  bool is_all() const { return !start && !stop && step == 1; }
};

enum class Key { kIndex, kRange, kEllipsis, kNewAxis, kOther };

Key kind_of(const Json& key) {
  if (key.is_null()) return Key::kNewAxis;
  if (key.is_number_integer()) return Key::kIndex;
  if (!key.is_object()) return Key::kOther;
  if (key.contains("class_name") && key["class_name"] == "__ellipsis__") return Key::kEllipsis;
  const bool third = key.contains("class_name") && key["class_name"] == "__slice__";
  return third || (key.contains("start") && key.contains("stop")) ? Key::kRange : Key::kOther;
}

Range range_of(Operands& call, const Json& key) {
  const Config form(key, call.context().subject());
  const Config parts(form.has("config") ? form.at("config") : key, call.context().subject());
  Range range;
  if (parts.has("start")) range.start = parts.integer("start");
  if (parts.has("stop")) range.stop = parts.integer("stop");
  range.step = parts.integer("step", 1);
  if (range.step == 0 || is_absurd(range.step)) parts.wrong("step", "a step within the largest extent, not 0");
  if (is_absurd(range.start.value_or(0))) parts.wrong("start", "an index within the largest extent");
  if (is_absurd(range.stop.value_or(0))) parts.wrong("stop", "an index within the largest extent");
  return range;
}

/// A part of an axis of known extent as Python takes it.
Value part_of(Operands& call, Value x, std::int64_t axis, const Range& range) {
  Builder& b = call.builder();
  const std::int64_t extent = call.extent(x, axis);
  const auto within = [&](std::int64_t at) { return std::clamp(at < 0 ? at + extent : at, std::int64_t{0}, extent); };
  std::int64_t begin = range.start ? within(*range.start) : 0, end = range.stop ? within(*range.stop) : extent;
  if (range.step < 0) {  // the same from the back
    const auto mirrored = [&](std::int64_t at) {
      return extent - 1 - std::clamp(at < 0 ? at + extent : at, std::int64_t{-1}, extent - 1);
    };
    x = turned(b, x, axis);
    begin = range.start ? mirrored(*range.start) : 0;
    end = range.stop ? mirrored(*range.stop) : extent;
  }
  if (begin >= end) call.context().refuse("takes an empty part of axis " + std::to_string(axis));
  return slice_of(b, x, axis, begin, end, std::abs(range.step));
}

Value open_part_of(Operands& call, Value x, std::int64_t axis, const Range& range) {
  if (range.step < 0 && (range.start || range.stop)) {
    call.context().refuse("takes a part of an open axis from the back; give the input a full shape");
  }
  if (range.step < 0) x = turned(call.builder(), x, axis);
  return slice_of(call.builder(), x, axis, range.start.value_or(0), range.stop.value_or(graph::kToEnd),
                  std::abs(range.step));
}

class Getter {
 public:
  Getter(Operands& call, Value x) : call_(call), x_(x) {}

  Value get(const Json& keys) {
    const auto takes = [](const Json& key) { return kind_of(key) == Key::kIndex || kind_of(key) == Key::kRange; };
    const std::int64_t skipped = call_.rank(x_) - std::count_if(keys.begin(), keys.end(), takes);
    const auto is_ellipsis = [](const Json& key) { return kind_of(key) == Key::kEllipsis; };
    if (std::count_if(keys.begin(), keys.end(), is_ellipsis) > 1) call_.config().wrong("key", "one ... at most");
    if (skipped < 0) call_.config().wrong("key", "no more keys than axes");
    for (const Json& key : keys) {
      if (kind_of(key) == Key::kEllipsis) {
        axis_ += skipped;
      } else {
        step(key);
      }
    }
    for (auto axis = dropped_.rbegin(); axis != dropped_.rend(); ++axis) {
      x_ = without_axes(call_.builder(), x_, {*axis});
    }
    return x_;
  }

 private:
  void step(const Json& key) {
    const Key kind = kind_of(key);
    if (kind == Key::kOther) {
      call_.context().refuse("takes elements by " + brief(key) + "; supported are numbers, ranges, ... and None");
    }
    const bool whole = kind == Key::kRange && range_of(call_, key).is_all();
    if (axis_ == 0 && !whole) call_.context().refuse("takes a part of the batch; samples are explained one by one");
    if (kind == Key::kNewAxis) {
      x_ = with_axis(call_.builder(), x_, axis_);
    } else if (kind == Key::kIndex) {
      x_ = element(key.get<std::int64_t>());
      dropped_.push_back(axis_);
    } else if (!whole) {
      const bool open = call_.shape(x_)[static_cast<std::size_t>(axis_)] == graph::kOpen;
      const Range range = range_of(call_, key);
      x_ = open ? open_part_of(call_, x_, axis_, range) : part_of(call_, x_, axis_, range);
    }
    ++axis_;
  }

  Value element(std::int64_t index) {
    const std::int64_t extent = call_.shape(x_)[static_cast<std::size_t>(axis_)];
    if (is_absurd(index)) call_.config().wrong("key", "an index within the largest extent");
    if (extent != graph::kOpen) index = index_on(call_, "key", index, extent);
    return slice_of(call_.builder(), x_, axis_, index, index == -1 ? graph::kToEnd : index + 1);
  }

  Operands& call_;
  Value x_;
  std::int64_t axis_ = 0;
  Ints dropped_;
};

/// Extents out of those that tf.shape gave.
Value extents_at(Operands& call, const Json& keys) {
  const Ints extents = call.extents("x");
  const auto count = static_cast<std::int64_t>(extents.size());
  const Key kind = keys.size() == 1 ? kind_of(keys.front()) : Key::kOther;
  const auto number = [&](std::int64_t i) {
    const std::int64_t extent = extents[static_cast<std::size_t>(i)];
    return extent == -1 ? open_extent() : static_cast<float>(extent);
  };
  if (kind == Key::kIndex) {
    const std::int64_t index = index_on(call, "key", keys.front().get<std::int64_t>(), count);
    return call.builder().constant(graph::Literal(Shape{}, {number(index)}));
  }
  if (kind != Key::kRange) call.context().refuse("takes extents by something else than a number or a range");
  const Range range = range_of(call, keys.front());
  const auto within = [&](std::int64_t at) { return std::clamp(at < 0 ? at + count : at, std::int64_t{0}, count); };
  std::vector<float> taken;
  const std::int64_t end = within(range.stop.value_or(count));
  for (std::int64_t i = within(range.start.value_or(0)); i < end && range.step > 0; i += range.step) {
    taken.push_back(number(i));
  }
  const auto size = static_cast<std::int64_t>(taken.size());
  return call.builder().constant(graph::Literal({size}, std::move(taken)));
}

// Borders -------------------------------------------------------------------------------------------------------------

/// What stands before (or behind) an axis that is continued by its mirror image; `edge` counts the border itself.
Value mirrored(Operands& call, Value x, std::int64_t axis, std::int64_t count, bool front, std::int64_t edge) {
  const std::int64_t extent = call.extent(x, axis);
  if (count + edge > extent) call.config().wrong("width", "less than the axis has");
  const std::int64_t begin = front ? edge : extent - edge - count;
  return turned(call.builder(), slice_of(call.builder(), x, axis, begin, begin + count), axis);
}

Value padded_by_mirror(Operands& call, Value x, const Ints& widths, std::int64_t edge) {
  for (std::int64_t axis = 1; axis < call.rank(x); ++axis) {
    const std::int64_t low = widths[static_cast<std::size_t>(2 * axis)],
                       high = widths[static_cast<std::size_t>(2 * axis + 1)];
    Values parts{x};
    if (low > 0) parts.insert(parts.begin(), mirrored(call, x, axis, low, true, edge));
    if (high > 0) parts.push_back(mirrored(call, x, axis, high, false, edge));
    x = joined(call, parts, axis);
  }
  return x;
}

/// Where an axis is cut into parts.
Ints cuts(Operands& call, std::int64_t extent) {
  Ints ends;
  const Json* sections = call.config().find("sections");
  if (sections && as_list(*sections)) {
    ends = call.config().integers("sections");
  } else if (call.has("sizes") && as_list(call.config().at("sizes"))) {
    std::int64_t end = 0, left = extent;
    const Ints sizes = call.config().integers("sizes");
    for (const std::int64_t size : sizes) {
      if (size < -1 || is_absurd(size)) call.config().wrong("sizes", "extents, or one -1");
      left -= size == -1 ? 0 : size;
    }
    for (const std::int64_t size : sizes) ends.push_back(end += size == -1 ? left : size);
    if (ends.empty() || ends.back() != extent) call.config().wrong("sizes", "sizes that add up to the axis");
    ends.pop_back();
  } else {
    const std::int64_t count = call.config().positive(call.has("sizes") ? "sizes" : "sections");
    if (count > extent || extent % count != 0) call.context().refuse("splits an axis into unequal parts");
    for (std::int64_t i = 1; i < count; ++i) ends.push_back(i * (extent / count));
  }
  ends.push_back(extent);
  return ends;
}

}  // namespace

LayerResult operation_concatenate(Operands& call) {
  const Values parts = call.values("xs");
  return LayerResult::plain(joined(call, parts, call.axis("axis", call.rank(parts.front()), -1)));
}

LayerResult operation_flip(Operands& call) {
  Value x = call.value("x");
  for (const std::int64_t axis : call.axes("axis", call.rank(x))) x = turned(call.builder(), x, axis);
  return LayerResult::plain(x);
}

LayerResult operation_get_item(Operands& call) {
  const Value x = call.context().inputs().front();
  const Json* key = call.context().options().find("key");
  const Json* list = key ? as_list(*key) : nullptr;
  const Json keys = list ? *list : Json::array({key ? *key : Json()});
  if (call.builder().graph().literal(x)) return LayerResult::plain(extents_at(call, keys));
  return LayerResult::plain(Getter(call, x).get(keys));
}

LayerResult operation_pad(Operands& call) {
  const Value x = call.value("x");
  std::string mode = call.config().text("mode", "constant");
  std::transform(mode.begin(), mode.end(), mode.begin(), [](unsigned char c) { return std::tolower(c); });
  Ints widths = call.config().pairs("width", call.shape(x).size());
  if (widths[0] != 0 || widths[1] != 0) call.context().refuse("pads the batch");
  if (mode == "reflect" || mode == "symmetric") {
    return LayerResult::plain(padded_by_mirror(call, x, widths, mode == "reflect" ? 1 : 0));
  }
  if (mode != "constant") call.context().refuse("pads by '" + mode + "'; supported are constant, reflect, symmetric");
  const double number = call.config().number("value", 0.0);
  return LayerResult::plain(call.builder().make("pad", {x}, {{"pads", widths}, {"value", number}}));
}

/// Each element several times.
LayerResult operation_repeat(Operands& call) {
  Builder& b = call.builder();
  const Value x = call.value("x");
  if (!call.has("axis")) call.context().refuse("repeats along all axes, that of the batch included; state the axis");
  const std::int64_t axis = call.axis("axis", call.rank(x), 0), times = call.config().positive("repeats");
  Shape wide(call.shape(x).size() + 1, 0), target(call.shape(x).size(), 0);
  wide[static_cast<std::size_t>(axis + 1)] = times;
  target[static_cast<std::size_t>(axis)] = call.extent(x, axis) * times;
  for (std::size_t i = static_cast<std::size_t>(axis) + 1; i < target.size(); ++i) {
    target[i] = call.extent(x, static_cast<std::int64_t>(i));
  }
  return LayerResult::plain(b.reshape(b.broadcast(with_axis(b, x, axis + 1), wide), target));
}

LayerResult operation_roll(Operands& call) {
  Builder& b = call.builder();
  Value x = call.value("x");
  if (!call.has("axis")) call.context().refuse("works along all axes, that of the batch included; state the axis");
  const Ints axes = call.config().integers("axis"), shifts = call.config().integers("shift");
  if (axes.size() != shifts.size()) call.config().wrong("shift", "one number for each axis");
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const auto axis = static_cast<std::int64_t>(call.context().axis(axes[i], call.shape(x).size(), "axis"));
    const std::int64_t extent = call.extent(x, axis), shift = ((shifts[i] % extent) + extent) % extent;
    if (shift == 0) continue;
    x = joined(call, {slice_of(b, x, axis, extent - shift, extent), slice_of(b, x, axis, 0, extent - shift)}, axis);
  }
  return LayerResult::plain(x);
}

LayerResult operation_split(Operands& call) {
  const Value x = call.value("x");
  const std::int64_t axis = call.axis("axis", call.rank(x), 0);
  Values parts;
  std::int64_t begin = 0;
  for (const std::int64_t end : cuts(call, call.extent(x, axis))) {
    parts.push_back(slice_of(call.builder(), x, axis, begin, end));
    begin = end;
  }
  return several(parts);
}

LayerResult operation_stack(Operands& call) {
  Values parts = call.values("xs");
  const std::int64_t axis = call.axis("axis", call.rank(parts.front()) + 1, 0);
  for (Value& part : parts) part = with_axis(call.builder(), part, axis);
  return LayerResult::plain(joined(call, parts, axis));
}

/// Elements by indices that the file states.
LayerResult operation_take(Operands& call) {
  Builder& b = call.builder();
  const Value x = call.value("x");
  const Json& given = call.config().at("indices");
  const Json* list = as_list(given);
  const Json numbers = list ? *list : Json::array({given});
  const auto is_number = [](const Json& j) { return j.is_number_integer(); };
  if (numbers.empty() || !std::all_of(numbers.begin(), numbers.end(), is_number)) {
    call.context().refuse("takes elements by computed indices; supported are an integer or a list of integers");
  }
  if (!call.has("axis")) call.context().refuse("takes elements of all samples together; state the axis");
  const std::int64_t axis = call.axis("axis", call.rank(x), 0), extent = call.extent(x, axis);
  Values parts;
  for (const Json& number : numbers) {
    const std::int64_t index = index_on(call, "indices", number.get<std::int64_t>(), extent);
    parts.push_back(slice_of(b, x, axis, index, index + 1));
  }
  const Value taken = joined(call, parts, axis);
  return LayerResult::plain(list ? taken : without_axes(b, taken, {axis}));
}

LayerResult operation_tile(Operands& call) {
  Value x = call.value("x");
  const Ints times = call.config().integers("repeats");
  const std::int64_t rank = call.rank(x), skipped = rank - static_cast<std::int64_t>(times.size());
  if (skipped < 0) call.config().wrong("repeats", "no more numbers than the tensor has axes");
  for (std::size_t i = 0; i < times.size(); ++i) {
    const std::int64_t axis = skipped + static_cast<std::int64_t>(i);
    if (times[i] < 1 || times[i] > kMostParts) call.config().wrong("repeats", "numbers from 1 to 1024");
    if (times[i] == 1) continue;
    if (axis == 0) call.context().refuse("repeats the batch");
    x = joined(call, Values(static_cast<std::size_t>(times[i]), x), axis);
  }
  return LayerResult::plain(x);
}

LayerResult operation_unstack(Operands& call) {
  const Value x = call.value("x");
  const std::int64_t axis = call.axis("axis", call.rank(x), 0), extent = call.extent(x, axis);
  if (extent > kMostParts) call.context().refuse("makes more than 1024 parts");
  Values parts;
  for (std::int64_t i = 0; i < extent; ++i) {
    parts.push_back(without_axes(call.builder(), slice_of(call.builder(), x, axis, i, i + 1), {axis}));
  }
  return several(parts);
}

}  // namespace signxai::keras
