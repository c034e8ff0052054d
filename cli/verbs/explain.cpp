// `signxai explain`: inputs through methods to numbers and pictures.
#include <algorithm>
#include <memory>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "chunks.h"
#include "console.h"
#include "inputs.h"
#include "options.h"
#include "outputs.h"
#include "pictures.h"
#include "report.h"
#include "verbs.h"

namespace signxai::cli {
namespace {

using Json = nlohmann::ordered_json;

struct ExplainOptions {
  ModelOptions model;
  MethodOptions methods;
  ComputeOptions compute;
  OutputOptions output;
  PictureOptions pictures;
  InputOptions inputs;
  TargetOptions target;
  bool json = false, ledger = false;
};

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

/// The hashes of the model's files are computed when there is something to keep them in.
Provenance provenance_of(const ExplainOptions& options, const Explainer& explainer,
                         const std::vector<MethodRequest>& requests, const InputStream& inputs) {
  const bool kept = options.json || !options.output.raw.empty() || !options.output.pictures.empty();
  if (!kept) return {};
  return {explainer, options.compute.options, requests, options.target.text, inputs.preprocessing()};
}

Json document_of(const ExplainOptions& options, const Model& model, const OutputPlan& plan, const Report& report,
                 const Provenance& provenance) {
  Json document = {{"model", {{"file", options.model.path}, {"name", model.name()}, {"notes", model.notes()}}},
                   {"semantics", options.compute.options.semantics}};
  document.update(report.document());
  document["raw"] = plan.raw.empty() ? Json() : Json(plan.raw);
  document["provenance"] = provenance.document();
  return document;
}

void say_results(const OutputPlan& plan, const Report& report, std::size_t samples, std::size_t maps, bool json) {
  report.say_notes();
  say(fmt::format("{} map(s), {} sample(s): {:.1f} ms (and {:.1f} ms to compile)", maps, samples,
                  report.seconds() * 1e3, report.compile_seconds() * 1e3));
  if (!plan.raw.empty()) say("raw maps: " + plan.raw);
  if (!plan.folder.empty()) say("pictures in " + plan.folder);
  if (plan.folder.empty() && !plan.files.empty()) say("picture: " + plan.files.front().panel);
  if (plan.raw.empty() && plan.files.empty() && !json)
    say("note: no map was kept; -o draws pictures, --raw keeps numbers");
}

std::vector<std::string> names_of(const std::vector<Sample>& samples) {
  std::vector<std::string> names;
  for (const Sample& sample : samples) names.push_back(sample.name);
  return names;
}

/// What all chunks of a call share.
struct Call {
  const ExplainOptions& options;
  const std::vector<MethodRequest>& requests;
  const Explainer& explainer;
  const Target& target;
  InputStream& inputs;
  const OutputPlan& plan;
  const Provenance& provenance;
  const Vocabulary& vocabulary;

  void run(Report& report) {
    const auto samples = static_cast<std::int64_t>(inputs.size());
    target_part(target, 0, samples, samples);
    for (const Shape& shape : inputs.shapes()) {
      if (!plan.files.empty()) check_drawable(shape);
    }
    RawOutput raw(plan.raw, plan.overwrite, provenance, names_of(inputs.samples()));
    PictureOutput pictures(plan, provenance);
    const std::int64_t chunk = explainer.chunk(inputs.shapes(), requests, target, samples);
    for_each_chunk(inputs, chunk, [&](const Inputs& part, std::int64_t first, const Progress& progress) {
      const auto count = static_cast<std::int64_t>(part.samples.size());
      const Explanation explanation =
          explainer.explain(part.views(), requests, target_part(target, first, count, samples), progress);
      raw.add(raw_arrays(explanation, provenance));
      const std::size_t first_row = report.rows();
      report.add(part, explanation);
      if (plan.files.empty()) return;
      const Painter painter(part, explanation, explainer.model().outputs(), options.pictures, vocabulary);
      pictures.add(painter, report.rows() - first_row, first_row);
    });
    raw.commit();
    pictures.keep();
  }
};

int run_explain(const ExplainOptions& options) {
  std::vector<MethodRequest> requests = options.methods.requests();
  for (MethodRequest& request : requests) request.ledger = options.ledger;
  const Model model = options.model.load();
  say_notes(model.notes());
  const Vocabulary vocabulary = options.pictures.vocabulary(model.inputs());
  const Target target = options.target.parse(model);
  InputStream inputs(options.inputs, model);
  const Explainer explainer(model, options.compute.options_for(inputs.size()));
  requests = options.methods.fitting(std::move(requests), explainer, inputs.shapes());
  OutputOptions output = options.output;
  output.format = options.pictures.format;
  const std::vector<std::string> maps = explainer.map_names(requests);
  const OutputPlan plan = plan_outputs(output, inputs.samples(), maps, neurons_of(target, model));
  const Provenance provenance = provenance_of(options, explainer, requests, inputs);
  Report report(model, plan, {vocabulary, options.pictures.style(), stdout_has_colors()}, options.json);
  Call{options, requests, explainer, target, inputs, plan, provenance, vocabulary}.run(report);
  say_results(plan, report, inputs.size(), maps.size(), options.json);
  options.json ? print_json(document_of(options, model, plan, report, provenance)) : print(report.text());
  return 0;
}

}  // namespace

Action add_explain(CLI::App& verb, const Additions& additions) {
  const auto options = std::make_shared<ExplainOptions>();
  options->model.add_to(verb);
  options->inputs.add_to(verb);
  options->methods.add_to(verb, true, additions);
  options->target.add_to(verb);
  verb.add_option("-o,--output", options->output.pictures,
                  "Folder for pictures, or a .png, .pdf, .svg or .html file for one input's panel");
  verb.add_option("--raw", options->output.raw,
                  "File .npz, .npy or .h5 for the maps: an array per method, and targets");
  verb.add_flag("--ledger", options->ledger,
                "Per layer: relevance in and out, and what bias and stabiliser absorb (LRP and gradient methods)");
  verb.add_flag("--json", options->json, "Print one JSON document instead of a table");
  verb.add_flag("--force", options->output.overwrite, "Replace existing files");
  options->pictures.add_to(verb);
  options->compute.add_to(verb);
  options->compute.options.extensions = additions;
  return [options] { return run_explain(*options); };
}

}  // namespace signxai::cli
