// Rules on matrices; the formulas are those of the reference's behaviour, SEMANTICS 7.
#include "support/rule_twin.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace signxai::test {
namespace {

using Transform = std::function<double(double weight, double tap)>;

double all(double w, double) { return w; }
double positive(double w, double) { return std::max(w, 0.0); }
double negative(double w, double) { return std::min(w, 0.0); }
double squared(double w, double) { return w * w; }
double ones(double, double tap) { return tap; }
double none(double, double) { return 0; }

/// W'x + b' with transformed weights; at a head followed by the selection of one output.
class Map {
 public:
  Map(const Affine& layer, const Transform& kernel, const Transform& bias, const Head* head) : head_(head) {
    weights_ = layer.weights;
    for (std::size_t i = 0; i < weights_.data.size(); ++i) {
      weights_.data[i] = kernel(layer.weights.data[i], layer.taps.data[i]);
    }
    for (double b : layer.bias) bias_.push_back(bias(b, 1));
  }

  Vector forward(const Vector& x) const {
    const Vector z = outputs(x), share = selection(z);
    if (head_ == nullptr) return z;
    return {std::inner_product(z.begin(), z.end(), share.begin(), 0.0)};
  }

  /// The transposed map at x; a selection by maximum shares among ties.
  Vector pull_back(const Vector& x, const Vector& signal) const {
    const Vector share = selection(outputs(x));
    Vector result(weights_.inputs, 0.0);
    for (std::size_t i = 0; i < weights_.inputs; ++i) {
      for (std::size_t o = 0; o < weights_.outputs; ++o) {
        result[i] += weights_.at(i, o) * share[o] * (head_ ? signal[0] : signal[o]);
      }
    }
    return result;
  }

 private:
  Vector outputs(const Vector& x) const {
    Vector z = bias_;
    z.resize(weights_.outputs, 0.0);
    for (std::size_t i = 0; i < weights_.inputs; ++i) {
      for (std::size_t o = 0; o < weights_.outputs; ++o) z[o] += x[i] * weights_.at(i, o);
    }
    return z;
  }

  Vector selection(const Vector& z) const {
    Vector share(z.size(), head_ ? 0.0 : 1.0);
    if (head_ == nullptr) return share;
    if (head_->neuron) return share[*head_->neuron] = 1.0, share;
    const double top = *std::max_element(z.begin(), z.end());
    const auto ties = static_cast<double>(std::count(z.begin(), z.end(), top));
    for (std::size_t i = 0; i < z.size(); ++i) share[i] = z[i] == top ? 1.0 / ties : 0.0;
    return share;
  }

  Matrix weights_;
  Vector bias_;
  const Head* head_;
};

/// A layer under a rule, with the abbreviations of the formulas.
struct Twin {
  const Affine& layer;
  const Vector& x;
  const Vector* arrived;
  const Head* head;

  Map map(const Transform& kernel, const Transform& bias) const { return {layer, kernel, bias, head}; }
  /// R: what arrived, else sel(z) of that map.
  Vector relevance(const Map& own) const { return arrived ? *arrived : own.forward(x); }
  /// R: what arrived, else sel(y) of the layer as it is.
  Vector relevance() const { return relevance(map(all, all)); }
};

Vector plus(const Vector& a, const Vector& b, double factor = 1) {
  Vector sum = a;
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += factor * b[i];
  return sum;
}

Vector times(const Vector& a, const Vector& b) {
  Vector product = a;
  for (std::size_t i = 0; i < product.size(); ++i) product[i] *= b[i];
  return product;
}

Vector scaled(const Vector& a, double factor) { return plus(Vector(a.size(), 0.0), a, factor); }

Vector ratio(const Vector& a, const Vector& b) {
  Vector quotient;
  for (std::size_t i = 0; i < a.size(); ++i) quotient.push_back(safe_ratio(a[i], b[i]));
  return quotient;
}

Vector each(Vector values, double (*function)(double, double)) {
  for (double& value : values) value = function(value, 1);
  return values;
}

double number(const Parameters& p, const std::string& name, double fallback) {
  const auto it = p.find(name);
  // Constants of a graph are float32.
  return static_cast<float>(it == p.end() ? fallback : std::get<double>(it->second));
}

Vector by_epsilon(const Twin& t, double epsilon, bool bias) {
  const Map map = t.map(all, bias ? all : none);
  const Vector z = map.forward(t.x);
  Vector denominator = z;
  for (double& value : denominator) value += epsilon * (value >= 0 ? 1 : -1);
  return times(t.x, map.pull_back(t.x, ratio(t.relevance(map), denominator)));
}

double deviation(const Vector& x) {
  const double mean = std::accumulate(x.begin(), x.end(), 0.0) / static_cast<double>(x.size());
  double squares = 0;
  for (double value : x) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / static_cast<double>(x.size()));
}

