// Activation functions that are written out, at the last of their nodes. They are P(x) + Q(x) f(R(x)) with polynomials
// P, Q, R and a curve f, in whatever order an exporter multiplies; so the nodes are followed back to x, and their
// polynomials compared with those of the functions:
//   GELU  x / 2 (1 + erf(x / sqrt 2)), or x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))  (Hendrycks and Gimpel
//   2016) SiLU  x sigmoid(x);  Mish  x tanh(log(1 + exp(x)));  HardSwish  x min(max(x / 6 + 1 / 2, 0), 1)
#include <algorithm>
#include <cmath>

#include "importers/onnx/nodes/recover.h"

namespace signxai::onnx {
namespace {

using Proto = onnx_messages::Node;

constexpr std::size_t kMostPowers = 5;
constexpr int kDeepest = 10;

/// Coefficients, the constant one first; none of them zero at the end.
using Polynomial = std::vector<double>;

void trim(Polynomial& p) {
  while (!p.empty() && p.back() == 0) p.pop_back();
}

Polynomial sum(const Polynomial& a, const Polynomial& b, double factor = 1) {
  Polynomial made(std::max(a.size(), b.size()), 0.0);
  std::copy(a.begin(), a.end(), made.begin());
  for (std::size_t i = 0; i < b.size(); ++i) made[i] += factor * b[i];
  trim(made);
  return made;
}

Polynomial product(const Polynomial& a, const Polynomial& b) {
  if (a.empty() || b.empty()) return {};
  Polynomial made(a.size() + b.size() - 1, 0.0);
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j < b.size(); ++j) made[i + j] += a[i] * b[j];
  }
  trim(made);
  return made;
}

bool is_near(const Polynomial& a, const Polynomial& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::abs(a[i] - b[i]) > 1e-5 * std::abs(b[i])) return false;
  }
  return true;
}

enum class Curve { kNone, kErf, kTanh, kSigmoid, kSoftplus, kTanhOfSoftplus, kRelu, kUnit };

/// plain(x) + factor(x) curve(argument(x)); kUnit is min(max(argument, 0), 1).
struct Formula {
  Polynomial plain{}, factor{};
  Curve curve = Curve::kNone;
  Polynomial argument{};

  bool is_plain() const { return curve == Curve::kNone; }
  /// The curve and nothing else.
  bool is_only(Curve wanted) const { return curve == wanted && plain.empty() && is_near(factor, {1}); }
};

using Found = std::optional<Formula>;

Formula curve_of(Curve curve, const Polynomial& argument) { return {{}, {1}, curve, argument}; }

/// min(max(p, low), high)
Formula clipped(const Polynomial& p, double low, double high) {
  const double width = high - low;
  Formula made = curve_of(Curve::kUnit, product(sum(p, {low}, -1), {1 / width}));
  made.plain = sum({low}, {});
  trim(made.plain);
  made.factor = {width};
  return made;
}

Found added(const Formula& a, const Formula& b, double factor) {
  if (!a.is_plain() && !b.is_plain()) return std::nullopt;
  Formula made = a.is_plain() ? b : a;
  made.plain = sum(a.plain, b.plain, factor);
  if (a.is_plain()) made.factor = product(b.factor, {factor});
  return made;
}

Found multiplied(const Formula& a, const Formula& b) {
  if (!a.is_plain() && !b.is_plain()) return std::nullopt;
  Formula made = a.is_plain() ? b : a;
  const Polynomial& by = a.is_plain() ? a.plain : b.plain;
  made.plain = product(made.plain, by);
  made.factor = product(made.factor, by);
  return made;
}

/// Follows tensors back to x.
class Reader {
 public:
  Reader(const Translator& translator, const std::string& x, std::size_t rank)
      : translator_(translator), x_(x), rank_(rank) {}

