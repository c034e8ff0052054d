// How LRP treats layers without a kernel (SEMANTICS 8). One file per kind.
#pragma once

#include "reverse/driver.h"

namespace signxai::rules {

using graph::Value;

/// Batch normalisation: R_in = x (y - beta) R / ((x - mean) y + 1e-7 sign), per sample.
Value through_batch_norm(const reverse::Site& site, Value relevance);
/// Sum layers share by contribution: R_i = x_i R / sum_k x_k.
std::vector<Value> through_add(const reverse::Site& site, Value relevance);
/// Average pooling is a linear map without bias under the Z rule: R_in = x * VJP(P; R / Px).
Value through_average_pool(const reverse::Site& site, Value relevance);
/// Recurrence, attention, normalisation, products, reductions: rule by rule through the operations (detached.h).
std::vector<Value> through_whole_layer(const reverse::Site& site, Value relevance);
/// What that does at the call, in words; nullptr where the layer only moves values or changes each for itself.
const char* whole_layer_treatment(const graph::Graph& graph, const graph::LayerCall& call);

}  // namespace signxai::rules