Vector by_weight(const Twin& t, const Transform& kernel) {
  const Map map = t.map(kernel, none);
  return map.pull_back(t.x, ratio(t.relevance(), map.forward(Vector(t.x.size(), 1.0))));
}

Vector by_alpha_beta(const Twin& t, double alpha, double beta, bool bias) {
  const Map up = t.map(positive, bias ? positive : none), down = t.map(negative, bias ? negative : none);
  const Vector above = each(t.x, positive), below = each(t.x, negative), r = t.relevance();
  const auto share = [&](const Map& of_above, const Map& of_below) {
    const Vector s = ratio(r, plus(of_above.forward(above), of_below.forward(below)));
    return plus(times(above, of_above.pull_back(above, s)), times(below, of_below.pull_back(below, s)));
  };
  if (beta == 0) return share(up, down);
  return plus(scaled(share(up, down), alpha), share(down, up), -beta);
}

Vector by_gamma(const Twin& t, double gamma, bool bias) {
  const Map up = t.map(positive, bias ? positive : none), whole = t.map(all, bias ? all : none);
  const Vector above = each(t.x, positive), r = t.relevance();
  const auto share = [&](const Map& of_above, const Map& of_x) {
    const Vector s = ratio(r, plus(of_above.forward(above), of_x.forward(t.x)));
    return plus(times(above, of_above.pull_back(above, s)), times(t.x, of_x.pull_back(t.x, s)));
  };
  return plus(scaled(share(up, whole), gamma), share(whole, up), -1);
}

Vector by_bounds(const Twin& t, double low, double high) {
  const Map whole = t.map(all, none), up = t.map(positive, none), down = t.map(negative, none);
  const Vector least(t.x.size(), low), most(t.x.size(), high);
  const Vector z = plus(plus(whole.forward(t.x), up.forward(least), -1), down.forward(most), -1);
  const Vector s = ratio(t.relevance(), z);
  return plus(plus(times(t.x, whole.pull_back(t.x, s)), up.pull_back(t.x, s), -low), down.pull_back(t.x, s), -high);
}

Vector by_sign(const Twin& t, double mu) {
  const Map map = t.map(all, all);
  Vector sign;
  for (double value : t.x) sign.push_back(value < mu ? -1 : 1);
  return times(sign, map.pull_back(t.x, ratio(t.relevance(map), map.forward(t.x))));
}

Vector by_z_plus_fast(const Twin& t) {
  const Map map = t.map(positive, none);
  return times(t.x, map.pull_back(t.x, ratio(t.relevance(), map.forward(t.x))));
}

Vector by_z(const Twin& t, bool bias) {
  const Map map = t.map(all, bias ? all : none);
  return times(t.x, map.pull_back(t.x, ratio(t.relevance(map), map.forward(t.x))));
}

/// What input i contributes to output o, x_i w_io, as a rule counts it (tap: whether there is a weight); and the bias.
struct Count {
  std::function<double(double x, double w, double tap)> term;
  std::function<double(double b)> bias;
};

/// Relevance by shares: R_i = sum_o t_io R_o / s(sum_i t_io + b_o), s(z) = z + stabilizer sign(z). Only outputs with
/// `when`.
Vector by_shares(const Twin& t, const Count& count, double stabilizer, const std::function<bool(double z)>& when = {}) {
  const Matrix& w = t.layer.weights;
  const Vector z = t.layer(t.x);
  Vector r = t.arrived ? *t.arrived : Vector(z.size(), 0.0);
  if (!t.arrived) {
    const auto top = static_cast<std::size_t>(std::max_element(z.begin(), z.end()) - z.begin());
    const std::size_t neuron = t.head->neuron.value_or(top);
    r[neuron] = z[neuron];
  }
  Vector result(w.inputs, 0.0);
  for (std::size_t o = 0; o < w.outputs; ++o) {
    if (when && !when(z[o])) continue;
    const auto term = [&](std::size_t i) { return count.term(t.x[i], w.at(i, o), t.layer.taps.at(i, o)); };
    double sum = t.layer.bias.empty() || !count.bias ? 0.0 : count.bias(t.layer.bias[o]);
    for (std::size_t i = 0; i < w.inputs; ++i) sum += term(i);
    sum += sum >= 0 ? stabilizer : -stabilizer;
    for (std::size_t i = 0; i < w.inputs; ++i) result[i] += term(i) * safe_ratio(r[o], sum);
  }
  return result;
}

Count plain() {
  return {[](double x, double w, double) { return x * w; }, [](double b) { return b; }};
}
Count excitatory() {
  return {[](double x, double w, double) { return std::max(x * w, 0.0); }, [](double b) { return std::max(b, 0.0); }};
}
Count inhibitory() {
  return {[](double x, double w, double) { return std::min(x * w, 0.0); }, [](double b) { return std::min(b, 0.0); }};
}

