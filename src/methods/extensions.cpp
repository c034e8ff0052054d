// Methods, rules and composites of the caller. Rules and composites are texts that take the place of their names before
// a method is resolved, so nothing behind this file knows of them.
#include "signxai/extensions.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>

#include <fmt/format.h>

#include "base/nearest.h"
#include "methods/method.h"
#include "methods/presets.h"
#include "rules/user/statement.h"
#include "signxai/error.h"

namespace signxai {

using rules::Json;

struct Extensions::Tables {
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<const UserMethod>, std::less<>> methods;
  std::map<std::string, std::shared_ptr<const UserStatement>, std::less<>> rules, composites;
  std::vector<ModelFile> sources;
};

namespace {

using Statements = std::map<std::string, std::shared_ptr<const UserStatement>, std::less<>>;

[[noreturn]] void refuse(std::string_view subject, const std::string& message) {
  throw Error(ErrorCode::kInvalidArgument, "method", subject, message);
}

void check_name(const std::string& name) {
  const bool plain = std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return (c < 128 && std::isalnum(c) != 0) || c == '_' || c == '-' || c == '.';
  });
  if (name.empty() || !plain) refuse(name, "is no name; expected letters, digits, '_', '-' and '.'");
}

template <typename Table, typename Entry>
void insert(Table& table, Entry entry, const char* kind) {
  const auto at = table.find(entry.name);
  if (at != table.end() && at->second->origin != entry.origin) {
    refuse(entry.name, fmt::format("this {} was defined before, by {}, and {} would define it anew; try another name",
                                   kind, at->second->origin, entry.origin));
  }
  const std::string name = entry.name;
  table[name] = std::make_shared<const Entry>(std::move(entry));
}

bool is_rule(const std::string& name) {
  const auto table = rules::rule_table();
  return name == "none" || std::any_of(table.begin(), table.end(), [&](const rules::RuleDef& def) {
           return def.name == name || def.name + "Rule" == name;
         });
}

/// "MyGamma(gamma=0.25)", with the defaults of what was not given.
std::string label_of(const UserStatement& statement, const Parameters& given) {
  std::vector<std::string> pieces;
  for (const ParameterInfo& info : statement.parameters) {
    const auto at = given.find(info.name);
    const ParameterValue value = at == given.end() ? parse_parameter(info.fallback) : at->second;
    const Json json = std::visit([](const auto& held) { return Json(held); }, value);
    pieces.push_back(json.is_number() ? fmt::format("{}={}", info.name, json.get<double>())
                                      : info.name + "=" + json.dump());
  }
  return pieces.empty() ? statement.name : fmt::format("{}({})", statement.name, fmt::join(pieces, ", "));
}

std::string text_of(const UserStatement& statement, const Parameters& given, const std::string& where) {
  try {
    methods::check_parameters(statement.name, statement.parameters, {}, given);
  } catch (const Error& error) {
    refuse(where, fmt::format("{} {}", statement.name, error.message()));
  }
  return statement.state(given);
}

/// Names in one call's parameters, replaced.
class Stating {
 public:
  Stating(const Statements& rules, const Statements& composites, const Parameters& given)
      : rules_(rules), composites_(composites), given_(given), result_(given) {}

  Parameters result(std::string_view method) {
    for (const char* key : {"rule", "input_layer_rule", "until_index_rule"}) name_or_list(key);
    composite();
    if (const std::string* map = text("layer_map")) layer_map(*map);
    if (!taken_.empty()) forget(method);
    return std::move(result_);
  }

 private:
  const std::string* text(const char* key) const {
    const auto at = result_.find(key);
    return at == result_.end() ? nullptr : std::get_if<std::string>(&at->second);
  }
  /// Null for what is none of the caller's. Mistyped names are refused here, as nothing behind knows those of the
  /// caller.
  const UserStatement* rule(const std::string& name) const {
    if (const auto at = rules_.find(name); at != rules_.end()) return at->second.get();
    if (is_rule(name) || rules::is_json(name)) return nullptr;
    std::vector<std::string> names;
    for (const auto& [known, statement] : rules_) names.push_back(known);
    for (const rules::RuleDef& def : rules::rule_table()) names.push_back(def.name);
    const std::string hint = did_you_mean(name, names);
    if (!hint.empty()) refuse(name, "is not a relevance rule; " + hint);
    return nullptr;
  }

  Json stated(const UserStatement& rule, const Parameters& own, const std::string& where) const {
    Json statement = rules::read_json(text_of(rule, own, where), where);
    if (statement.is_object() && !statement.contains("name")) statement["name"] = label_of(rule, own);
    return statement;
  }

