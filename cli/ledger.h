// The conservation ledger as a table and in JSON.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "signxai/explainer.h"

namespace signxai::cli {

/// One ledger's accounts of one row of the maps: what was put in, a line per layer from the output to the input, what
/// was absorbed altogether, and what arrived, each also as a share of what was put in.
std::string ledger_table(const Ledger& ledger, std::size_t row);

/// {METHOD: {"put_in", "arrived", "bias", "epsilon", "other", "layers": [...]}} of one row of the maps.
nlohmann::ordered_json ledgers_document(const Explanation& explanation, std::size_t row);

}  // namespace signxai::cli
