// `signxai predict`: what the network returns.
#include <algorithm>
#include <memory>
#include <numeric>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "chunks.h"
#include "console.h"
#include "inputs.h"
#include "options.h"
#include "outputs.h"
#include "verbs.h"

namespace signxai::cli {
namespace {

using Json = nlohmann::ordered_json;

struct PredictOptions {
  ModelOptions model;
  ComputeOptions compute;
  InputOptions inputs;
  std::string raw;
  std::size_t top = 5;
  bool json = false, force = false;
};

struct Score {
  std::size_t index;
  float value;
};

/// The largest outputs of a sample, best first.
std::vector<Score> best_of(const Tensor& outputs, std::size_t sample, std::size_t top) {
  const auto size = outputs.data.size() / static_cast<std::size_t>(outputs.shape.front());
  const float* row = outputs.data.data() + sample * size;
  std::vector<std::size_t> order(size);
  std::iota(order.begin(), order.end(), 0);
  const std::size_t count = std::min(top, size);
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(),
                    [row](std::size_t a, std::size_t b) { return row[a] != row[b] ? row[a] > row[b] : a < b; });
  std::vector<Score> best;
  for (std::size_t i = 0; i < count; ++i) best.push_back({order[i], row[order[i]]});
  return best;
}

/// The output of one sample, as `best` and `outputs`.
void describe_sample(Json& entry, const Tensor& outputs, std::size_t sample, std::size_t top) {
  for (const Score& score : best_of(outputs, sample, top))
    entry["best"].push_back({{"class", score.index}, {"score", score.value}});
  const auto size = outputs.data.size() / static_cast<std::size_t>(outputs.shape.front());
  const auto first = outputs.data.begin() + static_cast<std::ptrdiff_t>(sample * size);
  entry["outputs"] = std::vector<float>(first, first + static_cast<std::ptrdiff_t>(size));
}

/// What is printed, filled chunk by chunk.
struct Printed {
  Json shapes;  ///< `shape`, or `shapes` by output
  Json samples = Json::array();
  std::vector<std::vector<std::string>> rows = {{"input", "class", "score"}};
};

void add_sample(Printed& printed, const PredictOptions& options, const std::vector<PortInfo>& ports,
                const std::string& input, const std::vector<Tensor>& outputs, std::size_t sample) {
  Json entry = {{"input", input}};
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (options.json)
      describe_sample(outputs.size() == 1 ? entry : entry[ports[i].name], outputs[i], sample, options.top);
    const std::string prefix = outputs.size() > 1 ? ports[i].name + ":" : "";
    for (const Score& score : best_of(outputs[i], sample, options.json ? 0 : options.top)) {
      printed.rows.push_back({input, prefix + std::to_string(score.index), short_number(score.value)});
    }
  }
  if (options.json) printed.samples.push_back(std::move(entry));
}

/// A network of one output has `shape`, `best` and `outputs` at the top; several stand under their names.
Json document_of(const PredictOptions& options, const Model& model, const Printed& printed,
                 const Provenance& provenance) {
  Json document = {{"model", {{"file", options.model.path}, {"name", model.name()}, {"notes", model.notes()}}}};
  document.update(printed.shapes);
  document["samples"] = printed.samples;
  document["raw"] = options.raw.empty() ? Json() : Json(options.raw);
  document["provenance"] = provenance.document();
  return document;
}

/// One array "outputs", or one per output under its name.
std::vector<RawArray> raw_arrays(const std::vector<PortInfo>& ports, const std::vector<Tensor>& outputs) {
  std::vector<RawArray> arrays;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    arrays.push_back(
        {outputs.size() == 1 ? "outputs" : ports[i].name, outputs[i].shape, outputs[i].data.data(), nullptr});
  }
  return arrays;
}

Json shapes_of(const std::vector<PortInfo>& ports, const std::vector<Tensor>& outputs, std::size_t samples) {
  Json document;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    Shape shape = outputs[i].shape;
    shape.front() = static_cast<std::int64_t>(samples);
    (outputs.size() == 1 ? document["shape"] : document["shapes"][ports[i].name]) = shape;
  }
  return document;
}

int run_predict(const PredictOptions& options) {
  const Model model = options.model.load();
  const std::vector<PortInfo> ports = model.outputs();
  InputStream inputs(options.inputs, model);
  const Explainer explainer(model, options.compute.options_for(inputs.size()));
  if (!options.raw.empty()) {
    check_writable(options.raw, options.force);
    check_raw(options.raw, ports.size());
  }
  Provenance provenance;
  if (options.json || !options.raw.empty())
    provenance = {explainer, options.compute.options, {}, "", inputs.preprocessing()};
  std::vector<std::string> names;
  for (const Sample& sample : inputs.samples()) names.push_back(sample.name);
  RawOutput raw(options.raw, options.force, provenance, names);
  Printed printed;
  const std::int64_t chunk =
      explainer.chunk(inputs.shapes(), {}, Target::max(), static_cast<std::int64_t>(inputs.size()));
  for_each_chunk(inputs, chunk, [&](const Inputs& part, std::int64_t, const Progress&) {
    const std::vector<Tensor> outputs = explainer.predict(part.views());
    raw.add(raw_arrays(ports, outputs));
    printed.shapes = shapes_of(ports, outputs, inputs.size());
    for (std::size_t s = 0; s < part.samples.size(); ++s)
      add_sample(printed, options, ports, part.samples[s].name, outputs, s);
  });
  raw.commit();
  if (!options.raw.empty()) say("raw outputs: " + options.raw);
  options.json ? print_json(document_of(options, model, printed, provenance)) : print(table(printed.rows));
  return 0;
}

}  // namespace

Action add_predict(CLI::App& verb, const Additions&) {
  const auto options = std::make_shared<PredictOptions>();
  options->model.add_to(verb);
  options->inputs.add_to(verb);
  verb.add_option("--top", options->top, "Show so many of the largest outputs")->capture_default_str();
  verb.add_option("--raw", options->raw, "File .npz, .npy or .h5 for all outputs, in an array of that name");
  verb.add_flag("--json", options->json, "Print one JSON document, with all outputs");
  verb.add_flag("--force", options->force, "Replace an existing file");
  options->compute.add_to(verb);
  return [options] { return run_predict(*options); };
}

}  // namespace signxai::cli