Count strengthened(const Count& part, double gamma) {
  return {[=](double x, double w, double tap) { return x * w + gamma * part.term(x, w, tap); },
          [=](double b) { return b + gamma * part.bias(b); }};
}

Vector by_conserving_gamma(const Twin& t, double gamma, double stabilizer) {
  return plus(by_shares(t, strengthened(excitatory(), gamma), stabilizer, [](double z) { return z > 0; }),
              by_shares(t, strengthened(inhibitory(), gamma), stabilizer, [](double z) { return z < 0; }));
}

using Rule = std::function<Vector(const Twin&, const Parameters&)>;

const std::vector<std::pair<std::string, Rule>>& rules() {
  static const std::vector<std::pair<std::string, Rule>> table = {
      {"Z", [](const Twin& t, const Parameters&) { return by_z(t, true); }},
      {"ZIgnoreBias", [](const Twin& t, const Parameters&) { return by_z(t, false); }},
      {"Epsilon",
       [](const Twin& t, const Parameters& p) {
         return by_epsilon(t, number(p, "epsilon", 1e-7), number(p, "bias", 1) != 0);
       }},
      {"EpsilonIgnoreBias",
       [](const Twin& t, const Parameters& p) { return by_epsilon(t, number(p, "epsilon", 1e-7), false); }},
      {"StdxEpsilon",
       [](const Twin& t, const Parameters& p) {
         return by_epsilon(t, number(p, "stdfactor", 0.25) * deviation(t.x), number(p, "bias", 1) != 0);
       }},
      {"WSquare", [](const Twin& t, const Parameters&) { return by_weight(t, squared); }},
      {"Flat", [](const Twin& t, const Parameters&) { return by_weight(t, ones); }},
      {"ZPlusFast", [](const Twin& t, const Parameters&) { return by_z_plus_fast(t); }},
      {"Gamma", [](const Twin& t,
                   const Parameters& p) { return by_gamma(t, number(p, "gamma", 0), number(p, "bias", 1) != 0); }},
      {"Bounded",
       [](const Twin& t, const Parameters& p) { return by_bounds(t, number(p, "low", -1), number(p, "high", 1)); }},
      {"SIGN", [](const Twin& t, const Parameters&) { return by_sign(t, 0); }},
      {"SIGNmu", [](const Twin& t, const Parameters& p) { return by_sign(t, number(p, "mu", 0)); }},
      {"AlphaBeta",
       [](const Twin& t, const Parameters& p) {
         return by_alpha_beta(t, number(p, "alpha", 0), number(p, "beta", 0), number(p, "bias", 1) != 0);
       }},
      {"AlphaBetaIgnoreBias",
       [](const Twin& t, const Parameters& p) {
         return by_alpha_beta(t, number(p, "alpha", 0), number(p, "beta", 0), false);
       }},
      {"Alpha2Beta1", [](const Twin& t, const Parameters&) { return by_alpha_beta(t, 2, 1, true); }},
      {"Alpha2Beta1IgnoreBias", [](const Twin& t, const Parameters&) { return by_alpha_beta(t, 2, 1, false); }},
      {"Alpha1Beta0", [](const Twin& t, const Parameters&) { return by_alpha_beta(t, 1, 0, true); }},
      {"Alpha1Beta0IgnoreBias", [](const Twin& t, const Parameters&) { return by_alpha_beta(t, 1, 0, false); }},
      {"ZPlus", [](const Twin& t, const Parameters&) { return by_alpha_beta(t, 1, 0, false); }},
      {"zennit.Epsilon",
       [](const Twin& t, const Parameters& p) { return by_shares(t, plain(), number(p, "epsilon", 1e-6)); }},
      {"Norm", [](const Twin& t, const Parameters& p) { return by_shares(t, plain(), number(p, "stabilizer", 1e-6)); }},
      {"zennit.ZPlus",
       [](const Twin& t, const Parameters& p) { return by_shares(t, excitatory(), number(p, "stabilizer", 1e-6)); }},
      {"zennit.AlphaBeta",
       [](const Twin& t, const Parameters& p) {
         const double alpha = number(p, "alpha", 2), beta = number(p, "beta", 1), s = number(p, "stabilizer", 1e-6);
         return plus(scaled(by_shares(t, excitatory(), s), alpha), by_shares(t, inhibitory(), s), -beta);
       }},
      {"zennit.Gamma",
       [](const Twin& t, const Parameters& p) {
         return by_conserving_gamma(t, number(p, "gamma", 0.25), number(p, "stabilizer", 1e-6));
       }},
      {"zennit.WSquare",
       [](const Twin& t, const Parameters& p) {
         return by_shares(t, {[](double, double w, double) { return w * w; }, [](double b) { return b * b; }},
                          number(p, "stabilizer", 1e-6));
       }},
      {"zennit.Flat",
       [](const Twin& t, const Parameters& p) {
         return by_shares(t, {[](double, double, double tap) { return tap; }, {}}, number(p, "stabilizer", 1e-6));
       }},
      {"zennit.ZBox",
       [](const Twin& t, const Parameters& p) {
         const double low = number(p, "low", 0), high = number(p, "high", 0);
         const auto term = [=](double x, double w, double) {
           return x * w - low * positive(w, 0) - high * negative(w, 0);
         };
         return by_shares(t, {term, {}}, number(p, "stabilizer", 1e-6));
       }},
  };
  return table;
}

}  // namespace

