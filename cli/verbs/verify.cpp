// `signxai verify`: does the network compute these outputs for these inputs?
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "chunks.h"
#include "console.h"
#include "inputs.h"
#include "options.h"
#include "signxai/array_file.h"
#include "signxai/error.h"
#include "verbs.h"

namespace signxai::cli {
namespace {

using Json = nlohmann::ordered_json;

struct VerifyOptions {
  ModelOptions model;
  ComputeOptions compute;
  InputOptions inputs;
  std::string input, expected;
  double tolerance = 1e-4;
  bool json = false;
};

/// One output of the network beside what it should be.
struct Comparison {
  std::string output;
  Tensor expected;     ///< (samples, ...)
  double largest = 0;  ///< of |expected|
  double worst = 0;    ///< largest |computed - expected|; NaN counts as infinite
  std::size_t at = 0;  ///< flat index of the worst

  double relative() const { return worst == 0 ? 0 : worst / largest; }
};

[[noreturn]] void refuse_outputs(const std::string& subject, const std::string& message) {
  throw Error(ErrorCode::kInvalidArgument, "verify", subject, message);
}

/// The array for one output: the only one of the file, "outputs" (as predict writes it), or the one of its name.
Tensor read_expected(const std::string& path, const std::string& output, bool alone) {
  const std::size_t colon = path.rfind(".npz:");
  if (colon != std::string::npos) return read_npz_member(path.substr(0, colon + 4), path.substr(colon + 5));
  std::string extension = std::filesystem::path(path).extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  if (extension == ".npz") {
    const std::vector<std::string> names = npz_names(path);
    if (alone && names.size() == 1) return read_npz_member(path, names.front());
    return read_npz_member(path, alone ? "outputs" : output);
  }
  if (!alone)
    refuse_outputs(path,
                   "the network has several outputs; expected a .npz file with an array for each, named as they are");
  if (extension == ".npy") return read_npy(path);
  if (extension == ".csv") return read_csv(path).values;
  refuse_outputs(path, "is no file of outputs; expected .npy, .npz or .csv");
}

std::vector<Comparison> read_comparisons(const std::string& path, const Model& model, std::int64_t samples) {
  std::vector<Comparison> list;
  for (const PortInfo& port : model.outputs()) {
    Comparison one{port.name, read_expected(path, port.name, model.outputs().size() == 1)};
    Shape wanted = port.shape;
    wanted.insert(wanted.begin(), samples);
    Shape shape = one.expected.shape;
    if (samples == 1 && shape.size() + 1 == wanted.size()) shape.insert(shape.begin(), 1);
    const bool fits = std::equal(shape.begin(), shape.end(), wanted.begin(), wanted.end(),
                                 [](std::int64_t have, std::int64_t want) { return want < 0 || have == want; });
    if (!fits) {
      refuse_outputs(path, fmt::format("has shape {} for output '{}'; the network returns {} for these inputs",
                                       to_string(one.expected.shape), port.name, to_string(wanted)));
    }
    one.expected.shape = shape;
    for (const float value : one.expected.data) {
      if (!std::isfinite(value))
        refuse_outputs(path, fmt::format("holds a value for output '{}' that is not finite", port.name));
      one.largest = std::max(one.largest, static_cast<double>(std::fabs(value)));
    }
    list.push_back(std::move(one));
  }
  return list;
}

void compare(Comparison& one, const Tensor& computed, std::int64_t first) {
  const std::size_t size = computed.data.size() / static_cast<std::size_t>(computed.shape.front());
  const std::size_t offset = static_cast<std::size_t>(first) * size;
  for (std::size_t i = 0; i < computed.data.size(); ++i) {
    double deviation = std::fabs(static_cast<double>(computed.data[i]) - one.expected.data[offset + i]);
    if (std::isnan(deviation)) deviation = HUGE_VAL;
    if (!(deviation > one.worst)) continue;
    one.worst = deviation;
    one.at = offset + i;
  }
}

/// "digit.png at (3,)".
std::string place_of(const Comparison& one, const std::vector<Sample>& samples) {
  Shape index;
  auto rest = static_cast<std::int64_t>(one.at);
  for (std::size_t d = one.expected.shape.size(); d-- > 1; rest /= one.expected.shape[d]) {
    index.insert(index.begin(), rest % one.expected.shape[d]);
  }
  return fmt::format("{} at {}", samples[static_cast<std::size_t>(rest)].name, to_string(index));
}

Json document_of(const VerifyOptions& options, const std::vector<Comparison>& list, const std::vector<Sample>& samples,
                 bool same) {
  Json document = {
      {"same", same}, {"tolerance", options.tolerance}, {"samples", samples.size()}, {"outputs", Json::array()}};
  for (const Comparison& one : list) {
    document["outputs"].push_back({{"output", one.output},
                                   {"deviation", one.worst},
                                   {"relative", one.relative()},
                                   {"where", place_of(one, samples)},
                                   {"same", one.relative() <= options.tolerance}});
  }
  return document;
}

std::string text_of(const VerifyOptions& options, const std::vector<Comparison>& list,
                    const std::vector<Sample>& samples) {
  std::vector<std::vector<std::string>> rows = {{"output", "largest deviation", "of the largest value", "where", ""}};
  for (const Comparison& one : list) {
    rows.push_back({one.output, short_number(one.worst), short_number(one.relative()), place_of(one, samples),
                    one.relative() <= options.tolerance ? "same" : "DIFFERS"});
  }
  return table(rows);
}

/// A network of several inputs takes them from one .npz file, with an array for each, named as they are.
InputOptions inputs_of(const VerifyOptions& options, const Model& model) {
  InputOptions inputs = options.inputs;
  if (model.inputs().size() < 2) {
    inputs.files = {options.input};
  } else {
    for (const PortInfo& port : model.inputs())
      inputs.named.push_back(port.name + "=" + options.input + ":" + port.name);
  }
  return inputs;
}

int run_verify(const VerifyOptions& options) {
  const Model model = options.model.load();
  const Explainer explainer(model, options.compute.options);
  InputStream inputs(inputs_of(options, model), model);
  const auto samples = static_cast<std::int64_t>(inputs.size());
  std::vector<Comparison> list = read_comparisons(options.expected, model, samples);
  const std::int64_t chunk = explainer.chunk(inputs.shapes(), {}, Target::max(), samples);
  for_each_chunk(inputs, chunk, [&](const Inputs& part, std::int64_t first, const Progress&) {
    const std::vector<Tensor> outputs = explainer.predict(part.views());
    for (std::size_t i = 0; i < list.size(); ++i) compare(list[i], outputs[i], first);
  });
  const bool same =
      std::all_of(list.begin(), list.end(), [&](const Comparison& one) { return one.relative() <= options.tolerance; });
  options.json ? print_json(document_of(options, list, inputs.samples(), same))
               : print(text_of(options, list, inputs.samples()));
  return same ? 0 : kDiffers;
}

}  // namespace

Action add_verify(CLI::App& verb, const Additions&) {
  const auto options = std::make_shared<VerifyOptions>();
  options->model.add_to(verb);
  verb.add_option(
          "X", options->input,
          "Inputs: PNG, JPEG, .npy, .npz (FILE.npz:NAME), .csv or a folder of these; for several inputs one .npz")
      ->required();
  verb.add_option("Y", options->expected, "What the network should return for X: .npy, .npz (FILE.npz:NAME) or .csv")
      ->required();
  verb.add_option("--preprocess", options->inputs.preprocess,
                  "For pictures: none (0..255), unit (0..1), vgg16, or a JSON file");
  verb.add_option("--tolerance", options->tolerance, "Largest deviation, as a share of the largest |Y| of an output")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  verb.add_flag("--json", options->json, "Print one JSON document instead of a table");
  options->compute.add_to(verb);
  return [options] { return run_verify(*options); };
}

}  // namespace signxai::cli
