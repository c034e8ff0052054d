// `signxai explain`: inputs through methods to numbers and pictures.
#include <algorithm>
#include <cmath>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "console.h"
#include "inputs.h"
#include "ledger.h"
#include "options.h"
#include "outputs.h"
#include "pictures.h"
#include "verbs.h"

namespace signxai::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  ModelOptions model;
  MethodOptions methods;
  ComputeOptions compute;
  OutputOptions output;
  InputOptions inputs;
  TargetOptions target;
  double rate = 0;
  bool json = false, ledger = false;
};

/// Extremes and sum of one row's map.
struct Summary {
  double least = HUGE_VAL, most = -HUGE_VAL, sum = 0;
};

Summary summary_of(const TensorView& map) {
  Summary summary;
  for (std::int64_t i = 0; i < element_count(map.shape); ++i) {
    summary.least = std::min(summary.least, static_cast<double>(map.data[i]));
    summary.most = std::max(summary.most, static_cast<double>(map.data[i]));
    summary.sum += map.data[i];
  }
  return summary;
}

/// What is explained: `target` and `score`, or one of them per output under `targets`.
void describe_target(Json& entry, const std::vector<Explained>& explained) {
  for (const Explained& one : explained) {
    Json& into = explained.size() == 1 ? entry : entry["targets"][one.output];
    into["target"] = one.neuron;
    if (one.neuron >= 0) into["score"] = one.score;
  }
}

Json row_document(const Inputs& inputs, const OutputPlan& plan, const Model& model, const Explanation& explanation,
                  std::size_t row) {
  Json entry = {{"input", inputs.samples[row / rows_per_sample(explanation)].name}};
  describe_target(entry, explained_of(explanation, model.outputs(), row));
  Json maps = Json::object();
  for (std::size_t m = 0; m < explanation.maps.size(); ++m) {
    const Summary summary = summary_of(row_of(explanation, m, row));
    Json& map = maps[explanation.maps[m].name()];
    map = {{"min", summary.least}, {"max", summary.most}, {"sum", summary.sum}};
    if (!plan.files.empty() && !plan.files[row].maps.empty()) map["picture"] = plan.files[row].maps[m];
  }
  entry["maps"] = std::move(maps);
  if (!explanation.ledgers.empty()) entry["ledgers"] = ledgers_document(explanation, row);
  if (!plan.files.empty()) entry["panel"] = plan.files[row].panel;
  return entry;
}

std::size_t count_rows(const Inputs& inputs, const Explanation& explanation) {
  return inputs.samples.size() * rows_per_sample(explanation);
}

Json document_of(const Options& options, const Model& model, const Inputs& inputs, const OutputPlan& plan,
                 const Explanation& explanation) {
  Json document = {{"model", {{"file", options.model.path}, {"name", model.name()}, {"notes", model.notes()}}},
                   {"semantics", options.compute.options.semantics},
                   {"seconds", explanation.seconds},
                   {"compile_seconds", explanation.compile_seconds}};
  for (const MethodMap& map : explanation.maps) {
    document["methods"].push_back({{"name", map.name()}, {"shape", map.map.shape}, {"notes", map.notes}, {"quirks", map.quirks}});
  }
  for (std::size_t row = 0; row < count_rows(inputs, explanation); ++row) {
    document["samples"].push_back(row_document(inputs, plan, model, explanation, row));
  }
  document["raw"] = plan.raw.empty() ? Json() : Json(plan.raw);
  return document;
}

std::string text_of(const Inputs& inputs, const Model& model, const Explanation& explanation) {
  std::vector<std::vector<std::string>> rows = {{"input", "target", "score", "method", "min", "max", "sum"}};
  for (std::size_t row = 0; row < count_rows(inputs, explanation); ++row) {
    std::vector<std::string> targets, scores;
    for (const Explained& one : explained_of(explanation, model.outputs(), row)) {
      const std::string prefix = explanation.explained.size() > 1 ? one.output + ":" : "";
      targets.push_back(prefix + (one.neuron < 0 ? "all" : std::to_string(one.neuron)));
      scores.push_back(one.neuron < 0 ? "-" : short_number(one.score));
    }
    for (std::size_t m = 0; m < explanation.maps.size(); ++m) {
      const Summary summary = summary_of(row_of(explanation, m, row));
      rows.push_back({inputs.samples[row / rows_per_sample(explanation)].name, fmt::format("{}", fmt::join(targets, ",")),
                      fmt::format("{}", fmt::join(scores, ",")), explanation.maps[m].name(),
                      short_number(summary.least), short_number(summary.most), short_number(summary.sum)});
    }
  }
  return table(rows);
}

