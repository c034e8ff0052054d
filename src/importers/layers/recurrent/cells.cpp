// The cells of LSTM, GRU and SimpleRNN, and cells on top of each other. Gates stand in Keras's order: i, f, g, o and z,
// r, h.
#include <memory>

#include "graph/ops/slicing.h"
#include "importers/layers/recurrent/cell.h"

namespace signxai::keras {
namespace {

using graph::Builder;
using graph::Ints;
using graph::Literal;
using graph::Value;

/// Columns of a matrix. Weights are cut here and not by nodes, which would run at every step.
Literal columns(const Literal& matrix, std::int64_t begin, std::int64_t end) {
  const std::int64_t rows = matrix.shape()[0], width = matrix.shape()[1];
  std::vector<float> numbers;
  for (std::int64_t r = 0; r < rows; ++r) {
    numbers.insert(numbers.end(), matrix.data() + r * width + begin, matrix.data() + r * width + end);
  }
  return Literal({rows, end - begin}, std::move(numbers));
}

Literal row(const Literal& matrix, std::int64_t index) {
  const std::int64_t width = matrix.shape()[1];
  const float* begin = matrix.data() + index * width;
  return Literal({width}, std::vector<float>(begin, begin + width));
}

Value product(Builder& b, Value x, const Literal& matrix) { return b.make("matmul", {x, b.constant(matrix)}); }

/// x kernel + bias for every gate.
std::function<Value(Builder&, Value)> projection(const Literal& kernel, const std::optional<Literal>& bias) {
  return [=](Builder& b, Value x) {
    const Value z = product(b, x, kernel);
    return bias ? b.add(z, b.constant(*bias)) : z;
  };
}

/// The weights of a cell with so many gates.
struct Weights {
  Weights(LayerContext& context, std::int64_t features, std::int64_t gates)
      : units(context.config().positive("units")),
        has_bias(context.config().flag("use_bias", true)),
        kernel(context.noted("kernel", {features, gates * units})),
        recurrent(context.noted("recurrent_kernel", {units, gates * units})) {}

