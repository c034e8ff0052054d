// The arguments of one operation as its importer sees them: tensors, constants and options by name. Lives for the time
// of the import only. Part of the Keras importer.
#pragma once

#include <string_view>
#include <vector>

#include "importers/layers/layer.h"

namespace signxai::keras {

class Operands {
 public:
  explicit Operands(LayerContext& context) : context_(context) {}

  LayerContext& context() { return context_; }
  graph::Builder& builder() { return context_.builder(); }
  /// The options, by the first spelling of their names.
  const Config& config() const { return context_.config(); }
  const Shape& shape(graph::Value value) const { return context_.shape(value); }
  std::int64_t rank(graph::Value value) const { return static_cast<std::int64_t>(shape(value).size()); }

  bool has(std::string_view name) const { return config().has(name); }
  /// A tensor, or the numbers that stand in its place.
  graph::Value value(std::string_view name);
  /// The tensors and numbers of a list.
  std::vector<graph::Value> values(std::string_view name);
  /// The number that an argument is, if it is one.
  std::optional<double> number(std::string_view name) const;

  /// An axis behind that of the batch, from the front. `fallback` where the argument is left out.
  std::int64_t axis(std::string_view name, std::int64_t rank, std::int64_t fallback);
  /// One or several in ascending order; all axes, and thus refused, where the argument is left out.
  graph::Ints axes(std::string_view name, std::int64_t rank);
  /// An extent that has to be known.
  std::int64_t extent(graph::Value value, std::int64_t axis) const;
  /// Integers, null for none; an extent that tf.shape took of a tensor is -1 where it is open.
  graph::Ints extents(std::string_view name);

 private:
  graph::Value value_of(std::string_view name, const Json& json);
  std::int64_t extent_of(std::string_view name, const Json& json);

  LayerContext& context_;
};

/// A number that stands for an extent not known yet; not to be computed with.
float open_extent();
bool is_open_extent(float number);

/// [begin, end) by `stride` of one axis.
graph::Value slice_of(graph::Builder& builder, graph::Value value, std::int64_t axis, std::int64_t begin,
                      std::int64_t end, std::int64_t stride = 1);
/// Without those axes, which have the extent 1.
graph::Value without_axes(graph::Builder& builder, graph::Value value, const graph::Ints& axes);
/// With an axis of extent 1 at that place.
graph::Value with_axis(graph::Builder& builder, graph::Value value, std::int64_t axis);

}  // namespace signxai::keras
