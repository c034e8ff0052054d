// Expressions: a recursive-descent parser, and lowering to graph operations whose pull-back is the derivative.
#include "reverse/expression.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "graph/ops/slicing.h"
#include "graph/rewrite.h"
#include "signxai/error.h"

namespace signxai::reverse {

using graph::Value;

/// One operation. `op` is a graph operation on `parts`, or empty: a number, or output `output`.
struct Expression::Term {
  std::string op;
  std::vector<std::shared_ptr<const Term>> parts;
  double number = 0;
  std::int64_t output = -1;
};

namespace {

using Term = std::shared_ptr<const Expression::Term>;

constexpr std::array<std::string_view, 5> kFunctions = {"exp", "log", "sqrt", "tanh", "abs"};
constexpr int kDeepest = 64;  // nested parentheses

Term make(std::string op, std::vector<Term> parts) {
  return std::make_shared<const Expression::Term>(Expression::Term{std::move(op), std::move(parts), 0, -1});
}

class Parser {
 public:
  explicit Parser(std::string_view text) : whole_(text), rest_(text) {}

  Term run() {
    Term term = sum();
    skip();
    if (!rest_.empty()) refuse("'" + std::string(rest_) + "' does not belong there");
    return term;
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const {
    throw Error(ErrorCode::kInvalidArgument, "target", whole_,
                "is no expression of outputs: " + why +
                    "; expected numbers, f0, f1 ..., + - * / ( ) and exp, log, sqrt, tanh, abs");
  }

  void skip() { rest_.remove_prefix(std::min(rest_.find_first_not_of(' '), rest_.size())); }

  bool take(std::string_view token) {
    skip();
    if (rest_.substr(0, token.size()) != token) return false;
    rest_.remove_prefix(token.size());
    return true;
  }

  Term sum() {
    Term left = product();
    for (;;) {
      if (take("+")) {
        left = make("add", {left, product()});
      } else if (take("-")) {
        left = make("sub", {left, product()});
      } else {
        return left;
      }
    }
  }

  Term product() {
    Term left = factor();
    for (;;) {
      if (take("*")) {
        left = make("mul", {left, factor()});
      } else if (take("/")) {
        left = make("div", {left, factor()});
      } else {
        return left;
      }
    }
  }

  Term enclosed() {
    if (++depth_ > kDeepest) refuse("it is nested too deeply");
    Term inner = sum();
    if (!take(")")) refuse("a ')' is missing");
    --depth_;
    return inner;
  }

  Term factor() {
    if (++depth_ > kDeepest) refuse("it is nested too deeply");
    Term made = unsigned_factor();
    --depth_;
    return made;
  }

  Term unsigned_factor() {
    if (take("-")) return make("sub", {number(0), factor()});
    if (take("(")) return enclosed();
    for (const std::string_view name : kFunctions) {
      if (!take(name)) continue;
      if (!take("(")) refuse("'" + std::string(name) + "' needs its argument in parentheses");
      return make(std::string(name), {enclosed()});
    }
    if (take("f")) {
      auto leaf = std::make_shared<Expression::Term>();
      read(leaf->output, "an index behind 'f'");
      return leaf;
    }
    double value = 0;
    read(value, "a number or an output");
    return number(value);
  }

  static Term number(double value) {
    auto leaf = std::make_shared<Expression::Term>();
    leaf->number = value;
    return leaf;
  }

  template <typename T>
  void read(T& value, const char* what) {
    const auto [stop, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc()) refuse(std::string("expected ") + what + " at '" + std::string(rest_) + "'");
    rest_.remove_prefix(static_cast<std::size_t>(stop - rest_.data()));
  }

  std::string_view whole_, rest_;
  int depth_ = 0;
};

std::int64_t last_of(const Expression::Term& term) {
  std::int64_t last = term.output;
  for (const Term& part : term.parts) last = std::max(last, last_of(*part));
  return last;
}

/// Value of shape (batch, 1) from outputs of shape (batch, neurons).
Value lower(graph::Builder& b, const Expression::Term& term, Value flat) {
  if (term.output >= 0) {
    return b.make("slice", {flat},
                  {{"begin", graph::Ints{0, term.output}}, {"end", graph::Ints{graph::kToEnd, term.output + 1}}});
  }
  if (term.op.empty()) return b.constant(term.number);
  std::vector<Value> parts;
  for (const Term& part : term.parts) parts.push_back(lower(b, *part, flat));
  return b.make(term.op, parts);
}

}  // namespace

Expression Expression::parse(std::string_view text) {
  Expression expression(Parser(text).run());
  if (expression.last_output() < 0) {
    throw Error(ErrorCode::kInvalidArgument, "target", text, "names no output; expected f0, f1 ...");
  }
  return expression;
}

std::int64_t Expression::last_output() const { return last_of(*root_); }

Value Expression::derivative(graph::Builder& builder, Value outputs) const {
  const Value flat = builder.reshape(outputs, {0, -1});
  const std::int64_t neurons = builder.shape(flat)[1];
  if (last_output() >= neurons) {
    throw Error(ErrorCode::kInvalidArgument, "target", "f" + std::to_string(last_output()),
                "is out of range; the output has " + std::to_string(neurons) + " values (f0 to f" +
                    std::to_string(neurons - 1) + ")");
  }
  const Value value = lower(builder, *root_, flat);
  const Value one = builder.broadcast(builder.constant(1.0), Shape(builder.shape(value)));
  return graph::pull_back(builder, value, one, {outputs}).front();
}

}  // namespace signxai::reverse
