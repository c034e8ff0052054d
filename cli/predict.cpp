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
  std::vector<std::string> inputs;
  std::string preprocess, raw;
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

Json document_of(const Options& options, const Model& model, const Inputs& inputs, const Tensor& outputs) {
  Json document = {{"model", {{"file", options.model.path}, {"name", model.name()}, {"notes", model.notes()}}},
                   {"shape", outputs.shape}};
  const auto size = outputs.data.size() / inputs.samples.size();
  for (std::size_t s = 0; s < inputs.samples.size(); ++s) {
    Json entry = {{"input", inputs.samples[s].name}};
    for (const Score& score : best_of(outputs, s, options.top))
      entry["best"].push_back({{"class", score.index}, {"score", score.value}});
    const auto first = outputs.data.begin() + static_cast<std::ptrdiff_t>(s * size);
    entry["outputs"] = std::vector<float>(first, first + static_cast<std::ptrdiff_t>(size));
    document["samples"].push_back(std::move(entry));
  }
  document["raw"] = options.raw.empty() ? Json() : Json(options.raw);
  return document;
}

std::string text_of(const Options& options, const Inputs& inputs, const Tensor& outputs) {
  std::vector<std::vector<std::string>> rows = {{"input", "class", "score"}};
  for (std::size_t s = 0; s < inputs.samples.size(); ++s) {
    for (const Score& score : best_of(outputs, s, options.top)) {
      rows.push_back({inputs.samples[s].name, std::to_string(score.index), short_number(score.value)});
    }
  }
  return table(rows);
}

void run(const Options& options) {
  const Model model = options.model.load();
  const Explainer explainer(model, options.compute.options);
  const Inputs inputs = read_inputs(options.inputs, options.preprocess, model.sample_shape());
  if (!options.raw.empty()) check_writable(options.raw, options.force);
  const Tensor outputs = explainer.predict(inputs.values);
  if (!options.raw.empty()) {
    write_npz(options.raw, {{"outputs", outputs}}, {}, options.force);
    say("raw outputs: " + options.raw);
  }
  if (options.json) {
    print_json(document_of(options, model, inputs, outputs));
  } else {
    print(text_of(options, inputs, outputs));
  }
}

}  // namespace

Action add_predict(CLI::App& verb) {
  const auto options = std::make_shared<Options>();
  options->model.add_to(verb);
  verb.add_option("INPUT", options->inputs,
                  "PNG, JPEG, .npy, .npz (FILE.npz:NAME) or .csv; together they form one batch")
      ->required();
  verb.add_option("--preprocess", options->preprocess,
                  "For pictures: none (0..255), unit (0..1), vgg16, or a JSON file");
  verb.add_option("--top", options->top, "Show so many of the largest outputs")->capture_default_str();
  verb.add_option("--raw", options->raw, "File .npz for all outputs, in an array of that name");
  verb.add_flag("--json", options->json, "Print one JSON document, with all outputs");
  verb.add_flag("--force", options->force, "Replace an existing file");
  options->compute.add_to(verb);
  return [options] { run(*options); };
}

}  // namespace signxai::cli
