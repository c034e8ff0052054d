// Products of tensors: matrices and Einstein sums.
#include <algorithm>
#include <map>
#include <stdexcept>

#include "importers/layers/attention/einsum.h"
#include "importers/operations/lowerings.h"

namespace signxai::keras {
namespace {

using graph::Builder;
using graph::Ints;
using graph::Value;
using Values = std::vector<Value>;

constexpr std::string_view kDots = "...";

/// Letters in place of the ellipsis, those of the last of the axes that any operand has there.
std::string spelled(const std::string& part, const std::string& axes, std::size_t count) {
  const std::size_t at = part.find(kDots);
  if (at == std::string::npos) return part;
  return part.substr(0, at) + axes.substr(axes.size() - count) + part.substr(at + kDots.size());
}

std::vector<std::string> parts_of(std::string text) {
  text.erase(std::remove(text.begin(), text.end(), ' '), text.end());
  const std::size_t arrow = text.find("->");
  std::vector<std::string> parts(1);
  for (const char c : text.substr(0, arrow)) {
    if (c == ',')
      parts.emplace_back();
    else
      parts.back() += c;
  }
  if (arrow != std::string::npos) {
    parts.push_back(text.substr(arrow + 2));
    return parts;
  }
  std::map<char, int> counts;  // the result has what stands once, in alphabetical order
  for (const char c : text) counts[c] += std::isalpha(static_cast<unsigned char>(c)) ? 1 : 0;
  std::string out = text.find(kDots) == std::string::npos ? "" : std::string(kDots);
  for (const auto& [letter, count] : counts) out += count == 1 ? std::string(1, letter) : "";
  parts.push_back(out);
  return parts;
}

/// The letters of each operand and of the result, one for each axis.
std::vector<std::string> letters_of(Operands& call, const std::string& text, const Values& operands) {
  std::vector<std::string> parts = parts_of(text);
  if (parts.size() != operands.size() + 1) throw std::invalid_argument("it has another number of operands");
  std::string axes;
  for (char c = 'z'; c >= 'A' && axes.size() < 8; --c) {
    if (std::isalpha(static_cast<unsigned char>(c)) && text.find(c) == std::string::npos) axes += c;
  }
  std::size_t most = 0;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    const bool dots = parts[i].find(kDots) != std::string::npos;
    const std::size_t letters = parts[i].size() - (dots ? kDots.size() : 0), rank = call.shape(operands[i]).size();
    if (letters > rank || (!dots && letters != rank)) {
      throw std::invalid_argument("'" + parts[i] + "' does not fit " + signxai::to_string(call.shape(operands[i])));
    }
    most = std::max(most, rank - letters);
    parts[i] = spelled(parts[i], axes, rank - letters);
  }
  parts.back() = spelled(parts.back(), axes, most);
  return parts;
}

/// Sums over what the result has not, the other axes in its order.
Value of_one(Builder& b, Value x, std::string from, const std::string& to) {
  Ints lonely, perm;
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (from.find(from[i]) != i) throw std::invalid_argument("it names an axis twice in '" + from + "'");
    if (to.find(from[i]) == std::string::npos) lonely.push_back(static_cast<std::int64_t>(i));
  }
  if (!lonely.empty()) x = b.reduce("reduce_sum", x, lonely, false);
  from.erase(std::remove_if(from.begin(), from.end(), [&](char c) { return to.find(c) == std::string::npos; }),
             from.end());
  for (const char c : to) {
    if (from.find(c) == std::string::npos) throw std::invalid_argument("its result has the axis " + std::string(1, c));
    perm.push_back(static_cast<std::int64_t>(from.find(c)));
  }
  return from == to ? x : b.make("transpose", {x}, {{"perm", perm}});
}

Value with_batch_in_front(Operands& call, const std::vector<std::string>& parts, const Values& operands) {
  for (std::size_t i = 0; i < operands.size(); ++i) {
    const bool constant = call.builder().graph().literal(operands[i]) != nullptr;
    if (!constant && (parts.back().empty() || parts.back().front() != parts[i].front())) {
      throw std::invalid_argument("its result does not begin with the batch");
    }
  }
  if (operands.size() == 1) return of_one(call.builder(), operands[0], parts[0], parts[1]);
  const Equation equation = parse_equation(parts[0] + "," + parts[1] + "->" + parts[2]);
  return einsum(call.builder(), equation, operands[0], operands[1]);
}

}  // namespace

LayerResult operation_einsum(Operands& call) {
  const Json* list = as_list(call.config().at("operands"));
  const bool named = call.has("subscripts");
  const std::string text = named || !list || list->empty() || !list->front().is_string()
                               ? call.config().text("subscripts")
                               : list->front().get<std::string>();
  if (call.context().inputs().empty() || call.context().inputs().size() > 2) {
    call.context().refuse("is an einsum of " + std::to_string(call.context().inputs().size()) +
                          " tensors; supported are one and two");
  }
  const Values operands = call.values("operands");
  try {
    if (operands.size() > 2) throw std::invalid_argument("it has more than two operands");
    return LayerResult::plain(with_batch_in_front(call, letters_of(call, text, operands), operands));
  } catch (const std::invalid_argument& e) {
    call.context().refuse("the equation '" + text + "' cannot be computed: " + e.what());
  }
}

LayerResult operation_matmul(Operands& call) {
  const Value x = call.value("x1"), y = call.value("x2");
  if (call.rank(x) < 2 || call.rank(y) < 2) call.context().refuse("multiplies vectors; supported are matrices");
  const auto flag = [&](const char* name) { return std::int64_t{call.config().flag(name, false)}; };
  const bool constant = call.builder().graph().literal(y) != nullptr;
  if (call.rank(x) == 2 && (flag("transpose_a") == 1 || !constant)) {
    call.context().refuse("multiplies samples with one another; samples are explained one by one");
  }
  return LayerResult::plain(call.builder().make(
      "matmul", {x, y}, {{"transpose_a", flag("transpose_a")}, {"transpose_b", flag("transpose_b")}}));
}

}  // namespace signxai::keras