std::string ledgers_text(const Inputs& inputs, const Model& model, const Explanation& explanation) {
  std::string text;
  for (const Ledger& ledger : explanation.ledgers) {
    for (std::size_t row = 0; row < count_rows(inputs, explanation); ++row) {
      std::vector<std::string> targets;
      for (const Explained& one : explained_of(explanation, model.outputs(), row)) {
        targets.push_back(one.neuron < 0 ? "all" : std::to_string(one.neuron));
      }
      text += fmt::format("\nledger of {}, {}, target {}\n", ledger.method,
                          inputs.samples[row / rows_per_sample(explanation)].name, fmt::join(targets, ","));
      text += ledger_table(ledger, row);
    }
  }
  return text;
}

/// How many neurons of each sample get maps of their own.
std::int64_t neurons_of(const Target& target, const Model& model) {
  if (target.kind != Target::Kind::kTop && target.kind != Target::Kind::kEach) return 1;
  for (const PortInfo& port : model.outputs()) {
    if (!target.output.empty() && port.name != target.output) continue;
    const std::int64_t all = element_count(port.shape);
    return target.kind == Target::Kind::kEach ? all : std::min(all, target.count);
  }
  return 1;
}

void say_results(const OutputPlan& plan, const Explanation& explanation, bool json) {
  for (const MethodMap& map : explanation.maps) {
    for (const std::string& note : map.notes) say("note: " + map.name() + ": " + note);
    if (map.quirks.empty()) continue;
    say(fmt::format("note: {}: quirks of the reference apply: {}; `signxai compare` shows what they change", map.name(),
                    fmt::join(map.quirks, ", ")));
  }
  say(fmt::format("{} map(s), {} sample(s): {:.1f} ms (and {:.1f} ms to compile)", explanation.maps.size(),
                  explanation.targets_shape.front(), explanation.seconds * 1e3, explanation.compile_seconds * 1e3));
  if (!plan.raw.empty()) say("raw maps: " + plan.raw);
  if (!plan.folder.empty()) say("pictures in " + plan.folder);
  if (plan.folder.empty() && !plan.files.empty()) say("picture: " + plan.files.front().panel);
  if (plan.raw.empty() && plan.files.empty() && !json)
    say("note: no map was kept; -o draws pictures, --raw keeps numbers");
}

void run(const Options& options) {
  std::vector<MethodRequest> requests = options.methods.requests();
  for (MethodRequest& request : requests) request.ledger = options.ledger;
  const Model model = options.model.load();
  say_notes(model.notes());
  const Explainer explainer(model, options.compute.options);
  const Target target = options.target.parse(model);
  const Inputs inputs = read_inputs(options.inputs, model);
  const OutputPlan plan = plan_outputs(options.output, inputs, explainer.map_names(requests), neurons_of(target, model));
  const Explanation explanation = explainer.explain(inputs.views(), requests, target);
  write_raw(plan, explanation);
  if (!plan.files.empty()) write_pictures(plan, Painter(inputs, explanation, model.outputs(), options.rate));
  say_results(plan, explanation, options.json);
  if (options.json) {
    print_json(document_of(options, model, inputs, plan, explanation));
  } else {
    print(text_of(inputs, model, explanation) + ledgers_text(inputs, model, explanation));
  }
}

}  // namespace

Action add_explain(CLI::App& verb) {
  const auto options = std::make_shared<Options>();
  options->model.add_to(verb);
  options->inputs.add_to(verb);
  options->methods.add_to(verb, true);
  options->target.add_to(verb);
  verb.add_option("-o,--output", options->output.pictures, "Folder for pictures, or a .png file for one input's panel");
  verb.add_option("--raw", options->output.raw, "File .npz for the maps: an array per method, and targets");
  verb.add_option("--rate", options->rate, "Sampling rate of series in Hz, for the time axis")
      ->check(CLI::NonNegativeNumber);
  verb.add_flag("--ledger", options->ledger,
                "Per layer: relevance in and out, and what bias and stabiliser absorb (LRP and gradient methods)");
  verb.add_flag("--json", options->json, "Print one JSON document instead of a table");
  verb.add_flag("--force", options->output.overwrite, "Replace existing files");
  options->compute.add_to(verb);
  return [options] { run(*options); };
}

}  // namespace signxai::cli
