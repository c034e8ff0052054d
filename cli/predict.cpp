// `signxai predict`: what the network returns.
#include <algorithm>
#include <memory>
#include <numeric>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "console.h"
#include "inputs.h"
#include "options.h"
#include "outputs.h"
#include "signxai/array_file.h"
#include "verbs.h"

namespace signxai::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
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

/// A network of one output has `shape`, `best` and `outputs` at the top; several stand under their names.
Json document_of(const Options& options, const Model& model, const Inputs& inputs, const std::vector<Tensor>& outputs) {
  Json document = {{"model", {{"file", options.model.path}, {"name", model.name()}, {"notes", model.notes()}}}};
  const std::vector<PortInfo> ports = model.outputs();
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    (outputs.size() == 1 ? document["shape"] : document["shapes"][ports[i].name]) = outputs[i].shape;
  }
  for (std::size_t s = 0; s < inputs.samples.size(); ++s) {
    Json entry = {{"input", inputs.samples[s].name}};
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      describe_sample(outputs.size() == 1 ? entry : entry[ports[i].name], outputs[i], s, options.top);
    }
    document["samples"].push_back(std::move(entry));
  }
  document["raw"] = options.raw.empty() ? Json() : Json(options.raw);
  return document;
}

std::string text_of(const Options& options, const Model& model, const Inputs& inputs, const std::vector<Tensor>& outputs) {
  std::vector<std::vector<std::string>> rows = {{"input", "class", "score"}};
  const std::vector<PortInfo> ports = model.outputs();
  for (std::size_t s = 0; s < inputs.samples.size(); ++s) {
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const std::string prefix = outputs.size() > 1 ? ports[i].name + ":" : "";
      for (const Score& score : best_of(outputs[i], s, options.top)) {
        rows.push_back({inputs.samples[s].name, prefix + std::to_string(score.index), short_number(score.value)});
      }
    }
  }
  return table(rows);
}

/// One array "outputs", or one per output under its name.
void write_outputs(const Options& options, const Model& model, const std::vector<Tensor>& outputs) {
  const std::vector<PortInfo> ports = model.outputs();
  std::vector<NamedView> arrays;
  for (std::size_t i = 0; i < outputs.size(); ++i) arrays.push_back({outputs.size() == 1 ? "outputs" : ports[i].name, outputs[i]});
  write_npz(options.raw, arrays, {}, options.force);
  say("raw outputs: " + options.raw);
}

void run(const Options& options) {
  const Model model = options.model.load();
  const Explainer explainer(model, options.compute.options);
  const Inputs inputs = read_inputs(options.inputs, model);
  if (!options.raw.empty()) check_writable(options.raw, options.force);
  const std::vector<Tensor> outputs = explainer.predict(inputs.views());
  if (!options.raw.empty()) write_outputs(options, model, outputs);
  if (options.json) {
    print_json(document_of(options, model, inputs, outputs));
  } else {
    print(text_of(options, model, inputs, outputs));
  }
}

}  // namespace

Action add_predict(CLI::App& verb) {
  const auto options = std::make_shared<Options>();
  options->model.add_to(verb);
  options->inputs.add_to(verb);
  verb.add_option("--top", options->top, "Show so many of the largest outputs")->capture_default_str();
  verb.add_option("--raw", options->raw, "File .npz for all outputs, in an array of that name");
  verb.add_flag("--json", options->json, "Print one JSON document, with all outputs");
  verb.add_flag("--force", options->force, "Replace an existing file");
  options->compute.add_to(verb);
  return [options] { run(*options); };
}

}  // namespace signxai::cli
