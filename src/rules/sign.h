// Sign functions of SIGN (Gumpfer et al. 2023, doi 10.1016/j.inffus.2023.101883), shared by rules and methods.
#pragma once

#include "graph/builder.h"
#include "reverse/semantics.h"

namespace signxai::rules {

/// s(x) = x / |x|, with +1 where that is undefined: for 0, NaN and both infinities.
graph::Value sign_of(graph::Builder& builder, graph::Value x);

/// `low` below mu, `high` from mu on. The reference does it in two steps, entries below mu first and then what is not
/// below mu, so that with mu <= low every entry becomes `high` (SEMANTICS Q13).
graph::Value sign_of_threshold(graph::Builder& builder, graph::Value x, graph::Value mu, double low, double high,
                               const reverse::Semantics& semantics);

}  // namespace signxai::rules
