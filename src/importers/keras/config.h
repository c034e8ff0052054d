// Typed access to a layer's configuration. Every getter checks type and range and throws Error(kCorruptFile) that names
// the layer and the key, so that layer importers never see JSON and nlohmann's exceptions never leave this folder.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graph/types.h"

namespace signxai::keras {

using Json = nlohmann::json;

/// Largest extent, count or size that a configuration may name.
inline constexpr std::int64_t kMaxExtent = (std::int64_t{1} << 31) - 1;

/// Parses a model configuration; refuses nesting deeper than Keras ever writes. `subject` names the file in errors.
Json parse_json(std::string_view text, const std::string& subject);

/// A borrowed JSON object; the document must outlive it. Keys that are null count as absent.
class Config {
 public:
  /// Throws Error(kCorruptFile) unless `object` is a JSON object.
  Config(const Json& object, std::string subject, int keras = 2);

  const std::string& subject() const { return subject_; }
  /// 2 or 3: a few functions have the same name and other numbers.
  int keras() const { return keras_; }
  bool has(std::string_view key) const { return find(key) != nullptr; }
  /// The value of a key as it is, or nullptr.
  const Json* find(std::string_view key) const;
  const Json& at(std::string_view key) const;

  bool flag(std::string_view key, bool fallback) const;
  double number(std::string_view key) const;
  double number(std::string_view key, double fallback) const;
  std::string text(std::string_view key) const;
  std::string text(std::string_view key, std::string fallback) const;
  /// A text that must be one of `options`.
  std::string choice(std::string_view key, const std::vector<std::string>& options, std::string fallback) const;
  std::int64_t integer(std::string_view key) const;
  std::int64_t integer(std::string_view key, std::int64_t fallback) const;
  /// 1 .. kMaxExtent
  std::int64_t positive(std::string_view key) const;
  std::int64_t positive(std::string_view key, std::int64_t fallback) const;
  /// A list of integers; a single integer is a list of one.
  graph::Ints integers(std::string_view key) const;
  /// `count` positive integers; a single one stands for all. `fallback` where the key is absent, if it is not 0.
  graph::Ints window(std::string_view key, std::size_t count, std::int64_t fallback = 0) const;
  /// A number, or a list of numbers.
  std::vector<double> numbers(std::string_view key) const;
  /// Extents with null for open ones, each 1 .. kMaxExtent.
  Shape open_shape(std::string_view key) const;
  /// `pairs` pairs of non-negative integers in any of the forms Keras takes: n, [a, b], [[a, b], [c, d]].
  graph::Ints pairs(std::string_view key, std::size_t count) const;

  /// Throws Error(kCorruptFile): "'key' is <what it is>; expected <expected>".
  [[noreturn]] void wrong(std::string_view key, const std::string& expected) const;

 private:
  std::int64_t to_integer(std::string_view key, const Json& value) const;
  std::int64_t to_extent(std::string_view key, const Json& value, std::int64_t least) const;

  const Json* object_;
  std::string subject_;
  int keras_;
};

/// The value itself, or the plain numbers in what Keras makes of an array: {"class_name": "__numpy__", "config":
/// {"value": ..., "dtype": ...}}.
const Json& plain(const Json& value);

/// The list in `value`, also where a tuple was encoded as {"class_name": "__tuple__", "items": [...]}; else nullptr.
const Json* as_list(const Json& value);
/// The value as short text for messages.
std::string brief(const Json& value);

}  // namespace signxai::keras
