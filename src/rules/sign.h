// Sign functions of SIGN (Gumpfer et al. 2023, doi 10.1016/j.inffus.2023.101883), shared by rules and methods.
#pragma once

#include "graph/builder.h"

namespace signxai::rules {

/// s(x) = x / |x|, with +1 where that is undefined: for 0, NaN and both infinities.
graph::Value sign_of(graph::Builder& builder, graph::Value x);

/// Two steps in this order: entries below mu become `low`, then entries not below mu become `high`; so with mu <= low
/// every entry becomes `high`, as in the reference.
graph::Value sign_of_threshold(graph::Builder& builder, graph::Value x, graph::Value mu, double low, double high);

}  // namespace signxai::rules
