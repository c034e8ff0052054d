// Two kinds of storage behind one face.
#include "importers/onnx/constant.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace signxai::onnx {
namespace {

std::int64_t rounded(double number) {
  constexpr double kMost = 9.2e18;
  if (std::isnan(number)) return graph::kOpen;
  if (number >= kMost) return std::numeric_limits<std::int64_t>::max();
  if (number <= -kMost) return std::numeric_limits<std::int64_t>::min();
  return static_cast<std::int64_t>(number);
}

}  // namespace

Constant::Constant(graph::Literal literal) : shape_(literal.shape()), literal_(std::move(literal)) {}

Constant::Constant(Shape shape, Element element, std::vector<double> numbers)
    : shape_(std::move(shape)),
      element_(element),
      numbers_(std::make_shared<std::vector<double>>(std::move(numbers))) {}

graph::Literal Constant::literal(const std::string& name) const {
  if (!numbers_) return {shape_, literal_.storage(), name};
  std::vector<float> narrow(numbers_->size());
  std::transform(numbers_->begin(), numbers_->end(), narrow.begin(), [](double v) { return static_cast<float>(v); });
  return {shape_, std::move(narrow), name};
}

std::vector<double> Constant::numbers() const {
  return numbers_ ? *numbers_ : std::vector<double>(literal_.data(), literal_.data() + size());
}

graph::Ints Constant::integers() const {
  const std::vector<double> all = numbers();
  graph::Ints integers(all.size());
  std::transform(all.begin(), all.end(), integers.begin(), rounded);
  return integers;
}

bool Constant::is_known() const {
  return element_ == Element::kFloat ||
         std::none_of(numbers_->begin(), numbers_->end(), [](double v) { return std::isnan(v); });
}

Constant Constant::reshaped(Shape shape) const {
  Constant other = *this;
  other.shape_ = std::move(shape);
  return other;
}

}  // namespace signxai::onnx
