// The vocabulary of the graph: value ids, types, attributes and constants. Everything here is a plain immutable value.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "signxai/tensor.h"

namespace signxai::graph {

class Graph;

/// An extent that is bound only when an executable is compiled (batch, height, width, time). Prints as "?".
inline constexpr std::int64_t kOpen = -1;

/// The result of a node, by index into its graph. An invalid Value stands for "none" (no gradient, no bias).
struct Value {
  std::int32_t id = -1;
  explicit operator bool() const { return id >= 0; }
  auto operator<=>(const Value&) const = default;
};

/// Type of a value. Every number in a graph is float32 (class indices and token ids too, exact below 2^24).
/// A `scan` yields a tuple: `elements` holds the members' types and `shape` is empty.
struct Type {
  Shape shape;
  std::vector<Type> elements;

  Type() = default;
  explicit Type(Shape s) : shape(std::move(s)) {}
  bool is_tuple() const { return !elements.empty(); }
  bool is_bound() const;
  std::size_t rank() const { return shape.size(); }
  bool operator==(const Type&) const = default;
};

std::string to_string(const Type& type);  // f32[2,?,3]

/// Immutable data of a constant. Copies share the storage, which may be a mapping of the model file.
/// Two literals are the same constant if they share storage, or are small and equal element by element.
class Literal {
 public:
  Literal() = default;
  Literal(Shape shape, std::vector<float> values, std::string name = {});
  Literal(Shape shape, std::shared_ptr<const float> data, std::string name);

  const Shape& shape() const { return shape_; }
  const float* data() const { return data_.get(); }
  const std::shared_ptr<const float>& storage() const { return data_; }
  std::int64_t size() const { return element_count(shape_); }
  /// "conv1/kernel" for weights of the model; empty for numbers that a method or pass made.
  const std::string& name() const { return name_; }
  bool operator==(const Literal& other) const;
  std::size_t hash() const;

 private:
  Shape shape_;
  std::shared_ptr<const float> data_;
  std::string name_;
};

using Ints = std::vector<std::int64_t>;
/// A region is a graph of its own, run once per step (`scan`) or per element (`sweep`).
using Region = std::shared_ptr<const Graph>;
using Attr = std::variant<std::int64_t, double, std::string, Ints, Literal, Region>;

/// Named attributes of a node, kept in alphabetical order; complete after the builder filled in defaults.
class Attrs {
 public:
  Attrs() = default;
  Attrs(std::initializer_list<std::pair<const std::string, Attr>> entries) : entries_(entries) {}

  std::int64_t integer(const std::string& name) const { return get<std::int64_t>(name); }
  double number(const std::string& name) const { return get<double>(name); }
  const std::string& text(const std::string& name) const { return get<std::string>(name); }
  const Ints& ints(const std::string& name) const { return get<Ints>(name); }
  const Literal& literal(const std::string& name) const { return get<Literal>(name); }
  const Graph& region(const std::string& name) const { return *get<Region>(name); }

  bool contains(const std::string& name) const { return entries_.count(name) != 0; }
  void set(const std::string& name, Attr value) { entries_[name] = std::move(value); }
  const std::map<std::string, Attr>& entries() const { return entries_; }
  bool operator==(const Attrs& other) const;
  std::size_t hash() const;

 private:
  template <typename T>
  const T& get(const std::string& name) const {
    return std::get<T>(entries_.at(name));
  }
  std::map<std::string, Attr> entries_;
};

}  // namespace signxai::graph
