// Parsing of configurations with limits, and the typed getters.
#include "importers/keras/config.h"

#include <cmath>

#include "importers/corrupt.h"

namespace signxai::keras {
namespace {

/// A layer inside a model needs about six levels; models may be nested in models.
constexpr int kMaxNesting = 256;

std::string in_quotes(std::string_view key) { return "'" + std::string(key) + "'"; }

}  // namespace

Json parse_json(std::string_view text, const std::string& subject) {
  const Json::parser_callback_t limit_depth = [&](int depth, Json::parse_event_t, Json&) {
    if (depth > kMaxNesting) corrupt(subject, "the configuration is nested deeper than 256 levels");
    return true;
  };
  try {
    return Json::parse(text, limit_depth);
  } catch (const Json::parse_error& e) {
    corrupt(subject, "the configuration is not valid JSON at byte " + std::to_string(e.byte));
  } catch (const Json::exception&) {
    corrupt(subject, "the configuration is not valid JSON: a number is out of range");
  }
}

const Json& plain(const Json& value) {
  if (!value.is_object()) return value;
  const auto name = value.find("class_name"), config = value.find("config");
  if (name == value.end() || config == value.end() || !config->is_object()) return value;
  if (*name != "__numpy__" && *name != "__tensor__") return value;
  const auto numbers = config->find("value");
  return numbers == config->end() ? value : *numbers;
}

const Json* as_list(const Json& value) {
  if (value.is_array()) return &value;
  if (!value.is_object()) return nullptr;
  const auto items = value.find("items");
  return items != value.end() && items->is_array() ? &*items : nullptr;
}

std::string brief(const Json& value) {
  constexpr std::size_t kLongest = 60;
  std::string text = value.is_structured() && value.size() > 16
                         ? std::string(value.type_name()) + " of " + std::to_string(value.size())
                         : value.dump(-1, ' ', true, Json::error_handler_t::replace);
  if (text.size() > kLongest) text = text.substr(0, kLongest) + "...";
  return text;
}

Config::Config(const Json& object, std::string subject, int keras)
    : object_(&object), subject_(std::move(subject)), keras_(keras) {
  if (!object.is_object()) corrupt(subject_, "the configuration is " + brief(object) + "; expected an object");
}

void Config::wrong(std::string_view key, const std::string& expected) const {
  const Json* value = find(key);
  const std::string got = value ? " is " + brief(*value) : " is missing";
  corrupt(subject_, in_quotes(key) + got + "; expected " + expected);
}

const Json* Config::find(std::string_view key) const {
  const auto it = object_->find(std::string(key));
  return it == object_->end() || it->is_null() ? nullptr : &plain(*it);
}

const Json& Config::at(std::string_view key) const {
  if (const Json* value = find(key)) return *value;
  wrong(key, "a value");
}

bool Config::flag(std::string_view key, bool fallback) const {
  const Json* value = find(key);
  if (!value) return fallback;
  if (value->is_boolean()) return value->get<bool>();
  if (value->is_number_integer() && (*value == 0 || *value == 1)) return *value == 1;
  wrong(key, "true or false");
}

double Config::number(std::string_view key) const {
  const Json& value = at(key);
  if (!value.is_number() || !std::isfinite(value.get<double>())) wrong(key, "a number");
  return value.get<double>();
}

double Config::number(std::string_view key, double fallback) const { return has(key) ? number(key) : fallback; }

std::string Config::text(std::string_view key) const {
  const Json& value = at(key);
  if (!value.is_string()) wrong(key, "a text");
  return value.get<std::string>();
}

std::string Config::text(std::string_view key, std::string fallback) const {
  return has(key) ? text(key) : std::move(fallback);
}

std::string Config::choice(std::string_view key, const std::vector<std::string>& options, std::string fallback) const {
  std::string got = text(key, std::move(fallback));
  std::string expected;
  for (const std::string& option : options) {
    if (got == option) return got;
    expected += (expected.empty() ? "" : " or ") + in_quotes(option);
  }
  wrong(key, expected);
}

std::int64_t Config::to_integer(std::string_view key, const Json& value) const {
  constexpr double kExact = 9007199254740992.0;
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > std::uint64_t{INT64_MAX})
    wrong(key, "a smaller number");
  if (value.is_number_integer()) return value.get<std::int64_t>();
  const double number = value.is_number_float() ? value.get<double>() : 0.5;
  if (std::floor(number) != number || std::fabs(number) > kExact) wrong(key, "an integer");
  return static_cast<std::int64_t>(number);
}

std::int64_t Config::to_extent(std::string_view key, const Json& value, std::int64_t least) const {
  const std::int64_t extent = to_integer(key, value);
  if (extent < least || extent > kMaxExtent) {
    wrong(key, "integers from " + std::to_string(least) + " to " + std::to_string(kMaxExtent));
  }
  return extent;
}

std::int64_t Config::integer(std::string_view key) const { return to_integer(key, at(key)); }

std::int64_t Config::integer(std::string_view key, std::int64_t fallback) const {
  return has(key) ? integer(key) : fallback;
}

std::int64_t Config::positive(std::string_view key) const { return to_extent(key, at(key), 1); }

std::int64_t Config::positive(std::string_view key, std::int64_t fallback) const {
  return has(key) ? positive(key) : fallback;
}

graph::Ints Config::integers(std::string_view key) const {
  const Json& value = at(key);
  const Json* list = as_list(value);
  if (!list) return {to_integer(key, value)};
  graph::Ints result;
  for (const Json& entry : *list) result.push_back(to_integer(key, entry));
  return result;
}

graph::Ints Config::window(std::string_view key, std::size_t count, std::int64_t fallback) const {
  if (!has(key) && fallback > 0) return graph::Ints(count, fallback);
  const Json& value = at(key);
  const Json* list = as_list(value);
  if (!list) return graph::Ints(count, to_extent(key, value, 1));
  if (list->size() != count) wrong(key, std::to_string(count) + " integers");
  graph::Ints result;
  for (const Json& entry : *list) result.push_back(to_extent(key, entry, 1));
  return result;
}

std::vector<double> Config::numbers(std::string_view key) const {
  const Json& value = at(key);
  const Json* list = as_list(value);
  if (!list) return {number(key)};
  std::vector<double> result;
  for (const Json& entry : *list) {
    if (!entry.is_number()) wrong(key, "a number or a list of numbers");
    result.push_back(entry.get<double>());
  }
  return result;
}

Shape Config::open_shape(std::string_view key) const {
  const Json* list = as_list(at(key));
  if (!list) wrong(key, "a list of extents");
  Shape shape;
  for (const Json& extent : *list) shape.push_back(extent.is_null() ? graph::kOpen : to_extent(key, extent, 1));
  return shape;
}

graph::Ints Config::pairs(std::string_view key, std::size_t count) const {
  const Json& value = at(key);
  const std::string expected = "a non-negative integer, or " + std::to_string(count) + " pairs of them";
  const Json* list = as_list(value);
  if (!list) return graph::Ints(2 * count, to_extent(key, value, 0));
  graph::Ints result;
  if (count == 1 && list->size() == 2 && !as_list((*list)[0])) {
    for (const Json& side : *list) result.push_back(to_extent(key, side, 0));
    return result;
  }
  if (list->size() != count) wrong(key, expected);
  for (const Json& entry : *list) {
    const Json* sides = as_list(entry);
    if (sides && sides->size() != 2) wrong(key, expected);
    result.push_back(to_extent(key, sides ? (*sides)[0] : entry, 0));
    result.push_back(to_extent(key, sides ? (*sides)[1] : entry, 0));
  }
  return result;
}

}  // namespace signxai::keras
