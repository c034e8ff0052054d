// A composite assigns rules to layers: a list of entries, the first that matches wins. Every kernel layer needs a rule;
// other layers have a treatment of their own (SEMANTICS 8), which an entry may replace.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "graph/network.h"
#include "rules/rule.h"

namespace signxai::rules {

using Matches = std::function<bool(const graph::Network&, int call)>;

struct Entry {
  Matches matches;
  Rule rule;
  std::string
      origin{};  ///< what the user wrote to get it, "layer_map conv2d"; empty for the entries of the method itself
};

struct Composite {
  std::vector<Entry> entries;
  bool rectifies_heads = false;    ///< relevance begins with max(f, 0), at the selected neuron and nowhere else
  bool merges_batch_norm = false;  ///< a batch normalisation right behind a kernel layer counts as part of it
  /// The first entry that matches a layer its rule is defined for, or nullptr.
  const Entry* find(const graph::Network& network, int call) const;
};

/// Every kernel layer.
bool any_layer(const graph::Network& network, int call);
/// Kernel layers all of whose producers, looking through Flatten, Permute, Reshape and ZeroPadding, are inputs.
/// Anything else in between (BatchNormalization, Dropout, Rescaling ...) keeps the input rule away, as in the
/// reference; `input_rule_blockers` names what stands there.
bool is_input_layer(const graph::Network& network, int call);
/// Kernel layers with no other kernel layer below them, whatever else stands there: what an input rule is meant for.
bool is_first_kernel(const graph::Network& network, int call);
/// Kernel layers with no other kernel layer above them.
bool is_last_kernel(const graph::Network& network, int call);
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

/// What LRP does at a call, for `inspect`: the rule's label with the entry it comes from, or "pass-through",
/// "gradient", "share by contribution", "batch norm" ...
std::string treatment(const Composite& composite, const graph::Network& network, int call,
                      const reverse::Semantics& semantics);

}  // namespace signxai::rules
