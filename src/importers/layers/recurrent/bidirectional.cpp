// Bidirectional: a recurrent layer and its mirror image over the same sequence, merged step by step.
#include "importers/layers/importers.h"
#include "importers/layers/recurrent/recurrence.h"

namespace signxai::keras {
namespace {

using graph::Builder;
using graph::Value;

/// One direction: the layer's entry, and whether it runs against the direction that the entry has.
Recurrent run_direction(LayerContext& context, const Json& entry, bool mirrored, Course course) {
  const Config form(entry, context.subject(), context.config().keras());
  const std::string class_name = form.text("class_name");
  const Config config(form.at("config"), context.subject(), context.config().keras());
  const Value x = context.inputs().front();
  LayerContext inner = context.inner_context(config, class_name, context.builder(), {x});
  inner.refuse_foreign(entry);
  course.backwards = mirrored;
  // Keras has it so whatever the inner layer says: a masked step gives 0.
  course.zero_masked = config.flag("return_sequences", false);
  const Recurrent run = run_layer(inner, class_name, x, std::move(course));
  context.close_inner(inner);
  return run;
}

Value merged(LayerContext& context, const std::string& mode, Value forward, Value backward) {
  Builder& b = context.builder();
  if (mode == "sum") return b.add(forward, backward);
  if (mode == "mul") return b.mul(forward, backward);
  if (mode == "ave") return b.mul(b.add(forward, backward), b.constant(0.5));
  const auto last = static_cast<std::int64_t>(context.shape(forward).size()) - 1;
  return b.make("concat", {forward, backward}, {{"axis", last}});
}

/// The output in the order of the first direction's steps: the second one runs the other way and is turned round.
Value output_of(LayerContext& context, const Recurrent& run, bool turned) {
  if (!run.every_step) return run.outcome.last;
  return run.backwards == turned ? run.outcome.sequence : reverse_steps(context.builder(), run.outcome.sequence);
}

}  // namespace

LayerResult import_bidirectional(LayerContext& context) {
  const Config& config = context.config();
  if (config.has("num_constants")) context.refuse("is called with constants, which are not supported");
  const bool separate = !config.has("merge_mode");  // null: two outputs
  const std::string mode = separate ? "" : config.choice("merge_mode", {"concat", "sum", "ave", "mul"}, "concat");
  Course course = course_of(context), other = course;
  const auto half = static_cast<std::ptrdiff_t>(course.initial.size() / 2);
  other.initial.erase(other.initial.begin(), other.initial.begin() + half);
  course.initial.erase(course.initial.begin() + half, course.initial.end());
  const bool own = config.has("backward_layer");
  const Recurrent forward = run_direction(context, config.at("layer"), false, course);
  const Recurrent backward = run_direction(context, config.at(own ? "backward_layer" : "layer"), !own, other);
  if (forward.every_step != backward.every_step || forward.with_states != backward.with_states) {
    context.corrupt("its two layers have different outputs");
  }
  const Value y = output_of(context, forward, false), mirrored = output_of(context, backward, true);
  LayerResult result = LayerResult::plain(separate ? y : merged(context, mode, y, mirrored));
  if (separate) result.more.push_back(mirrored);
  if (forward.with_states) {
    for (const Recurrent* run : {&forward, &backward}) {
      result.more.insert(result.more.end(), run->outcome.states.begin(), run->outcome.states.end());
    }
  }
  if (forward.every_step) result.masks.assign(separate ? 2 : 1, context.mask());
  return result;
}

}  // namespace signxai::keras
