// `signxai methods`: all names by family, or what one name stands for.
#include <memory>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "console.h"
#include "signxai/extensions.h"
#include "verbs.h"

namespace signxai::cli {
namespace {

using Json = nlohmann::ordered_json;

struct MethodsOptions {
  std::string name;
  bool json = false;
};

Json json_of(const ParameterValue& value) {
  return std::visit([](const auto& v) { return Json(v); }, value);
}

Json document_of(const MethodInfo& method) {
  Json document = {{"name", method.name}, {"base", method.base}, {"description", method.description}};
  document["fixed"] = Json::object();
  for (const auto& [name, value] : method.fixed) document["fixed"][name] = json_of(value);
  document["parameters"] = Json::array();
  for (const ParameterInfo& info : method.parameters) {
    document["parameters"].push_back({{"name", info.name},
                                      {"default", info.fallback.empty() ? Json() : Json(info.fallback)},
                                      {"description", info.description}});
  }
  return document;
}

std::string text_of(const MethodInfo& method) {
  std::string text = fmt::format("{}\n  {}\n", method.name, method.description);
  if (method.base != method.name) text += fmt::format("  base method: {}\n", method.base);
  if (!method.fixed.empty()) text += "\nfixed by the name:\n";
  for (const auto& [name, value] : method.fixed) text += fmt::format("  {} = {}\n", name, json_of(value).dump());
  if (method.parameters.empty()) return text + "\nIt takes no parameters.\n";
  text += "\nparameters (--param NAME=VALUE):\n";
  std::vector<std::vector<std::string>> rows = {{"  name", "default", "meaning"}};
  for (const ParameterInfo& info : method.parameters) {
    rows.push_back({"  " + info.name, info.fallback.empty() ? "(required)" : info.fallback, info.description});
  }
  return text + table(rows);
}

/// Names by family, in the order in which the families first appear.
std::string list_of(const std::vector<MethodInfo>& methods) {
  std::vector<std::string> families;
  std::map<std::string, std::string> names;
  for (const MethodInfo& method : methods) {
    if (names.count(method.base) == 0) families.push_back(method.base);
    std::string& listed = names[method.base];
    if (listed.empty()) listed = fmt::format("{}: {}\n", method.base, method.description);
    listed += "  " + method.name + "\n";
  }
  std::string text;
  for (const std::string& family : families) text += names[family] + "\n";
  return text + "Names with other numbers work as well: lrp_epsilon_0_033, lrpsign_epsilon_0_7_std_x_mu_0_2 ...\n";
}

void run_methods(const MethodsOptions& options, const Extensions& known) {
  if (!options.name.empty()) {
    const MethodInfo method = known.describe_method(options.name);
    if (options.json) {
      print_json(document_of(method));
    } else {
      print(text_of(method));
    }
    return;
  }
  const std::vector<MethodInfo> methods = known.method_table();
  if (!options.json) {
    print(list_of(methods));
    return;
  }
  Json document = Json::array();
  for (const MethodInfo& method : methods) document.push_back(document_of(method));
  print_json(document);
}

}  // namespace

Action add_methods(CLI::App& verb, const Additions& additions) {
  const auto options = std::make_shared<MethodsOptions>();
  verb.add_option("NAME", options->name, "Method to describe; without it all names are listed");
  verb.add_flag("--json", options->json, "Print one JSON document");
  return [options, additions] {
    run_methods(*options, *additions);
    return 0;
  };
}

}  // namespace signxai::cli
