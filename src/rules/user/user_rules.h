// What users write to choose rules: layer maps and composites in JSON (docs/composites.md), and lists of rules.
#pragma once

#include <string>
#include <vector>

#include "rules/composite.h"

namespace signxai::rules {

/// Which layers a text means: a keyword (first, last, conv, activation, sum, average_pooling, batch_norm, any), the
/// class of a layer in any case and with or without "_" (Conv2D, conv2d, depthwise_conv2d), a layer name, or a name
/// pattern with
/// * ? [..]. "class:" or "name:" in front decides between equal ones; otherwise a class of this network goes first.
struct Selector {
  Matches matches;
  bool is_layer = false;  ///< one layer by its whole name
};

/// Throws Error(kNotFound) with near names when nothing in the network is meant; a keyword and what begins with
/// "class:" may mean nothing where `may_be_empty`.
Selector select_layers(const std::string& text, const graph::Network& network, const std::string& parameter,
                       bool may_be_empty);

/// One entry per key of a JSON object: layers -> rule. In the order of the text.
struct UserEntry {
  Entry entry;
  bool is_layer;
};
/// Throws Error(kInvalidArgument): no JSON object, a key twice, an unknown rule or parameter; Error(kNotFound): a key
/// that matches no layer; both name what is near.
std::vector<UserEntry> read_layer_map(const std::string& json, const graph::Network& network);

/// A JSON list of entries {"match": layers, "rule": name, parameters}. Throws as read_layer_map, but
/// keywords and what begins with "class:" may match nothing.
std::vector<Entry> read_composite(const std::string& json, const graph::Network& network);

/// One rule per kernel layer, the first for the layer nearest to the input. Throws Error(kInvalidArgument) when their
/// number is not that of the kernel layers.
std::vector<Entry> rule_list(const std::vector<std::string>& names, const Parameters& parameters,
                             const graph::Network& network);

/// Entries that the user wrote and that no layer falls to, because others before them take their layers.
std::vector<std::string> unused_entries(const Composite& composite, const graph::Network& network);

/// Checks that the text is well formed, without a network.
void check_layer_map(const std::string& json);
void check_composite(const std::string& json);

}  // namespace signxai::rules