double safe_ratio(double a, double b) { return a / (b == 0 ? 1e-7 : b); }

Vector relu(Vector values) { return each(std::move(values), positive); }

Vector Affine::operator()(const Vector& x) const { return Map(*this, all, all, nullptr).forward(x); }

Affine dense_matrix(const KernelWeights& weights) {
  const auto in = static_cast<std::size_t>(weights.kernel.shape()[0]),
             out = static_cast<std::size_t>(weights.kernel.shape()[1]);
  Affine layer{Matrix(in, out), Matrix(in, out), {}};
  layer.weights.data.assign(weights.kernel.data(), weights.kernel.data() + in * out);
  layer.taps.data.assign(in * out, 1.0);
  if (weights.has_bias()) layer.bias.assign(weights.bias.data(), weights.bias.data() + out);
  return layer;
}

Affine conv_matrix(const KernelWeights& weights, std::int64_t height, std::int64_t width, const WindowShape& window) {
  const Shape& k = weights.kernel.shape();  // taps down, taps across, from, to
  const bool same = window.padding == "same";
  const auto extent = [&](std::int64_t n, std::int64_t taps) {
    return same ? (n + window.stride - 1) / window.stride : (n - taps) / window.stride + 1;
  };
  const std::int64_t out_h = extent(height, k[0]), out_w = extent(width, k[1]);
  const auto before = [&](std::int64_t n, std::int64_t m, std::int64_t taps) {
    return same ? std::max<std::int64_t>((m - 1) * window.stride + taps - n, 0) / 2 : 0;
  };
  const std::int64_t top = before(height, out_h, k[0]), left = before(width, out_w, k[1]);
  const auto size = [](std::int64_t n) { return static_cast<std::size_t>(n); };
  const std::size_t in = size(height * width * k[2]), out = size(out_h * out_w * k[3]);
  Affine layer{Matrix(in, out), Matrix(in, out), {}};
  for (std::int64_t cell = 0; cell < out_h * out_w; ++cell) {
    for (std::int64_t tap = 0; tap < k[0] * k[1]; ++tap) {
      const std::int64_t row = cell / out_w * window.stride - top + tap / k[1];
      const std::int64_t column = cell % out_w * window.stride - left + tap % k[1];
      if (row < 0 || row >= height || column < 0 || column >= width) continue;
      for (std::int64_t pair = 0; pair < k[2] * k[3]; ++pair) {
        const std::size_t i = size((row * width + column) * k[2] + pair / k[3]), o = size(cell * k[3] + pair % k[3]);
        layer.weights.at(i, o) = weights.kernel.data()[tap * k[2] * k[3] + pair];
        layer.taps.at(i, o) = 1;
      }
    }
  }
  for (std::size_t o = 0; weights.has_bias() && o < out; ++o) layer.bias.push_back(weights.bias.data()[o % size(k[3])]);
  return layer;
}

Vector twin_relevance(const std::string& rule, const Parameters& parameters, const Affine& layer, const Vector& x,
                      const Vector* arrived, const Head& head) {
  for (const auto& [name, twin] : rules()) {
    if (name == rule) return twin({layer, x, arrived, arrived ? nullptr : &head}, parameters);
  }
  ADD_FAILURE() << "the rule " << rule << " has no twin";
  return Vector(x.size(), 0.0);
}

Vector sample_of(const Array& batch, std::size_t index) {
  const std::size_t size = batch.data.size() / static_cast<std::size_t>(batch.shape.front());
  const auto begin = batch.data.begin() + static_cast<std::ptrdiff_t>(index * size);
  return {begin, begin + static_cast<std::ptrdiff_t>(size)};
}

void expect_sample(const Array& map, std::size_t index, const Vector& expected, double tolerance) {
  const Vector got = sample_of(map, index);
  ASSERT_EQ(got.size(), expected.size());
  double largest = 0;
  for (double value : expected) largest = std::max(largest, std::fabs(value));
  for (std::size_t i = 0; i < got.size(); ++i) {
    EXPECT_NEAR(got[i], expected[i], tolerance * largest) << "sample " << index << ", entry " << i;
  }
}

}  // namespace signxai::test
