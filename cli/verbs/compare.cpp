// `signxai compare`: which quirks of the reference change a map, by how much, and where.
#include <algorithm>
#include <cmath>
#include <map>
#include <memory>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "console.h"
#include "inputs.h"
#include "options.h"
#include "verbs.h"

namespace signxai::cli {
namespace {

using Json = nlohmann::ordered_json;

struct CompareOptions {
  ModelOptions model;
  MethodOptions methods;
  ComputeOptions compute;
  InputOptions inputs;
  TargetOptions target;
  bool json = false;
};

/// One map of the reference's semantics beside the same one with a quirk put right.
struct Difference {
  std::string map, quirk;
  double largest = 0;  ///< of max |a - b|, as a share of max |a|
  double cosine = 1;
  std::string where;  ///< sample and element of the largest difference
};

std::string position(std::int64_t flat, const Shape& shape) {
  Shape index;
  for (std::size_t d = shape.size(); d-- > 0; flat /= shape[d]) index.insert(index.begin(), flat % shape[d]);
  const std::int64_t sample = index.front();
  index.erase(index.begin());
  return fmt::format("sample {} at {}", sample, to_string(index));
}

Difference difference_of(const MethodMap& before, const MethodMap& after, const std::string& quirk) {
  Difference result{before.name(), quirk, 0, 1, "-"};
  const std::vector<float>&a = before.map.data, &b = after.map.data;
  if (before.map.shape != after.map.shape) {
    result.largest = std::nan("");
    result.where = fmt::format("shape {} becomes {}", to_string(before.map.shape), to_string(after.map.shape));
    return result;
  }
  double top = 0, most = 0, ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double x = a[i], y = b[i];
    top = std::max(top, std::fabs(x));
    ab += x * y, aa += x * x, bb += y * y;
    if (!(std::fabs(x - y) > most) && !(std::isnan(x) && !std::isnan(y) && most == 0)) continue;
    most = std::fabs(x - y);
    result.where = position(static_cast<std::int64_t>(i), before.map.shape);
  }
  result.largest = most == 0 ? 0 : most / top;
  result.cosine = aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : most == 0 ? 1 : 0;
  return result;
}

std::vector<Difference> compare(const CompareOptions& options, const Model& model,
                                const std::vector<TensorView>& inputs) {
  const Explainer any(model, options.compute.options);
  const std::vector<MethodRequest> requests =
      options.methods.fitting(options.methods.requests(), any, sample_shapes(inputs));
  const Target target = options.target.parse(model);
  const auto explain = [&](const std::string& semantics) {
    ExplainerOptions with = options.compute.options;
    with.semantics = semantics;
    return Explainer(model, with).explain(inputs, requests, target);
  };
  const Explanation before = explain("signxai"), sound = explain("sound");
  std::vector<Difference> differences;
  std::map<std::string, Explanation> alone;
  for (std::size_t i = 0; i < before.maps.size(); ++i) {
    for (const std::string& quirk : before.maps[i].quirks) {
      if (!alone.count(quirk)) alone[quirk] = explain(quirk);
      differences.push_back(difference_of(before.maps[i], alone[quirk].maps[i], quirk));
    }
    differences.push_back(difference_of(before.maps[i], sound.maps[i], "sound"));
  }
  return differences;
}

std::string text_of(const std::vector<Difference>& differences) {
  std::vector<std::vector<std::string>> rows = {{"method", "put right", "change", "cosine", "largest change"}};
  for (const Difference& d : differences) {
    const std::string change = std::isnan(d.largest) ? "-" : fmt::format("{:.3g} %", 100 * d.largest);
    rows.push_back({d.map, d.quirk == "sound" ? "all" : d.quirk, change, short_number(d.cosine), d.where});
  }
  std::string text = table(rows) + "\n";
  for (const QuirkDescription& quirk : quirks()) {
    const bool met =
        std::any_of(differences.begin(), differences.end(), [&](const auto& d) { return d.quirk == quirk.id; });
    if (met) text += quirk.id + ": " + quirk.effect + "\n";
  }
  return text;
}

Json document_of(const std::vector<Difference>& differences) {
  Json list = Json::array();
  for (const Difference& d : differences) {
    list.push_back(
        {{"method", d.map}, {"put_right", d.quirk}, {"change", d.largest}, {"cosine", d.cosine}, {"where", d.where}});
  }
  return {{"differences", std::move(list)}};
}

void run_compare(const CompareOptions& options) {
  const Model model = options.model.load();
  say_notes(model.notes());
  const Inputs inputs = read_inputs(options.inputs, model);
  const std::vector<Difference> differences = compare(options, model, inputs.views());
  options.json ? print_json(document_of(differences)) : print(text_of(differences));
}

}  // namespace

Action add_compare(CLI::App& verb, const Additions& additions) {
  const auto options = std::make_shared<CompareOptions>();
  options->model.add_to(verb);
  options->inputs.add_to(verb);
  options->methods.add_to(verb, true, additions);
  options->target.add_to(verb);
  verb.add_flag("--json", options->json, "Print one JSON document instead of a table");
  options->compute.add_to(verb);
  options->compute.options.extensions = additions;
  return [options] {
    run_compare(*options);
    return 0;
  };
}

}  // namespace signxai::cli
