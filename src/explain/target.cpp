// Targets from text and from numbers.
#include "signxai/target.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "reverse/expression.h"
#include "signxai/error.h"

namespace signxai {
namespace {

std::optional<std::int64_t> integer(std::string_view text) {
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc() || stop != end) return std::nullopt;
  return value;
}

std::optional<std::vector<std::int64_t>> integers(std::string_view text) {
  std::vector<std::int64_t> list;
  for (;;) {
    const std::size_t comma = text.find(',');
    const auto value = integer(text.substr(0, comma));
    if (!value) return std::nullopt;
    list.push_back(*value);
    if (comma == std::string_view::npos) return list;
    text.remove_prefix(comma + 1);
  }
}

[[noreturn]] void refuse(std::string_view text) {
  throw Error(ErrorCode::kInvalidArgument, "target", text,
              "is no target; expected max, all, each, top:K, an index, one index per sample (3,1,4), a contrast (3-5) "
              "or an expression of outputs (f0 + 2*f1)");
}

Target parse_alone(std::string_view text) {
  if (text == "max") return Target::max();
  if (text == "all") return Target::all();
  if (text == "each") return Target::each();
  if (text.substr(0, 4) == "top:") {
    const auto count = integer(text.substr(4));
    return count && *count > 0 ? Target::top(*count) : (refuse(text), Target());
  }
  if (auto list = integers(text)) return Target::per_sample(std::move(*list));
  if (const std::size_t minus = text.find('-'); minus != std::string_view::npos) {
    const auto first = integer(text.substr(0, minus)), second = integer(text.substr(minus + 1));
    if (first && second && *first >= 0 && *second >= 0) return Target::contrast(*first, *second);
  }
  if (text.find('f') == std::string_view::npos) refuse(text);
  return Target::of(std::string(text));
}

}  // namespace

Target Target::per_sample(std::vector<std::int64_t> i) {
  Target target;
  target.kind = Kind::kIndex;
  target.indices = std::move(i);
  return target;
}

Target Target::all() {
  Target target;
  target.kind = Kind::kAll;
  return target;
}

Target Target::top(std::int64_t count) {
  Target target;
  target.kind = Kind::kTop;
  target.count = count;
  return target;
}

Target Target::each() {
  Target target;
  target.kind = Kind::kEach;
  return target;
}

Target Target::contrast(std::int64_t first, std::int64_t second) { return of(fmt::format("f{} - f{}", first, second)); }

Target Target::of(std::string expression) {
  reverse::Expression::parse(expression);
  Target target;
  target.kind = Kind::kExpression;
  target.expression = std::move(expression);
  return target;
}

Target Target::weighted(Tensor weights) {
  Target target;
  target.kind = Kind::kWeights;
  target.weights = std::make_shared<const Tensor>(std::move(weights));
  return target;
}

Target Target::parse(std::string_view text, const std::vector<std::string>& outputs) {
  for (const std::string& name : outputs) {
    const std::string prefix = name + ":";
    if (text.substr(0, prefix.size()) != prefix && text != name) continue;
    Target target = text == name ? max() : parse_alone(text.substr(prefix.size()));
    target.output = name;
    return target;
  }
  return parse_alone(text);
}

}  // namespace signxai
