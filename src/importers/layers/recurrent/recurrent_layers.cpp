// LSTM, GRU, SimpleRNN, RNN and ConvLSTM: which cell, which way, and what of it is the layer's output.
#include <algorithm>

#include "importers/layers/importers.h"
#include "importers/layers/recurrent/recurrence.h"

namespace signxai::keras {
namespace {

using graph::Builder;
using graph::Ints;
using graph::Value;

struct Kind {
  std::string_view layer, cell;
  std::size_t spatial = 0;
};

constexpr Kind kKinds[] = {
    {"ConvLSTM1D", "", 1}, {"ConvLSTM2D", "", 2},      {"ConvLSTM3D", "", 3},          {"GRU", "GRUCell"},
    {"LSTM", "LSTMCell"},  {"RNN", "StackedRNNCells"}, {"SimpleRNN", "SimpleRNNCell"},
};

const Kind* find_kind(const std::string& class_name) {
  const auto it =
      std::find_if(std::begin(kKinds), std::end(kKinds), [&](const Kind& k) { return k.layer == class_name; });
  return it == std::end(kKinds) ? nullptr : it;
}

/// Moves the channels of [N, (T,) C, space] behind the space, or back.
Value move_channels(Builder& b, Value value, std::int64_t lead, bool to_last) {
  Ints perm;
  const auto rank = static_cast<std::int64_t>(b.shape(value).size());
  for (std::int64_t i = 0; i < rank; ++i) perm.push_back(i);
  if (to_last) {
    std::rotate(perm.begin() + lead, perm.begin() + lead + 1, perm.end());
  } else {
    std::rotate(perm.begin() + lead, perm.end() - 1, perm.end());
  }
  return b.make("transpose", {value}, {{"perm", perm}});
}

void check_arguments(LayerContext& context) {
  const Config& config = context.config();
  if (config.flag("time_major", false)) {
    context.refuse("has its steps before the batch (time_major=True); supported is the batch first");
  }
  if (config.has("num_constants")) context.refuse("is called with constants, which are not supported");
  if (config.flag("stateful", false)) {
    context.note("keeps its state from call to call (stateful); it is computed as in a first call, from zeros");
  }
}

void check_rank(LayerContext& context, Value x, std::size_t rank) {
  if (context.shape(x).size() == rank) return;
  context.corrupt("the input has the wrong number of axes; got " + signxai::to_string(context.shape(x)) +
                  ", expected " + std::to_string(rank) + " with batch and steps");
}

Cell cell_of(LayerContext& context, const Kind& kind, Value x) {
  if (kind.spatial > 0) return make_conv_cell(context, kind.spatial, x);
  const std::int64_t features = context.known_extent(x, 2);
  if (kind.layer != "RNN") return make_cell(context, std::string(kind.cell), features);
  return make_cell(context, context.config().at("cell"), features);
}

/// Where Keras 2 unrolls the loop and runs backwards, it sets outputs to 0 by the mask in the order of the steps, not
/// in its own.
Value zeroed_as_unrolled(LayerContext& context, Value sequence, Value mask) {
  Builder& b = context.builder();
  Shape aligned(context.shape(sequence).size(), 1);
  aligned[0] = aligned[1] = 0;
  return b.select(b.reshape(reverse_steps(b, mask), aligned), sequence, b.constant(0.0));
}

LayerResult import_recurrent(LayerContext& context, const char* class_name) {
  const Course course = course_of(context);
  const Recurrent run = run_layer(context, class_name, context.inputs().front(), course);
  LayerResult result = LayerResult::plain(run.outcome.last);
  if (run.every_step) {
    const Value sequence = run.outcome.sequence;
    result = LayerResult::plain(run.backwards ? reverse_steps(context.builder(), sequence) : sequence);
    result.masks = {context.mask()};
  }
  if (run.with_states) result.more = run.outcome.states;
  const bool named = std::string_view(class_name) != "RNN";
  const Activation activation = resolve_activation(context.config().find("activation"), context.config());
  if (named && activation.def->name != "linear") result.activation = std::string(activation.def->name);
  return result;
}

}  // namespace

Course course_of(const LayerContext& context) {
  Course course;
  const Values& inputs = context.inputs();
  if (inputs.empty()) context.corrupt("got no input");
  course.initial.assign(inputs.begin() + 1, inputs.end());
  const bool ignored = context.config().keras() == 3 && !course.initial.empty() && !context.mask_given();
  if (!ignored) course.mask = context.mask();
  return course;
}

Recurrent run_layer(LayerContext& context, const std::string& class_name, Value x, Course course) {
  const Kind* kind = find_kind(class_name);
  if (!kind) context.refuse("is no recurrent layer of Keras; supported: LSTM, GRU, SimpleRNN, RNN, ConvLSTM1D, 2D, 3D");
  check_arguments(context);
  check_rank(context, x, 3 + kind->spatial);
  const Config& config = context.config();
  Recurrent run;
  run.backwards = course.backwards = config.flag("go_backwards", false) != course.backwards;
  run.every_step = course.every_step = config.flag("return_sequences", false);
  run.with_states = config.flag("return_state", false);
  if (!course.zero_masked) course.zero_masked = config.flag("zero_output_for_mask", false);
  const bool first = kind->spatial > 0 && channels_first(context);
  Builder& b = context.builder();
  if (first) x = move_channels(b, x, 2, true);
  for (Value& state : course.initial) state = first ? move_channels(b, state, 1, true) : state;
  const bool unrolled = config.keras() == 2 && config.flag("unroll", false) && run.backwards && run.every_step &&
                        course.mask && *course.zero_masked;
  if (unrolled) course.zero_masked = false;
  const Cell cell = cell_of(context, *kind, x);
  run.outcome = run_cell(context, cell, x, course);
  if (unrolled) run.outcome.sequence = zeroed_as_unrolled(context, run.outcome.sequence, course.mask);
  if (!first) return run;
  run.outcome.last = move_channels(b, run.outcome.last, 1, false);
  for (Value& state : run.outcome.states) state = move_channels(b, state, 1, false);
  if (run.every_step) run.outcome.sequence = move_channels(b, run.outcome.sequence, 2, false);
  return run;
}

LayerResult import_conv_lstm1d(LayerContext& context) { return import_recurrent(context, "ConvLSTM1D"); }
LayerResult import_conv_lstm2d(LayerContext& context) { return import_recurrent(context, "ConvLSTM2D"); }
LayerResult import_conv_lstm3d(LayerContext& context) { return import_recurrent(context, "ConvLSTM3D"); }
LayerResult import_gru(LayerContext& context) { return import_recurrent(context, "GRU"); }
LayerResult import_lstm(LayerContext& context) { return import_recurrent(context, "LSTM"); }
LayerResult import_rnn(LayerContext& context) { return import_recurrent(context, "RNN"); }
LayerResult import_simple_rnn(LayerContext& context) { return import_recurrent(context, "SimpleRNN"); }

}  // namespace signxai::keras