  /// The call's parameters that a statement takes.
  Parameters shared(const UserStatement& statement) {
    Parameters own;
    for (const ParameterInfo& info : statement.parameters) {
      const auto at = given_.find(info.name);
      if (at == given_.end()) continue;
      own.insert(*at);
      taken_.insert(info.name);
    }
    return own;
  }

  std::string named(const std::string& name, const char* key) {
    const UserStatement* own = rule(name);
    return own ? stated(*own, shared(*own), key).dump() : name;
  }

  void name_or_list(const char* key) {
    const auto at = result_.find(key);
    if (at == result_.end()) return;
    if (auto* one = std::get_if<std::string>(&at->second)) *one = named(*one, key);
    if (auto* list = std::get_if<std::vector<std::string>>(&at->second)) {
      for (std::string& name : *list) name = named(name, key);
    }
  }

  /// "MyRule" or {"rule": "MyRule", parameters}; `skipped` is a key that says something else.
  bool replace(Json& spec, const std::string& where, const char* skipped) const {
    const bool object = spec.is_object() && spec.contains("rule");
    const Json name = object ? spec["rule"] : spec;
    const UserStatement* own = name.is_string() ? rule(name.get<std::string>()) : nullptr;
    if (!own) return false;
    Parameters given;
    Json replaced = Json::object();
    if (object) {
      for (const auto& [key, value] : spec.items()) {
        if (key == skipped) replaced[key] = value;
        if (key != skipped && key != "rule") given[key] = parse_parameter(value.dump());
      }
    }
    replaced["rule"] = stated(*own, given, where);
    spec = std::move(replaced);
    return true;
  }

  void composite() {
    const std::string* given = text("composite");
    if (!given) return;
    std::string entries = *given;
    if (const auto at = composites_.find(entries); at != composites_.end())
      entries = text_of(*at->second, shared(*at->second), "composite");
    if (rules::is_json(entries)) {
      Json document = rules::read_json(entries, "composite");
      bool changed = false;
      for (std::size_t i = 0; document.is_array() && i < document.size(); ++i)
        changed |= replace(document[i], fmt::format("composite entry {}", i + 1), "match");
      if (changed) entries = document.dump();
    }
    result_["composite"] = entries;
  }

  void layer_map(const std::string& given) {
    if (!rules::is_json(given)) return;
    Json document = rules::read_json(given, "layer_map");
    if (!document.is_object()) return;
    bool changed = false;
    for (auto& [key, spec] : document.items()) changed |= replace(spec, fmt::format("layer_map '{}'", key), "");
    if (changed) result_["layer_map"] = document.dump();
  }

  /// Drops what was meant for rules and composites alone.
  void forget(std::string_view method) {
    for (const ParameterInfo& info : signxai::describe_method(method).parameters) taken_.erase(info.name);
    for (const std::string& name : taken_) result_.erase(name);
  }

  const Statements &rules_, &composites_;
  const Parameters& given_;
  Parameters result_;
  std::set<std::string> taken_;
};

MethodInfo info_of(const UserMethod& method) {
  return {method.name, method.name, {}, method.parameters, method.description};
}

void append(std::vector<ParameterInfo>& infos, const UserStatement& statement, const char* kind) {
  for (ParameterInfo info : statement.parameters) {
    const bool known = std::any_of(infos.begin(), infos.end(), [&](const auto& i) { return i.name == info.name; });
    if (known) continue;
    if (info.fallback.empty()) info.fallback = "none";  // needed only where the statement is used
    info.description += (info.description.empty() ? "of the " : "; of the ") + std::string(kind) + " " + statement.name;
    infos.push_back(std::move(info));
  }
}

constexpr std::string_view kLrp = "lrp.";

}  // namespace

Extensions::Extensions() : tables_(std::make_unique<Tables>()) {}
Extensions::~Extensions() = default;

void Extensions::add(UserMethod method) {
  check_name(method.name);
  const bool built_in = !methods::parse_name(method.name).base.empty() || method.name.rfind(kLrp, 0) == 0;
  if (built_in) refuse(method.name, "is the name of a built-in method, or could become one; try another");
  const std::lock_guard lock(tables_->mutex);
  insert(tables_->methods, std::move(method), "method");
}

void Extensions::add_rule(UserStatement rule) {
  check_name(rule.name);
  if (is_rule(rule.name)) refuse(rule.name, "is the name of a built-in rule; try another");
  const std::lock_guard lock(tables_->mutex);
  insert(tables_->rules, std::move(rule), "rule");
}

void Extensions::add_composite(UserStatement composite) {
  check_name(composite.name);
  const bool built_in =
      methods::is_preset(composite.name) || !methods::parse_name(std::string(kLrp) + composite.name).base.empty();
  if (built_in) refuse(composite.name, "is the name of a built-in composite; try another");
  const std::lock_guard lock(tables_->mutex);
  insert(tables_->composites, std::move(composite), "composite");
}

