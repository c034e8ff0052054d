// Shared options of the verbs.
#include "options.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "console.h"
#include "signxai/array_file.h"
#include "signxai/error.h"

namespace signxai::cli {
namespace {

constexpr const char* kAll = "all";

bool takes(const MethodInfo& method, const std::string& parameter) {
  return std::any_of(method.parameters.begin(), method.parameters.end(),
                     [&](const ParameterInfo& info) { return info.name == parameter; });
}

std::string parameter_names(const MethodInfo& method) {
  std::vector<std::string> names;
  for (const ParameterInfo& info : method.parameters) names.push_back(info.name);
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

[[noreturn]] void refuse_parameter(const std::string& name, const std::vector<MethodInfo>& methods) {
  std::vector<std::string> reasons;
  for (const MethodInfo& method : methods) {
    reasons.push_back(method.fixed.count(name) ? fmt::format("the name {} decides it", method.name)
                                               : fmt::format("{} takes {}", method.name, parameter_names(method)));
  }
  throw Error(ErrorCode::kInvalidArgument, "method", name,
              fmt::format("is a parameter of none of the methods; {}", fmt::join(reasons, "; ")));
}

void assign(const std::string& name, const ParameterValue& value, const std::vector<MethodInfo>& methods,
            std::vector<MethodRequest>& requests) {
  bool taken = false;
  for (std::size_t i = 0; i < methods.size(); ++i) {
    if (!takes(methods[i], name)) continue;
    requests[i].parameters[name] = value;
    taken = true;
  }
  if (!taken) refuse_parameter(name, methods);
}

void assign(const std::string& assignment, const std::vector<MethodInfo>& methods,
            std::vector<MethodRequest>& requests) {
  const std::size_t equals = assignment.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw Error(ErrorCode::kInvalidArgument, "method", assignment, "is no parameter; expected NAME=VALUE");
  }
  assign(assignment.substr(0, equals), parse_parameter(assignment.substr(equals + 1)), methods, requests);
}

/// JSON as it is given, or what the file of that name holds. A name without '.' and '/' may be a preset's, and is kept.
std::string json_or_file(const std::string& given, const std::string& option, bool may_be_name) {
  const std::size_t begin = given.find_first_not_of(" \t\r\n");
  if (begin != std::string::npos && (given[begin] == '{' || given[begin] == '[')) return given;
  if (may_be_name && given.find_first_of("./") == std::string::npos) return given;
  std::ifstream file(given);
  if (!file)
    throw Error(ErrorCode::kNotFound, "method", option,
                fmt::format("cannot open '{}'; expected a JSON text or a file that holds one", given));
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

std::vector<std::string> split_commas(const std::string& text) {
  std::vector<std::string> pieces;
  std::size_t begin = 0;
  for (std::size_t end; (end = text.find(',', begin)) != std::string::npos; begin = end + 1) {
    pieces.push_back(text.substr(begin, end - begin));
  }
  pieces.push_back(text.substr(begin));
  return pieces;
}

std::vector<Shape> sample_shapes(const std::vector<TensorView>& batch) {
  std::vector<Shape> shapes;
  for (const TensorView& view : batch) shapes.emplace_back(view.shape.begin() + 1, view.shape.end());
  return shapes;
}

void ModelOptions::add_to(CLI::App& verb) {
  verb.add_option("MODEL", path, "Keras network: a .keras or full-model .h5 file, or an architecture .json")
      ->required();
  verb.add_option("--weights", weights, "Weights of an architecture .json (default: the .h5 beside it)");
  verb.add_option("--custom-layers", custom_layers,
                  "JSON file that states what layers of your own classes consist of (see docs/custom-layers.md)")
      ->type_name("FILE");
}

Model ModelOptions::load() const {
  return Model::load(path, {weights, custom_layers.empty() ? CustomLayers() : CustomLayers::load(custom_layers)});
}

void ComputeOptions::add_to(CLI::App& verb) {
  const std::string group = "Computation";
  verb.add_option("--threads", options.threads, "Worker threads; 0: one per core")->capture_default_str()->group(group);
  verb.add_option("--batch", options.batch, "Samples computed together; 0: by the size of the network")
      ->capture_default_str()
      ->group(group);
  verb.add_option("--max-memory", options.max_memory,
                  "Limit for weights, working memory, inputs and maps: 512M, 2G; fewer samples are computed together")
      ->transform(CLI::AsSizeValue(false))
      ->type_name("SIZE")
      ->group(group);
  verb.add_option("--backend", options.backend, "cpu, or reference (double precision, slow)")
      ->envname("SIGNXAI_BACKEND")
      ->capture_default_str()
      ->group(group);
  verb.add_option("--semantics", options.semantics,
                  "signxai: the reference package's numbers, quirks included; sound: with its mistakes put right; "
                  "literal: also with what gives a map no meaning; or a list of what to put right: Q1,Q7")
      ->capture_default_str()
      ->group(group);
  verb.add_option("--precision", options.precision,
                  "Of wide convolutions: f32; winograd, faster with other roundings; or bf16, faster still where the "
                  "machine has it, for maps that are alike and not equal")
      ->capture_default_str()
      ->group(group);
  verb.add_option("--disable-pass", options.disabled_passes, "Compiler pass to leave out; may be repeated")
      ->allow_extra_args(false)
      ->type_name("NAME")
      ->group(group);
}

ExplainerOptions ComputeOptions::options_for(std::size_t samples) const {
  ExplainerOptions whole = options;
  whole.single_call = samples == 1;
  return whole;
}

void MethodOptions::add_to(CLI::App& verb, bool required, std::shared_ptr<const Extensions> additions) {
  known = std::move(additions);
  verb.add_option(
          "-m,--method", names,
          "Methods, separated by commas (see `signxai methods`); may be repeated; all: every name of the reference "
          "package but those that evaluate many points")
      ->allow_extra_args(false)
      ->type_name("METHOD[,METHOD...]")
      ->required(required);
  verb.add_option("--param", assignments, "Parameter for the methods that take it; may be repeated")
      ->allow_extra_args(false)
      ->type_name("NAME=VALUE");
  verb.add_option("--layer-map", layer_map,
                  "Rules by layer on top of the LRP methods, as JSON: {\"conv2d\": {\"alpha\": 1, \"beta\": 0}, "
                  "\"block1_*\": \"Flat\"} (docs/composites.md)")
      ->type_name("FILE|JSON");
  verb.add_option(
          "--composite", composite,
          "Rules of the method lrp: EpsilonPlus, EpsilonGammaBox ..., or a list of entries (docs/composites.md)")
      ->type_name("PRESET|FILE|JSON");
}

void TargetOptions::add_to(CLI::App& verb) {
  verb.add_option(
          "--target", text,
          "Output to explain: max, all, each, top:K, an index, one index per sample (3,1,4), a contrast (3-5), an "
          "expression (f0 + 2*f1), mask:FILE.npy (a weight for each output); OUTPUT:TARGET picks one of several "
          "outputs")
      ->capture_default_str();
}

Target TargetOptions::parse(const Model& model) const {
  std::vector<std::string> names;
  for (const PortInfo& port : model.outputs()) names.push_back(port.name);
  const std::string_view mask = "mask:";
  std::vector<std::string> prefixes{""};  // of the outputs that may stand in front
  for (const std::string& name : names) prefixes.push_back(name + ":");
  for (const std::string& prefix : prefixes) {
    const std::string begin = prefix + std::string(mask);
    if (text.compare(0, begin.size(), begin) != 0) continue;
    Target target = Target::weighted(read_npy(text.substr(begin.size())));
    target.output = prefix.substr(0, prefix.size() - (prefix.empty() ? 0 : 1));
    return target;
  }
  return Target::parse(text, names);
}

bool MethodOptions::asks_for_all() const {
  return std::any_of(names.begin(), names.end(), [](const std::string& given) {
    const std::vector<std::string> pieces = split_commas(given);
    return std::find(pieces.begin(), pieces.end(), kAll) != pieces.end();
  });
}

std::vector<MethodRequest> MethodOptions::requests() const {
  std::vector<MethodInfo> methods;
  std::vector<MethodRequest> requests;
  const auto take = [&](const MethodInfo& method) {
    const bool again =
        std::any_of(requests.begin(), requests.end(), [&](const auto& r) { return r.name == method.name; });
    if (again) return;
    methods.push_back(method);
    requests.push_back({method.name, {}});
  };
  for (const std::string& given : names) {
    for (const std::string& name : split_commas(given)) {
      if (name != kAll) {
        take(known->describe_method(name));
        continue;
      }
      for (const MethodInfo& method : method_table()) {
        if (method.listed && !method.sampling) take(method);
      }
    }
  }
  for (const std::string& assignment : assignments) assign(assignment, methods, requests);
  if (!layer_map.empty()) assign("layer_map", json_or_file(layer_map, "--layer-map", false), methods, requests);
  if (!composite.empty()) assign("composite", json_or_file(composite, "--composite", true), methods, requests);
  return requests;
}

std::vector<MethodRequest> MethodOptions::fitting(std::vector<MethodRequest> requests, const Explainer& explainer,
                                                  const std::vector<Shape>& sample) const {
  if (!asks_for_all()) return requests;
  std::vector<std::pair<std::string, std::string>> refused;
  requests = explainer.applicable(sample, requests, &refused);
  for (const auto& [name, reason] : refused) say(fmt::format("note: {} is left out: {}", name, reason));
  return requests;
}

}  // namespace signxai::cli
