// Text and JSON of ledgers.
#include "ledger.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "console.h"

namespace signxai::cli {
namespace {

using Json = nlohmann::ordered_json;

/// What all layers absorbed.
struct Totals {
  double bias = 0, epsilon = 0, other = 0;
};

Totals totals_of(const Ledger& ledger, std::size_t row) {
  Totals totals;
  for (const LedgerRow& layer : ledger.rows) {
    totals.bias += layer.bias[row];
    totals.epsilon += layer.epsilon[row];
    totals.other += layer.other[row];
  }
  return totals;
}

/// The largest number of the accounts; what is a millionth of it or less is rounding.
double largest_of(const Ledger& ledger, std::size_t row) {
  double largest = 0;
  for (const LedgerRow& layer : ledger.rows) {
    for (const auto* list : {&layer.in, &layer.out, &layer.bias, &layer.epsilon}) {
      largest = std::max(largest, std::fabs((*list)[row]));
    }
  }
  return largest;
}

std::string share(double value, double whole) {
  return whole == 0 ? "-" : fmt::format("{:.2f} %", 100 * value / whole);
}

}  // namespace

std::string ledger_table(const Ledger& ledger, std::size_t row) {
  const double put_in = ledger.put_in[row], arrived = ledger.arrived[row];
  std::vector<std::vector<std::string>> lines = {{"layer", "rule", "in", "out", "bias", "epsilon", "other", "share"}};
  lines.push_back({"put in", "", short_number(put_in), "", "", "", "", share(put_in, put_in)});
  const auto rest = [limit = 1e-6 * largest_of(ledger, row)](double other) {
    return short_number(std::fabs(other) <= limit ? 0 : other);
  };
  for (const LedgerRow& layer : ledger.rows) {
    lines.push_back({layer.layer, layer.rule, short_number(layer.in[row]), short_number(layer.out[row]),
                     short_number(layer.bias[row]), short_number(layer.epsilon[row]), rest(layer.other[row]),
                     share(layer.in[row], put_in)});
  }
  const Totals totals = totals_of(ledger, row);
  lines.push_back({"absorbed", "", short_number(totals.bias + totals.epsilon + totals.other), "",
                   short_number(totals.bias), short_number(totals.epsilon), rest(totals.other),
                   share(totals.bias + totals.epsilon + totals.other, put_in)});
  lines.push_back({"arrived", "", short_number(arrived), "", "", "", "", share(arrived, put_in)});
  return table(lines);
}

Json ledgers_document(const Explanation& explanation, std::size_t row) {
  Json document = Json::object();
  for (const Ledger& ledger : explanation.ledgers) {
    const Totals totals = totals_of(ledger, row);
    Json layers = Json::array();
    for (const LedgerRow& layer : ledger.rows) {
      layers.push_back({{"layer", layer.layer},
                        {"rule", layer.rule},
                        {"in", layer.in[row]},
                        {"out", layer.out[row]},
                        {"bias", layer.bias[row]},
                        {"epsilon", layer.epsilon[row]},
                        {"other", layer.other[row]}});
    }
    document[ledger.method] = {{"put_in", ledger.put_in[row]}, {"arrived", ledger.arrived[row]},
                               {"bias", totals.bias},          {"epsilon", totals.epsilon},
                               {"other", totals.other},        {"layers", std::move(layers)}};
  }
  return document;
}

}  // namespace signxai::cli