  Found read(const std::string& tensor, int depth = 0) const {
    const std::string name = origin(translator_, tensor);
    if (name == x_) return Formula{{0, 1}};
    const Tensor* known = translator_.find(name);
    if (known && known->constant) return constant(*known->constant);
    const Proto* node = translator_.maker_of(name);
    if (!node || depth > kDeepest || node->input_size() == 0 || !node->domain().empty()) return std::nullopt;
    const Found made = node->input_size() == 2 ? pair(*node, depth) : single(*node, depth);
    const bool fits = made && made->plain.size() <= kMostPowers && made->factor.size() <= kMostPowers &&
                      made->argument.size() <= kMostPowers;
    return fits ? made : std::nullopt;
  }

 private:
  /// One number, which does not give the result more axes.
  Found constant(const Constant& number) const {
    if (!number.is_single() || number.shape().size() > rank_) return std::nullopt;
    Formula made{{number.single()}};
    trim(made.plain);
    return made;
  }

  Found pair(const Proto& node, int depth) const {
    const std::string& type = node.op_type();
    if (type == "Clip") return single(node, depth);
    const Found a = read(node.input(0), depth + 1);
    const Found b = a ? read(node.input(1), depth + 1) : std::nullopt;
    if (!b) return std::nullopt;
    if (type == "Add") return added(*a, *b, 1);
    if (type == "Sub") return added(*a, *b, -1);
    if (type == "Mul") return multiplied(*a, *b);
    const bool second = b->is_plain() && b->plain.size() == 1, first = a->is_plain() && a->plain.size() <= 1;
    if (type == "Div" && second) return multiplied(*a, Formula{{1 / b->plain[0]}});
    if (type == "Pow" && second && a->is_plain()) return power(a->plain, b->plain[0]);
    if (type == "Max" && b->is_plain() && b->plain.empty() && a->is_plain()) return curve_of(Curve::kRelu, a->plain);
    if (type == "Max" && first && a->plain.empty() && b->is_plain()) return curve_of(Curve::kRelu, b->plain);
    if (type == "Min" && second && a->is_only(Curve::kRelu)) return below(*a, b->plain[0]);
    if (type == "Min" && first && a->plain.size() == 1 && b->is_only(Curve::kRelu)) return below(*b, a->plain[0]);
    return std::nullopt;
  }

  static Found below(const Formula& relu, double high) {
    return high > 0 ? Found(clipped(relu.argument, 0, high)) : std::nullopt;
  }

  static Found power(const Polynomial& base, double exponent) {
    if (exponent != 2 && exponent != 3) return std::nullopt;
    Formula made{product(base, base)};
    if (exponent == 3) made.plain = product(made.plain, base);
    return made;
  }

  Found single(const Proto& node, int depth) const {
    const std::string& type = node.op_type();
    const Found x = read(node.input(0), depth + 1);
    if (!x) return std::nullopt;
    if (type == "Neg") return multiplied(*x, Formula{{-1}});
    if (type == "Tanh" && x->is_only(Curve::kSoftplus)) return curve_of(Curve::kTanhOfSoftplus, x->argument);
    if (!x->is_plain()) return std::nullopt;
    if (type == "Erf") return curve_of(Curve::kErf, x->plain);
    if (type == "Tanh") return curve_of(Curve::kTanh, x->plain);
    if (type == "Sigmoid") return curve_of(Curve::kSigmoid, x->plain);
    if (type == "Softplus") return curve_of(Curve::kSoftplus, x->plain);
    if (type == "Relu") return curve_of(Curve::kRelu, x->plain);
    if (type == "HardSigmoid") {
      return curve_of(Curve::kUnit,
                      sum(product(x->plain, {attribute(node, "alpha", 0.2)}), {attribute(node, "beta", 0.5)}));
    }
    return type == "Clip" ? clip(node, x->plain) : std::nullopt;
  }