void Extensions::add_source(ModelFile file) {
  const std::lock_guard lock(tables_->mutex);
  tables_->sources.push_back(std::move(file));
}

std::vector<ModelFile> Extensions::sources() const {
  const std::lock_guard lock(tables_->mutex);
  return tables_->sources;
}

std::shared_ptr<const UserMethod> Extensions::find(std::string_view method) const {
  const std::lock_guard lock(tables_->mutex);
  const auto at = tables_->methods.find(method);
  return at == tables_->methods.end() ? nullptr : at->second;
}

std::string Extensions::composite_of(std::string_view method) const {
  if (method.substr(0, kLrp.size()) != kLrp) return {};
  const std::lock_guard lock(tables_->mutex);
  const auto at = tables_->composites.find(method.substr(kLrp.size()));
  return at == tables_->composites.end() ? std::string() : at->first;
}

Parameters Extensions::stated(std::string_view method, const Parameters& given) const {
  std::unique_lock lock(tables_->mutex);
  const Statements rules = tables_->rules, composites = tables_->composites;
  lock.unlock();  // statements may take their time
  if (rules.empty() && composites.empty()) return given;
  return Stating(rules, composites, given).result(method);
}

MethodInfo Extensions::describe_method(std::string_view name) const {
  if (const auto own = find(name)) return info_of(*own);
  const std::string composite = composite_of(name);
  std::unique_lock lock(tables_->mutex);
  if (composite.empty() && methods::parse_name(name).base.empty()) {
    std::vector<std::string> own;
    for (const auto& [method, entry] : tables_->methods) own.push_back(method);
    for (const auto& [of, entry] : tables_->composites) own.push_back(std::string(kLrp) + of);
    methods::refuse_name(name, own);
  }
  MethodInfo info = signxai::describe_method(composite.empty() ? name : "lrp");
  if (!composite.empty()) {
    const UserStatement& statement = *tables_->composites.at(composite);
    std::erase_if(info.parameters, [](const ParameterInfo& p) { return p.name == "rule" || p.name == "composite"; });
    std::vector<ParameterInfo> parameters;  // its own stand for those of rules that are called the same
    append(parameters, statement, "composite");
    for (ParameterInfo& of_lrp : info.parameters) {
      const bool own =
          std::any_of(parameters.begin(), parameters.end(), [&](const auto& i) { return i.name == of_lrp.name; });
      if (!own) parameters.push_back(std::move(of_lrp));
    }
    info = {std::string(name), "lrp", {{"composite", composite}}, std::move(parameters), statement.description};
  }
  const auto takes = [&](const char* parameter) {
    return std::any_of(info.parameters.begin(), info.parameters.end(),
                       [&](const auto& i) { return i.name == parameter; });
  };
  if (takes("input_layer_rule")) {
    for (const auto& [rule, statement] : tables_->rules) append(info.parameters, *statement, "rule");
  }
  if (takes("composite")) {
    for (const auto& [of, statement] : tables_->composites) append(info.parameters, *statement, "composite");
  }
  return info;
}

std::vector<MethodInfo> Extensions::method_table() const {
  std::vector<MethodInfo> table = signxai::method_table();
  std::vector<std::string> composites;
  {
    const std::lock_guard lock(tables_->mutex);
    for (const auto& [name, method] : tables_->methods) table.push_back(info_of(*method));
    for (const auto& [name, composite] : tables_->composites) composites.push_back(std::string(kLrp) + name);
  }
  for (const std::string& name : composites) table.push_back(describe_method(name));
  return table;
}

namespace methods {
namespace {

const MethodDef& of_user() {
  static const MethodDef def{.name = "user", .parameters = {}, .description = ""};
  return def;
}

}  // namespace

Resolved resolve(std::string_view name, const Parameters& given, const Extensions* extensions) {
  if (!extensions) return resolve(name, given);
  if (const auto own = extensions->find(name)) {
    check_parameters(name, own->parameters, {}, given);
    return {std::string(name), &of_user(), given, Factor::kNone, false, own};
  }
  const std::string composite = extensions->composite_of(name);
  if (composite.empty()) {
    if (parse_name(name).base.empty()) extensions->describe_method(name);  // throws, with near names
    return resolve(name, extensions->stated(name, given));
  }
  const MethodInfo info = extensions->describe_method(name);
  Parameters all = given;
  check_parameters(name, info.parameters, info.fixed, given);
  all["composite"] = composite;
  Resolved resolved = resolve("lrp", extensions->stated("lrp", all));
  resolved.name = name;
  return resolved;
}

}  // namespace methods
}  // namespace signxai
