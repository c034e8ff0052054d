// Rules stated as data.
#include "rules/user/statement.h"

#include <algorithm>
#include <set>
#include <span>
#include <vector>

#include <fmt/format.h>

#include "base/nearest.h"
#include "rules/terms.h"
#include "signxai/error.h"

namespace signxai::rules {
namespace {

[[noreturn]] void refuse_statement(const std::string& subject, const std::string& message) {
  throw Error(ErrorCode::kInvalidArgument, "method", subject, message);
}

/// Refuses keys that stand twice in one object, since only one of them could count.
void check_keys(const std::string& text, const std::string& parameter) {
  std::vector<std::set<std::string>> open;
  std::string twice;
  const auto watch = [&](int, Json::parse_event_t event, const Json& value) {
    if (event == Json::parse_event_t::object_start) open.emplace_back();
    if (event == Json::parse_event_t::object_end) open.pop_back();
    if (event == Json::parse_event_t::key && !open.back().insert(value.get<std::string>()).second)
      twice = value.get<std::string>();
    return true;
  };
  const Json document = Json::parse(text, watch);
  if (twice.empty() && !document.is_discarded()) return;
  refuse_statement(
      parameter,
      fmt::format("names '{}' twice in one object; the order of the keys decides, so each may stand once", twice));
}

std::string shown(const Json& value) {
  const std::string text = value.dump();
  return text.size() > 80 ? text.substr(0, 80) + " ..." : text;
}

template <typename Value>
using Choices = std::span<const std::pair<const char*, Value>>;

constexpr std::pair<const char*, Operand::Kind> kOperands[] = {{"all", Operand::Kind::kAll},
                                                               {"positive", Operand::Kind::kPositive},
                                                               {"negative", Operand::Kind::kNegative},
                                                               {"sign", Operand::Kind::kSign}};
/// "none" comes last: a kernel cannot be that.
constexpr std::pair<const char*, Part> kParts[] = {{"all", Part::kAll},           {"positive", Part::kPositive},
                                                   {"negative", Part::kNegative}, {"squared", Part::kSquared},
                                                   {"ones", Part::kOnes},         {"none", Part::kNone}};
constexpr std::pair<const char*, Where> kWheres[] = {
    {"all", Where::kAll}, {"positive", Where::kPositive}, {"negative", Where::kNegative}};

/// One object of a statement with its place, "share 2, term 1".
class Fields {
 public:
  Fields(const Json& object, std::string where, std::string place, std::vector<std::string> known)
      : object_(object), where_(std::move(where)), place_(std::move(place)) {
    const std::string names = fmt::format("{}", fmt::join(known, ", "));
    if (!object.is_object()) fail(fmt::format("must be an object with {}; got {}", names, shown(object)));
    for (const auto& item : object.items()) {
      if (std::find(known.begin(), known.end(), item.key()) != known.end()) continue;
      const std::string hint = did_you_mean(item.key(), known);
      fail(fmt::format("has no key '{}'; it takes {}{}", item.key(), names, hint.empty() ? "" : "; " + hint));
    }
  }

  [[noreturn]] void fail(const std::string& message) const { refuse_statement(where_, place_ + ": " + message); }
  bool has(const char* key) const { return object_.contains(key); }
  std::string place_of(const std::string& part) const { return place_ + ", " + part; }
  const std::string& where() const { return where_; }

  double number(const char* key, double fallback) const {
    if (!has(key)) return fallback;
    if (!object_[key].is_number()) fail(fmt::format("'{}' must be a number; got {}", key, shown(object_[key])));
    return object_[key].get<double>();
  }

  std::string text(const char* key, const std::string& fallback) const {
    if (!has(key)) return fallback;
    if (!object_[key].is_string()) fail(fmt::format("'{}' must be a text; got {}", key, shown(object_[key])));
    return object_[key].get<std::string>();
  }

  /// What the text under the key stands for.
  template <typename Value>
  Value choice(const char* key, Choices<Value> choices, Value fallback, const char* besides = "") const {
    if (!has(key)) return fallback;
    std::vector<std::string> names;
    for (const auto& [name, value] : choices) {
      if (object_[key] == name) return value;
      names.emplace_back(name);
    }
    const std::string hint = object_[key].is_string() ? did_you_mean(object_[key].get<std::string>(), names) : "";
    fail(fmt::format("'{}' is {}; expected one of {}{}{}", key, shown(object_[key]), fmt::join(names, ", "), besides,
                     hint.empty() ? "" : "; " + hint));
  }

  Operand operand(const char* key) const {
    if (has(key) && object_[key].is_number()) return {Operand::Kind::kNumber, object_[key].get<double>()};
    return {choice(key, Choices<Operand::Kind>(kOperands), Operand::Kind::kAll, " or a number")};
  }

  const Json& list(const char* key) const {
    if (has(key) && object_[key].is_array() && !object_[key].empty()) return object_[key];
    fail(fmt::format("needs '{}', a list with at least one entry; got {}", key,
                     has(key) ? shown(object_[key]) : "none"));
  }

 private:
  const Json& object_;
  std::string where_, place_;
};

std::vector<Term> terms_of(const Fields& share, const char* key, const char* what) {
  std::vector<Term> terms;
  const bool divides = std::string(key) == "denominator";  // where nothing is pulled back
  std::vector<std::string> known = {"input", "kernel", "bias", "scale"};
  if (!divides) known.emplace_back("factor");
  for (const Json& entry : share.list(key)) {
    const Fields fields(entry, share.where(), share.place_of(fmt::format("{} {}", what, terms.size() + 1)), known);
    const Choices<Part> parts(kParts);
    Term term{fields.operand("input"), fields.choice("kernel", parts.first(parts.size() - 1), Part::kAll),
              fields.choice("bias", parts, Part::kNone), fields.number("scale", 1)};
    if (fields.has("factor")) term.factor = fields.operand("factor");
    terms.push_back(term);
  }
  return terms;
}

Share share_of(const Json& entry, const std::string& where, const std::string& place) {
  const Fields fields(entry, where, place, {"terms", "weight", "epsilon", "where", "denominator"});
  Share share;
  share.weight = fields.number("weight", 1);
  share.terms = terms_of(fields, "terms", "term");
  if (fields.has("denominator")) share.denominator = terms_of(fields, "denominator", "term of the denominator");
  share.epsilon = fields.number("epsilon", 0);
  if (share.epsilon < 0) fields.fail(fmt::format("'epsilon' must not be negative; got {}", share.epsilon));
  share.where = fields.choice("where", Choices<Where>(kWheres), Where::kAll);
  return share;
}

}  // namespace

Json read_json(const std::string& text, const std::string& parameter) {
  try {
    check_keys(text, parameter);
    return Json::parse(text);
  } catch (const Json::exception& error) {
    refuse_statement(parameter, fmt::format("is no JSON: {}; got {}", error.what(), text.substr(0, 80)));
  }
}

bool is_json(std::string_view text) { return text.find_first_of("[{") == text.find_first_not_of(" \t\r\n"); }

Rule stated_rule(const Json& statement, const std::string& where) {
  const Fields fields(statement, where, "the stated rule", {"name", "shares"});
  const std::string name = fields.text("name", "");
  if (name.empty()) fields.fail("needs a 'name', which `inspect` and the provenance show");
  std::vector<Share> shares;
  for (const Json& entry : fields.list("shares")) {
    shares.push_back(share_of(entry, where, fmt::format("rule {}, share {}", name, shares.size() + 1)));
  }
  return rule_of_shares(name, std::move(shares));
}

}  // namespace signxai::rules
