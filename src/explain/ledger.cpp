// Reading of the ledger's table, in double precision.
#include "explain/ledger.h"

#include "reverse/ledger.h"
#include "signxai/error.h"

namespace signxai::explain {
namespace {

constexpr const char* kInputRule = "input";

}  // namespace

void check_ledger(const methods::Resolved& method) {
  if (method.def->walks && method.def->carries_amounts) return;
  const std::string reason = method.def->walks ? "what walks from the output to the input are multipliers, not amounts"
                                               : "it is no single walk from the output to the input";
  throw Error(ErrorCode::kInvalidArgument, "method", method.name,
              "has no ledger: " + reason + "; ledgers exist for LRP, SIGN and the methods of the gradient family");
}

Ledger open_ledger(const methods::Resolved& method, const graph::Network& network, const std::vector<int>& calls,
                   const reverse::Semantics& semantics) {
  const std::vector<std::string> treatments = methods::layer_treatments(method, network, semantics);
  Ledger ledger{method.name, {}, {}, {}};
  for (int index : calls) {
    const auto at = static_cast<std::size_t>(index);
    const graph::LayerCall& call = network.calls[at];
    const bool input = call.kind == graph::LayerKind::kInput || call.kind == graph::LayerKind::kEmbedding;
    ledger.rows.push_back({call.name,
                           input                ? kInputRule
                           : treatments.empty() ? ""
                                                : treatments[at],
                           {},
                           {},
                           {},
                           {},
                           {}});
  }
  return ledger;
}

void append_samples(Ledger& ledger, const Tensor& table) {
  const float* entry = table.data.data();
  for (std::int64_t n = 0; n < table.shape.front(); ++n) {
    double put_in = 0, arrived = 0;
    for (LedgerRow& row : ledger.rows) {
      const double seed = entry[0], from_above = entry[1], out = entry[2], bias = entry[3], epsilon = entry[4];
      const double in = seed + from_above;
      const bool input = row.rule == kInputRule;
      row.in.push_back(in);
      row.out.push_back(out);
      row.bias.push_back(bias);
      row.epsilon.push_back(epsilon);
      row.other.push_back(input ? 0 : in - out - bias - epsilon);
      put_in += seed;
      if (input) arrived += in;
      entry += reverse::Ledger::kColumns;
    }
    ledger.put_in.push_back(put_in);
    ledger.arrived.push_back(arrived);
  }
}

}  // namespace signxai::explain
