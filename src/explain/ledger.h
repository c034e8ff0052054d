// From the table that a compiled walk returns to the public ledger.
#pragma once

#include <vector>

#include "graph/network.h"
#include "methods/method.h"
#include "signxai/explainer.h"

namespace signxai::explain {

/// Throws Error(kInvalidArgument) for methods that are no single walk.
void check_ledger(const methods::Resolved& method);

/// A ledger without samples whose rows belong to `calls`.
Ledger open_ledger(const methods::Resolved& method, const graph::Network& network, const std::vector<int>& calls,
                   const reverse::Semantics& semantics);
/// Adds the samples of one chunk: `table` (samples, entries) is what reverse::Ledger::table computed.
void append_samples(Ledger& ledger, const Tensor& table);

}  // namespace signxai::explain
