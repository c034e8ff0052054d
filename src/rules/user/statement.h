// What users write as JSON: reading it, and rules that are stated by their terms (docs/composites.md, terms.h).
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "rules/rule.h"

namespace signxai::rules {

using Json = nlohmann::ordered_json;

/// The document. Throws Error(kInvalidArgument) naming `parameter`: no JSON, a key twice in one object.
Json read_json(const std::string& text, const std::string& parameter);

/// Whether a text is JSON and not a name.
bool is_json(std::string_view text);

/// {"name": ..., "shares": [{"terms": [...], ...}, ...]}. Throws Error(kInvalidArgument) about `where`, with the place
/// in the statement, what was found and what is expected.
Rule stated_rule(const Json& statement, const std::string& where);

}  // namespace signxai::rules
