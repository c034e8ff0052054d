// Equality, hashing and printing of the graph's plain values.
#include "graph/types.h"

#include <algorithm>
#include <cstring>
#include <functional>

#include "graph/graph.h"

namespace signxai::graph {
namespace {

constexpr std::int64_t kSmallLiteral = 64;  // elements up to which constants are compared by content

void mix(std::size_t& seed, std::size_t value) { seed ^= value + 0x9e3779b97f4a7c15ULL + (seed << 6) + (seed >> 2); }

std::size_t hash_of(const Attr& attr) {
  return std::visit(
      [](const auto& value) -> std::size_t {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, Ints>) {
          std::size_t seed = value.size();
          for (auto v : value) mix(seed, std::hash<std::int64_t>{}(v));
          return seed;
        } else if constexpr (std::is_same_v<T, Literal>) {
          return value.hash();
        } else if constexpr (std::is_same_v<T, Region>) {
          return static_cast<std::size_t>(value->size());
        } else {
          return std::hash<T>{}(value);
        }
      },
      attr);
}

bool same(const Attr& a, const Attr& b) {
  if (a.index() != b.index()) return false;
  if (const auto* region = std::get_if<Region>(&a)) return **region == *std::get<Region>(b);
  if (const auto* number = std::get_if<double>(&a)) {
    return std::memcmp(number, &std::get<double>(b), sizeof(double)) == 0;  // keeps -0 and 0 apart, NaN equal
  }
  return a == b;
}

}  // namespace

bool Type::is_bound() const {
  return std::none_of(shape.begin(), shape.end(), [](auto d) { return d == kOpen; }) &&
         std::all_of(elements.begin(), elements.end(), [](const Type& t) { return t.is_bound(); });
}

std::string to_string(const Type& type) {
  std::string text;
  if (type.is_tuple()) {
    for (const Type& element : type.elements) text += (text.empty() ? "(" : ", ") + to_string(element);
    return text + ")";
  }
  for (auto extent : type.shape) text += (text.empty() ? "" : ",") + (extent == kOpen ? "?" : std::to_string(extent));
  return "f32[" + text + "]";
}

Literal::Literal(Shape shape, std::vector<float> values, std::string name)
    : shape_(std::move(shape)), name_(std::move(name)) {
  auto owner = std::make_shared<std::vector<float>>(std::move(values));
  data_ = std::shared_ptr<const float>(owner, owner->data());
}

Literal::Literal(Shape shape, std::shared_ptr<const float> data, std::string name)
    : shape_(std::move(shape)), data_(std::move(data)), name_(std::move(name)) {}

bool Literal::operator==(const Literal& other) const {
  if (shape_ != other.shape_) return false;
  if (data_ == other.data_) return true;
  if (name_ != other.name_ || size() > kSmallLiteral) return false;
  return std::memcmp(data(), other.data(), static_cast<std::size_t>(size()) * sizeof(float)) == 0;
}

std::size_t Literal::hash() const {
  std::size_t seed = static_cast<std::size_t>(size());
  if (size() > kSmallLiteral) {
    mix(seed, std::hash<const void*>{}(data_.get()));
    return seed;
  }
  for (std::int64_t i = 0; i < size(); ++i) {
    std::uint32_t bits;
    std::memcpy(&bits, data() + i, sizeof bits);
    mix(seed, bits);
  }
  return seed;
}

bool Attrs::operator==(const Attrs& other) const {
  return std::equal(entries_.begin(), entries_.end(), other.entries_.begin(), other.entries_.end(),
                    [](const auto& a, const auto& b) { return a.first == b.first && same(a.second, b.second); });
}

std::size_t Attrs::hash() const {
  std::size_t seed = entries_.size();
  for (const auto& [name, value] : entries_) {
    mix(seed, std::hash<std::string>{}(name));
    mix(seed, hash_of(value));
  }
  return seed;
}

}  // namespace signxai::graph
