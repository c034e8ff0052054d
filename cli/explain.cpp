// `signxai explain`: inputs through methods to numbers and pictures.
#include <algorithm>
#include <cmath>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "console.h"
#include "inputs.h"
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
  std::vector<std::string> inputs;
  std::string target = "max", preprocess;
  double rate = 0;
  bool json = false;
};

/// Extremes and sum of one sample's map.
struct Summary {
  double least = HUGE_VAL, most = -HUGE_VAL, sum = 0;
};

Summary summary_of(const Tensor& map, std::size_t sample) {
  const auto size = map.data.size() / static_cast<std::size_t>(map.shape.front());
  Summary summary;
  for (std::size_t i = sample * size; i < (sample + 1) * size; ++i) {
    summary.least = std::min(summary.least, static_cast<double>(map.data[i]));
    summary.most = std::max(summary.most, static_cast<double>(map.data[i]));
    summary.sum += map.data[i];
  }
  return summary;
}

Json sample_document(const Inputs& inputs, const OutputPlan& plan, const Explanation& explanation, std::size_t sample) {
  Json entry = {{"input", inputs.samples[sample].name}, {"target", explanation.targets[sample]}};
  if (explanation.targets[sample] >= 0) entry["score"] = target_score(explanation, sample);
  Json maps = Json::object();
  for (std::size_t m = 0; m < explanation.maps.size(); ++m) {
    const Summary summary = summary_of(explanation.maps[m].map, sample);
    Json& map = maps[explanation.maps[m].method];
    map = {{"min", summary.least}, {"max", summary.most}, {"sum", summary.sum}};
    if (!plan.files.empty() && !plan.files[sample].maps.empty()) map["picture"] = plan.files[sample].maps[m];
  }
  entry["maps"] = std::move(maps);
  if (!plan.files.empty()) entry["panel"] = plan.files[sample].panel;
  return entry;
}

Json document_of(const Options& options, const Model& model, const Inputs& inputs, const OutputPlan& plan,
                 const Explanation& explanation) {
  Json document = {{"model", {{"file", options.model.path}, {"name", model.name()}, {"notes", model.notes()}}},
                   {"seconds", explanation.seconds},
                   {"compile_seconds", explanation.compile_seconds}};
  for (const MethodMap& map : explanation.maps) {
    document["methods"].push_back({{"name", map.method}, {"shape", map.map.shape}, {"notes", map.notes}});
  }
  for (std::size_t s = 0; s < inputs.samples.size(); ++s) {
    document["samples"].push_back(sample_document(inputs, plan, explanation, s));
  }
  document["raw"] = plan.raw.empty() ? Json() : Json(plan.raw);
  return document;
}

std::string text_of(const Inputs& inputs, const Explanation& explanation) {
  std::vector<std::vector<std::string>> rows = {{"input", "target", "score", "method", "min", "max", "sum"}};
  for (std::size_t s = 0; s < inputs.samples.size(); ++s) {
    const std::int64_t target = explanation.targets[s];
    for (const MethodMap& map : explanation.maps) {
      const Summary summary = summary_of(map.map, s);
      rows.push_back({inputs.samples[s].name, target < 0 ? "all" : std::to_string(target),
                      target < 0 ? "-" : short_number(target_score(explanation, s)), map.method,
                      short_number(summary.least), short_number(summary.most), short_number(summary.sum)});
    }
  }
  return table(rows);
}

void say_results(const OutputPlan& plan, const Explanation& explanation, bool json) {
  for (const MethodMap& map : explanation.maps) {
    for (const std::string& note : map.notes) say("note: " + map.method + ": " + note);
  }
  say(fmt::format("{} method(s), {} sample(s): {:.1f} ms (and {:.1f} ms to compile)", explanation.maps.size(),
                  explanation.targets.size(), explanation.seconds * 1e3, explanation.compile_seconds * 1e3));
  if (!plan.raw.empty()) say("raw maps: " + plan.raw);
  if (!plan.folder.empty()) say("pictures in " + plan.folder);
  if (plan.folder.empty() && !plan.files.empty()) say("picture: " + plan.files.front().panel);
  if (plan.raw.empty() && plan.files.empty() && !json)
    say("note: no map was kept; -o draws pictures, --raw keeps numbers");
}

void run(const Options& options) {
  const std::vector<MethodRequest> requests = options.methods.requests();
  const Target target = parse_target(options.target);
  const Model model = options.model.load();
  say_notes(model.notes());
  const Explainer explainer(model, options.compute.options);
  const Inputs inputs = read_inputs(options.inputs, options.preprocess, model.sample_shape());
  const OutputPlan plan = plan_outputs(options.output, inputs, requests);
  const Explanation explanation = explainer.explain(inputs.values, requests, target);
  write_raw(plan, explanation);
  if (!plan.files.empty()) write_pictures(plan, Painter(inputs, explanation, options.rate));
  say_results(plan, explanation, options.json);
  if (options.json) {
    print_json(document_of(options, model, inputs, plan, explanation));
  } else {
    print(text_of(inputs, explanation));
  }
}

}  // namespace

Action add_explain(CLI::App& verb) {
  const auto options = std::make_shared<Options>();
  options->model.add_to(verb);
  verb.add_option("INPUT", options->inputs,
                  "PNG, JPEG, .npy, .npz (FILE.npz:NAME) or .csv; together they form one batch")
      ->required();
  options->methods.add_to(verb, true);
  verb.add_option("--target", options->target, "Output to explain: max, all, an index, or one index per sample (3,1,4)")
      ->capture_default_str();
  verb.add_option("--preprocess", options->preprocess,
                  "For pictures: none (0..255), unit (0..1), vgg16, or a JSON file");
  verb.add_option("-o,--output", options->output.pictures, "Folder for pictures, or a .png file for one input's panel");
  verb.add_option("--raw", options->output.raw, "File .npz for the maps: an array per method, and targets");
  verb.add_option("--rate", options->rate, "Sampling rate of series in Hz, for the time axis")
      ->check(CLI::NonNegativeNumber);
  verb.add_flag("--json", options->json, "Print one JSON document instead of a table");
  verb.add_flag("--force", options->output.overwrite, "Replace existing files");
  options->compute.add_to(verb);
  return [options] { run(*options); };
}

}  // namespace signxai::cli