  static double attribute(const Proto& node, std::string_view name, double fallback) {
    for (const auto& found : node.attribute()) {
      if (found.name() == name) return static_cast<double>(found.f());
    }
    return fallback;
  }

  /// The limits are attributes at first and inputs in newer versions.
  Found clip(const Proto& node, const Polynomial& x) const {
    constexpr double kNone = 3.4e38;
    double limits[] = {attribute(node, "min", -kNone), attribute(node, "max", kNone)};
    for (int i = 0; i < 2; ++i) {
      if (node.input_size() <= i + 1 || node.input(i + 1).empty()) continue;
      const auto given = number(translator_, node.input(i + 1));
      if (!given) return std::nullopt;
      limits[i] = *given;
    }
    if (limits[0] <= -kNone || limits[1] >= kNone || !(limits[0] < limits[1])) return std::nullopt;
    return clipped(x, limits[0], limits[1]);
  }

  const Translator& translator_;
  const std::string& x_;
  std::size_t rank_;
};

struct Function {
  Formula formula;
  const char* activation;  ///< null: GELU
  bool approximate = false;
};

const Function* find_function(const Formula& formula) {
  const double slope = std::sqrt(2.0 / M_PI);
  const Polynomial x{0, 1}, half{0, 0.5};
  static const Function kFunctions[] = {
      {{{}, x, Curve::kSigmoid, x}, "silu"},
      {{{}, x, Curve::kTanhOfSoftplus, x}, "mish"},
      {{{}, x, Curve::kUnit, {0.5, 1.0 / 6}}, "hard_silu"},
      {{{}, {1}, Curve::kUnit, {0.5, 1.0 / 6}}, "hard_sigmoid"},
      {{half, half, Curve::kErf, {0, std::sqrt(0.5)}}, nullptr},
      {{half, half, Curve::kTanh, {0, slope, 0, 0.044715 * slope}}, nullptr, true},
  };
  const auto it = std::find_if(std::begin(kFunctions), std::end(kFunctions), [&](const Function& f) {
    return f.formula.curve == formula.curve && is_near(formula.plain, f.formula.plain) &&
           is_near(formula.factor, f.formula.factor) && is_near(formula.argument, f.formula.argument);
  });
  return it == std::end(kFunctions) ? nullptr : it;
}

/// What may be x: what is multiplied at the end; for a function that is only shifted and scaled, what is clipped.
std::vector<std::string> candidates(const Translator& t, const Proto& last) {
  std::vector<std::string> found;
  const auto add = [&](const std::string& tensor, const auto& self, int depth) -> void {
    const std::string name = origin(t, tensor);
    const Tensor* known = t.find(name);
    if (!known || known->constant || known->missing) return;
    if (std::find(found.begin(), found.end(), name) == found.end()) found.push_back(name);
    const Proto* node = t.maker_of(name);
    if (depth == 0 || !node) return;
    for (const char* type : {"Mul", "Div", "Clip", "Min", "Max", "Relu", "Add", "Sub"}) {
      if (node->op_type() != type) continue;
      for (const std::string& input : node->input()) self(input, self, depth - 1);
    }
  };
  for (const std::string& input : last.input()) add(input, add, 3);
  return found;
}

}  // namespace

bool recover_function(Node& node) {
  Translator& t = node.translator();
  if (node.inputs() != 2) return false;
  for (const std::string& name : candidates(t, node.proto())) {
    const Tensor x = t.tensor(name, node.name());
    const Found formula = Reader(t, name, x.shape.size()).read(node.proto().output(0));
    const Function* function = formula ? find_function(*formula) : nullptr;
    if (!function) continue;
    const TensorRef made =
        function->activation ? node.layer("Activation", {{"activation", function->activation}}, {x.ref})
                             : node.operation("Gelu", {{"x", nth(0)}, {"approximate", function->approximate}}, {x.ref});
    node.give(0, node.like(x, made));
    return true;
  }
  return false;
}

}  // namespace signxai::onnx
