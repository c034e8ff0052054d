// A composite assigns a rule to every kernel layer: a list of entries, the first that matches wins.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "graph/network.h"
#include "rules/rule.h"

namespace signxai::rules {

struct Entry {
  std::function<bool(const graph::Network&, int call)> matches;
  Rule rule;
};

struct Composite {
  std::vector<Entry> entries;
  /// The rule of a kernel layer, or nullptr when no entry matches.
  const Rule* find(const graph::Network& network, int call) const;
};

/// Every kernel layer.
bool any_layer(const graph::Network& network, int call);
/// Kernel layers all of whose producers, looking through Flatten, Permute, Reshape and ZeroPadding, are inputs.
/// Anything else in between (BatchNormalization, Dropout, Rescaling ...) keeps the input rule away, as in the
/// reference; `input_rule_blockers` names what stands there.
bool is_input_layer(const graph::Network& network, int call);
/// Kernel layers with no other kernel layer below them, whatever else stands there: what an input rule is meant for.
bool is_first_kernel(const graph::Network& network, int call);
/// Names of the layers between the model's inputs and its first kernel layers that keep an input rule from applying.
std::vector<std::string> input_rule_blockers(const graph::Network& network);
/// Layers of class Dense.
bool is_dense(const graph::Network& network, int call);
/// Producer steps down to an input layer in the sense of is_input_layer, skipping Flatten, Permute and Reshape.
int depth_of(const graph::Network& network, int call);

/// The LRP step of the reverse driver.
class LrpStep : public reverse::Step {
 public:
  explicit LrpStep(Composite composite) : composite_(std::move(composite)) {}
  std::vector<Value> pull(const reverse::Site& site, std::span<const Value> incoming) const override;

 private:
  Composite composite_;
};

/// What LRP does at a call, for `inspect`: the rule's label, or "pass-through", "gradient", "sum", "batch norm" ...
std::string treatment(const Composite& composite, const graph::Network& network, int call);

}  // namespace signxai::rules
