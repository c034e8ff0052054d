// LSTM, GRU and RNN, in one direction or both: the recurrent layers, whose gates stand in another order.
#include <algorithm>
#include <cmath>

#include "importers/onnx/nodes/families.h"

namespace signxai::onnx {
namespace {

using graph::Ints;
using graph::Literal;

/// What tells the kinds apart.
struct Kind {
  const char* layer;
  std::vector<std::size_t> gates;  ///< for each gate of the layer, which of the node's it is
  std::size_t functions;           ///< activation functions of each direction
};

struct Sizes {
  std::int64_t directions, units, features, gates;
};

std::string function_name(Node& node, const std::string& name) {
  for (const auto& [onnx, keras] :
       {std::pair{"Sigmoid", "sigmoid"}, std::pair{"Tanh", "tanh"}, std::pair{"Relu", "relu"},
        std::pair{"Softsign", "softsign"}, std::pair{"Softplus", "softplus"}}) {
    if (name == onnx) return keras;
  }
  node.refuse("has the activation function " + name + ", which is not supported in recurrent layers");
}

/// The functions of a direction: of the gates first, where there are gates.
std::vector<std::string> functions_of(Node& node, const Kind& kind, std::size_t direction) {
  std::vector<std::string> names = node.texts("activations");
  const std::vector<std::string> defaults = kind.functions == 1   ? std::vector<std::string>{"Tanh"}
                                            : kind.functions == 2 ? std::vector<std::string>{"Sigmoid", "Tanh"}
                                                                  : std::vector<std::string>{"Sigmoid", "Tanh", "Tanh"};
  if (names.empty()) names = defaults;
  std::vector<std::string> own;
  for (std::size_t i = 0; i < kind.functions; ++i) {
    const std::size_t at = direction * kind.functions + i;
    own.push_back(function_name(node, at < names.size() ? names[at] : names[i % names.size()]));
  }
  if (kind.functions == 3 && own[1] != own[2])
    node.refuse("has different functions for the cell and its output, which is not supported");
  return own;
}

/// Rows of the matrix of a direction, gate by gate in the layer's order, as columns.
Literal columns(const Constant& weights, const Kind& kind, const Sizes& s, std::size_t direction, std::int64_t width,
                const char* role) {
  const Literal from = weights.literal();
  const std::int64_t units = s.units, rows = s.gates * units;
  std::vector<float> numbers(static_cast<std::size_t>(rows * width));
  for (std::size_t gate = 0; gate < kind.gates.size(); ++gate) {
    for (std::int64_t u = 0; u < units; ++u) {
      const float* row = from.data() + (static_cast<std::int64_t>(direction) * rows +
                                        static_cast<std::int64_t>(kind.gates[gate]) * units + u) *
                                           width;
      for (std::int64_t f = 0; f < width; ++f) {
        numbers[static_cast<std::size_t>(f * rows + static_cast<std::int64_t>(gate) * units + u)] = row[f];
      }
    }
  }
  return {{width, rows}, std::move(numbers), role};
}

/// The two biases of a direction, each in the layer's order.
std::vector<float> biases(const Constant& all, const Kind& kind, const Sizes& s, std::size_t direction) {
  const std::vector<double> from = all.numbers();
  std::vector<float> numbers;
  const std::int64_t rows = s.gates * s.units;
  for (std::int64_t half = 0; half < 2; ++half) {
    for (const std::size_t gate : kind.gates) {
      for (std::int64_t u = 0; u < s.units; ++u) {
        const std::int64_t at =
            (static_cast<std::int64_t>(direction) * 2 + half) * rows + static_cast<std::int64_t>(gate) * s.units + u;
        numbers.push_back(static_cast<float>(from[static_cast<std::size_t>(at)]));
      }
    }
  }
  return numbers;
}

Literal bias_of(const Constant& all, const Kind& kind, const Sizes& s, std::size_t direction, bool apart) {
  std::vector<float> both = biases(all, kind, s, direction);
  const std::int64_t rows = s.gates * s.units;
  if (apart) return {{2, rows}, std::move(both), "bias"};
  for (std::int64_t i = 0; i < rows; ++i) both[static_cast<std::size_t>(i)] += both[static_cast<std::size_t>(i + rows)];
  both.resize(static_cast<std::size_t>(rows));
  return {{rows}, std::move(both), "bias"};
}

Sizes sizes_of(Node& node, const Kind& kind, bool both) {
  const Constant &w = node.known(1, "weights"), &r = node.known(2, "weights");
  Sizes s{both ? 2 : 1, 0, 0, static_cast<std::int64_t>(kind.gates.size())};
  if (w.shape().size() != 3 || r.shape().size() != 3) node.corrupt("has weights without three axes");
  s.units = r.shape()[2], s.features = w.shape()[2];
  const bool fits = s.units > 0 && s.features > 0 && w.shape()[0] == s.directions && r.shape()[0] == s.directions &&
                    w.shape()[1] == s.gates * s.units && r.shape()[1] == s.gates * s.units &&
                    node.integer("hidden_size", s.units) == s.units;
  if (!fits)
    node.corrupt("has weights " + signxai::to_string(w.shape()) + " and " + signxai::to_string(r.shape()) +
                 ", which do not fit");
  if (node.has(3) && node.known(3, "bias").size() != s.directions * 2 * s.gates * s.units)
    node.corrupt("has a bias of the wrong size");
  return s;
}

void check(Node& node, const Tensor& x, std::int64_t steps, std::int64_t batch) {
  if (x.shape.size() != 3) node.corrupt("takes a tensor " + signxai::to_string(x.shape) + "; expected three axes");
  if (batch != 1)
    node.refuse("takes " + std::to_string(batch) +
                " sequences for each sample; is the batch where the node expects it?");
  if (node.has("clip")) node.refuse("clips its cells, which is not supported");
  if (node.integer("input_forget", 0) != 0) node.refuse("couples its gates (input_forget), which is not supported");
  if (node.has(7)) node.refuse("has peepholes, which are not supported");
  if (!node.has(4)) return;
  for (const std::int64_t length : node.known(4, "lengths of sequences").integers()) {
    if (length != steps) node.refuse("has sequences that end early, which is not supported");
  }
}

bool is_zero(const Constant& constant) {
  const std::vector<double> numbers = constant.numbers();
  return std::all_of(numbers.begin(), numbers.end(), [](double v) { return v == 0; });
}

/// The part of a state that is of one direction, [N, units].
TensorRef initial_state(Node& node, const Sizes& s, const Tensor& whole, std::int64_t direction) {
  Translator& t = node.translator();
  if (element_count(whole.shape) != s.directions * s.units)
    node.corrupt("begins in a state " + signxai::to_string(whole.shape) + "; expected " + std::to_string(s.units) +
                 " numbers for each direction");
  if (whole.constant) {
    const std::vector<double> all = whole.constant->numbers();
    const auto first = all.begin() + direction * s.units;
    const Constant own({1, s.units}, Element::kFloat, std::vector<double>(first, first + s.units));
    return t.shaped(t.for_each_sample(own, node.input(0), node.name()), {graph::kOpen, s.units}, node.name());
  }
  const Tensor state = t.channels_first(whole, node.name());
  if (s.directions == 1) return t.shaped(state, {graph::kOpen, s.units}, node.name());
  const TensorRef both = t.shaped(state, {graph::kOpen, s.directions, s.units}, node.name());
  return node.operation("Take", {{"x", nth(0)}, {"indices", direction}, {"axis", 1}}, {both}, "/state");
}

/// The states that the layer begins with, those of the first direction first; none where all are zero.
std::vector<TensorRef> initial_states(Node& node, const Sizes& s, std::size_t states) {
  std::vector<TensorRef> refs;
  bool any = false;
  for (std::size_t i = 0; i < states; ++i)
    any = any || (node.has(5 + i) && !(node.constant(5 + i) && is_zero(*node.constant(5 + i))));
  if (!any) return refs;
  Tensor zeros;
  zeros.shape = {s.directions, 1, s.units};
  zeros.constant = Constant(zeros.shape, Element::kFloat,
                            std::vector<double>(static_cast<std::size_t>(s.directions * s.units), 0.0));
  for (std::int64_t direction = 0; direction < s.directions; ++direction) {
    for (std::size_t i = 0; i < states; ++i)
      refs.push_back(initial_state(node, s, node.has(5 + i) ? node.input(5 + i) : zeros, direction));
  }
  return refs;
}

Json config_of(Node& node, const Kind& kind, const Sizes& s, std::size_t direction, bool every, bool states,
               bool apart) {
  const std::vector<std::string> functions = functions_of(node, kind, direction);
  Json config{{"units", s.units},
              {"use_bias", node.has(3)},
              {"return_sequences", every},
              {"return_state", states},
              {"activation", functions.back()}};
  if (kind.functions > 1) config["recurrent_activation"] = functions.front();
  if (kind.functions == 2) config["reset_after"] = apart;
  return config;
}

/// Gives results [N, ..., directions * units] as views of ONNX's shapes.
void give_states(Node& node, std::size_t output, const std::vector<TensorRef>& parts, const Shape& shape) {
  if (!node.wants(output)) return;
  Tensor made;
  made.ref = parts.front();
  if (parts.size() == 2) {
    const Json list = Json::array({nth(0), nth(1)});
    made.ref = node.operation("Concatenate", {{"xs", list}, {"axis", 1}}, parts, "/states");
  }
  made.shape = shape;
  node.give(output, made);
}

void translate_recurrent(Node& node, const Kind& kind) {
  if (node.constant(0)) node.refuse("takes a sequence of numbers that the file states, which is not supported");
  const Tensor x = node.translator().channels_first(node.input(0), node.name());
  const std::string way = node.text("direction", "forward");
  const bool both = way == "bidirectional", backwards = way == "reverse", lstm = kind.functions == 3;
  const bool batch_first = node.integer("layout", 0) != 0;
  if (x.shape.size() != 3) node.corrupt("takes a tensor " + signxai::to_string(x.shape) + "; expected three axes");
  const std::int64_t steps = x.shape[batch_first ? 1 : 0], batch = x.shape[batch_first ? 0 : 1];
  check(node, x, steps, batch);
  const Sizes s = sizes_of(node, kind, both);
  const bool apart = kind.functions == 2 && node.integer("linear_before_reset", 0) != 0;
  const bool every = node.wants(0), states = every && (node.wants(1) || node.wants(2));
  const bool with_states = states || node.wants(2);
  std::vector<Literal> weights;
  std::vector<Json> configs;
  for (std::size_t d = 0; d < static_cast<std::size_t>(s.directions); ++d) {
    weights.push_back(columns(node.known(1, "weights"), kind, s, d, s.features, "kernel"));
    weights.push_back(columns(node.known(2, "weights"), kind, s, d, s.units, "recurrent_kernel"));
    if (node.has(3)) weights.push_back(bias_of(node.known(3, "bias"), kind, s, d, apart));
    configs.push_back(config_of(node, kind, s, d, every, with_states, apart));
  }
  std::vector<TensorRef> inputs{node.translator().shaped(x, {graph::kOpen, steps, s.features}, node.name())};
  for (const TensorRef& state : initial_states(node, s, lstm ? 2 : 1)) inputs.push_back(state);
  TensorRef made;
  if (both) {
    const auto entry = [&](const Json& config) { return Json{{"class_name", kind.layer}, {"config", config}}; };
    Json config{{"merge_mode", "concat"}, {"layer", entry(configs[0])}, {"backward_layer", entry(configs[1])}};
    config["backward_layer"]["config"]["go_backwards"] = true;
    made = node.layer("Bidirectional", config, inputs, weights);
  } else {
    configs[0]["go_backwards"] = backwards;
    made = node.layer(kind.layer, configs[0], inputs, weights);
  }
  const std::int64_t n = s.directions;
  const Shape last = batch_first ? Shape{1, n, s.units} : Shape{n, 1, s.units};
  const std::size_t per_direction = lstm ? 2 : 1;
  const auto state = [&](std::size_t which) {
    std::vector<TensorRef> parts;
    for (std::size_t d = 0; d < static_cast<std::size_t>(n); ++d)
      parts.push_back(keras::result_of(made, 1 + d * per_direction + which));
    return parts;
  };
  if (every) {
    Tensor sequence;
    sequence.ref = backwards ? node.operation("Flip", {{"x", nth(0)}, {"axis", 1}}, {made}, "/turned") : made;
    sequence.missing = !node.translator().shape_of(made);
    sequence.shape = batch_first ? Shape{1, steps, n, s.units} : Shape{steps, n, 1, s.units};
    node.give(0, sequence);
  }
  if (with_states) {
    give_states(node, 1, state(0), last);
    if (lstm) give_states(node, 2, state(1), last);
  } else {
    give_states(node, 1, {made}, last);
  }
}

}  // namespace

void translate_lstm(Node& node) { translate_recurrent(node, {"LSTM", {0, 2, 3, 1}, 3}); }
void translate_gru(Node& node) { translate_recurrent(node, {"GRU", {0, 1, 2}, 2}); }
void translate_rnn(Node& node) { translate_recurrent(node, {"SimpleRNN", {0}, 1}); }

}  // namespace signxai::onnx