  std::int64_t units;
  bool has_bias;
  Literal kernel, recurrent;
};

Cell with_projection(Cell cell, const Literal& kernel, const std::optional<Literal>& bias) {
  cell.project = projection(kernel, bias);
  cell.project_all = cell.project;
  return cell;
}

std::optional<Literal> plain_bias(LayerContext& context, const Weights& w, std::int64_t gates) {
  if (!w.has_bias) return std::nullopt;
  return context.noted("bias", {gates * w.units});
}

/// Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000.
Cell lstm_cell(LayerContext& context, std::int64_t features) {
  const Weights w(context, features, 4);
  const Function activation = activation_function(context, "activation");
  const Function recurrent = activation_function(context, "recurrent_activation");
  Cell cell;
  cell.widths = {w.units, w.units};
  cell.step = [=](Builder& b, Value projected, const Values& states) {
    const Value gates = b.add(projected, product(b, states[0], w.recurrent));
    return lstm_states(b, gates, states[1], w.units, activation, recurrent);
  };
  return with_projection(std::move(cell), w.kernel, plain_bias(context, w, 4));
}

Cell simple_cell(LayerContext& context, std::int64_t features) {
  const Weights w(context, features, 1);
  const Function activation = activation_function(context, "activation");
  Cell cell;
  cell.widths = {w.units};
  cell.step = [=](Builder& b, Value projected, const Values& states) {
    return Values{activation(b, b.add(projected, product(b, states[0], w.recurrent)))};
  };
  return with_projection(std::move(cell), w.kernel, plain_bias(context, w, 1));
}

/// h' = z h + (1 - z) candidate
Value gated(Builder& b, Value z, Value h, Value candidate) {
  return b.add(b.mul(z, h), b.mul(b.sub(b.constant(1.0), z), candidate));
}

/// Cho et al. 2014: the reset gate acts on the state before its product.
Cell gru_cell_before(LayerContext& context, const Weights& w) {
  const Function activation = activation_function(context, "activation");
  const Function recurrent = activation_function(context, "recurrent_activation");
  const std::int64_t u = w.units;
  const Literal gates = columns(w.recurrent, 0, 2 * u), candidate = columns(w.recurrent, 2 * u, 3 * u);
  Cell cell;
  cell.widths = {u};
  cell.step = [=](Builder& b, Value projected, const Values& states) {
    const Value h = states[0];
    const Value zr = b.add(take_last(b, projected, 0, 2 * u), product(b, h, gates));
    const Value kept = b.mul(recurrent(b, take_last(b, zr, u, 2 * u)), h);
    const Value sum = b.add(take_last(b, projected, 2 * u, 3 * u), product(b, kept, candidate));
    return Values{gated(b, recurrent(b, take_last(b, zr, 0, u)), h, activation(b, sum))};
  };
  return with_projection(std::move(cell), w.kernel, plain_bias(context, w, 3));
}

/// The form of cuDNN: the reset gate acts on the product, which has a bias of its own.
Cell gru_cell_after(LayerContext& context, const Weights& w) {
  const Function activation = activation_function(context, "activation");
  const Function recurrent = activation_function(context, "recurrent_activation");
  const std::int64_t u = w.units;
  std::optional<Literal> outer, inner;
  if (w.has_bias) {
    const Literal both = context.noted("bias", {2, 3 * u});
    outer = row(both, 0), inner = row(both, 1);
  }
  Cell cell;
  cell.widths = {u};
  cell.step = [=](Builder& b, Value projected, const Values& states) {
    const Value h = states[0];
    Value from_state = product(b, h, w.recurrent);
    if (inner) from_state = b.add(from_state, b.constant(*inner));
    const Value zr = b.add(take_last(b, projected, 0, 2 * u), take_last(b, from_state, 0, 2 * u));
    const Value kept = b.mul(recurrent(b, take_last(b, zr, u, 2 * u)), take_last(b, from_state, 2 * u, 3 * u));
    const Value candidate = activation(b, b.add(take_last(b, projected, 2 * u, 3 * u), kept));
    return Values{gated(b, recurrent(b, take_last(b, zr, 0, u)), h, candidate)};
  };
  return with_projection(std::move(cell), w.kernel, outer);
}

/// Configurations from before Keras had a choice lack the key.
Cell gru_cell(LayerContext& context, std::int64_t features) {
  const Weights w(context, features, 3);
  return context.config().flag("reset_after", false) ? gru_cell_after(context, w) : gru_cell_before(context, w);
}

/// Each cell takes the output of the one below it; only the lowest one's projection can be made of all steps at once.
Cell stacked_cell(LayerContext& context, std::int64_t features) {
  const Json* entries = as_list(context.config().at("cells"));
  if (!entries || entries->empty()) context.config().wrong("cells", "a list of cells");
  auto cells = std::make_shared<std::vector<Cell>>();
  Cell whole;
  for (const Json& entry : *entries) {
    cells->push_back(make_cell(context, entry, features));
    const Cell& cell = cells->back();
    whole.output = whole.widths.size() + cell.output;
    whole.widths.insert(whole.widths.end(), cell.widths.begin(), cell.widths.end());
    features = cell.widths[cell.output];
  }
  whole.project = cells->front().project;
  whole.project_all = cells->front().project_all;
  whole.step = [cells](Builder& b, Value projected, const Values& states) {
    Values next;
    Value below;
    for (const Cell& cell : *cells) {
      const auto begin = states.begin() + static_cast<std::ptrdiff_t>(next.size());
      const Values own(begin, begin + static_cast<std::ptrdiff_t>(cell.widths.size()));
      const Values made = cell.step(b, below ? cell.project(b, below) : projected, own);
      below = made[cell.output];
      next.insert(next.end(), made.begin(), made.end());
    }
    return next;
  };
  return whole;
}

}  // namespace

Function activation_function(const LayerContext& context, const char* key) {
  const Activation activation = resolve_activation(context.config().find(key), context.config());
  if (activation.def->apply) {
    return [=](Builder& b, Value x) { return activation.def->apply(b, x, activation.parameters); };
  }
  return [kind = *activation.def->head](Builder& b, Value x) {
    return make_head(b, x, {kind, static_cast<std::int64_t>(b.shape(x).size()) - 1, ""});
  };
}

Value take_last(Builder& b, Value value, std::int64_t begin, std::int64_t end) {
  const std::size_t rank = b.shape(value).size();
  if (b.shape(value).back() == end - begin) return value;
  Ints from(rank, 0), to(rank, graph::kToEnd);
  from.back() = begin, to.back() = end;
  return b.make("slice", {value}, {{"begin", std::move(from)}, {"end", std::move(to)}});
}

Values lstm_states(Builder& b, Value gates, Value c, std::int64_t units, const Function& activation,
                   const Function& recurrent) {
  const auto gate = [&](std::int64_t i) { return take_last(b, gates, i * units, (i + 1) * units); };
  const Value kept = b.mul(recurrent(b, gate(1)), c);
  const Value next = b.add(kept, b.mul(recurrent(b, gate(0)), activation(b, gate(2))));
  return {b.mul(recurrent(b, gate(3)), activation(b, next)), next};
}

Cell make_cell(LayerContext& context, const std::string& class_name, std::int64_t features) {
  if (class_name == "LSTMCell") return lstm_cell(context, features);
  if (class_name == "GRUCell") return gru_cell(context, features);
  if (class_name == "SimpleRNNCell") return simple_cell(context, features);
  if (class_name == "StackedRNNCells") return stacked_cell(context, features);
  context.refuse("cells of this class are not supported; supported: LSTMCell, GRUCell, SimpleRNNCell, StackedRNNCells");
}

Cell make_cell(LayerContext& context, const Json& entry, std::int64_t features) {
  const Config form(entry, context.subject(), context.config().keras());
  const std::string class_name = form.text("class_name");
  const Config config(form.at("config"), context.subject(), context.config().keras());
  LayerContext inner = context.inner_context(config, class_name, context.builder(), {});
  inner.refuse_foreign(entry);
  Cell cell = make_cell(inner, class_name, features);
  context.close_inner(inner);
  return cell;
}

}  // namespace signxai::keras
