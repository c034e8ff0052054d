// Entries of the ledger as graph operations.
#include "reverse/ledger.h"

namespace signxai::reverse {

using graph::Value;

Value Ledger::per_sample(graph::Builder& builder, Value value) {
  return builder.reduce("reduce_sum", builder.reshape(value, {0, -1}), {1}, true);
}

void Ledger::add(graph::Builder& builder, Value& entry, Value value) {
  const Value sum = per_sample(builder, value);
  entry = entry ? builder.add(entry, sum) : sum;
}

Value Ledger::table(graph::Builder& builder, std::int64_t batch) const {
  const Value zero = builder.broadcast(builder.constant(0.0), {batch, 1});
  std::vector<Value> parts;
  for (const Row& row : rows_) {
    for (Value entry : {row.seed, row.arrived, row.handed_on, row.bias, row.stabiliser}) {
      parts.push_back(entry ? builder.broadcast(entry, {batch, 1}) : zero);
    }
  }
  constexpr std::size_t kJoined = 1000;  // inputs that one concatenation takes
  while (parts.size() > 1) {
    std::vector<Value> joined;
    for (std::size_t i = 0; i < parts.size(); i += kJoined) {
      const auto end = std::min(i + kJoined, parts.size());
      joined.push_back(builder.make(
          "concat", {parts.begin() + static_cast<std::ptrdiff_t>(i), parts.begin() + static_cast<std::ptrdiff_t>(end)},
          {{"axis", std::int64_t{1}}}));
    }
    parts = std::move(joined);
  }
  return parts.front();
}

}  // namespace signxai::reverse
