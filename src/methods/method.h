// Explanation methods: a method extends the graph of a bound network with the operations that compute its map. To add
// a method: one file here, one line in the table of registry.cpp; its public names follow from names.cpp and grammar.cpp.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/builder.h"
#include "graph/network.h"
#include "reverse/selection.h"
#include "signxai/method.h"
#include "signxai/tensor.h"

namespace signxai::methods {

using graph::Value;

/// The bound network a method extends; `builder` continues the network's graph.
struct MethodSite {
  graph::Builder& builder;
  const graph::Network& network;
  reverse::Selection selection;
  bool selects_max;  ///< the target is the largest output, found at run time
  bool selects_all;

  Value input() const { return network.calls.front().output; }
  Value output() const { return network.calls[static_cast<std::size_t>(network.outputs.front())].output; }
};

/// What a wrapping method does around the graph's map: it evaluates the map at `count` points per sample and joins
/// them. All spans have the sample's size.
struct Sampling {
  int count = 1;
  std::function<void(int index, std::span<const float> x, std::span<float> point)> point;
  std::function<void(std::span<const float> x, std::span<double> mean)> finish;
};

/// Raw graph outputs of one sample -> the map of that sample, where something is left to do outside the graph.
using Finish = std::function<Tensor(std::span<const Tensor> raw, const Shape& sample_shape)>;

struct MethodDef {
  std::string name;
  std::vector<ParameterInfo> parameters;
  std::string description;  ///< formula and paper, one or two sentences
  /// Values that make up the map; usually one, of the input's shape.
  std::vector<Value> (*build)(const MethodSite&, const Parameters&);
  Sampling (*sampling)(const Parameters&) = nullptr;
  Finish (*finish)(const Parameters&) = nullptr;
  /// What the user should know about this method on this network; may be null.
  std::vector<std::string> (*notes)(const graph::Network&, const Parameters&) = nullptr;
};

/// Product with the input or a sign of it, applied to the finished map.
enum class Factor { kNone, kInput, kSign, kSignMu };

/// A name with everything it stands for.
struct ParsedName {
  std::string base;
  Parameters fixed;
  Factor factor = Factor::kNone;
};

/// A method ready to be compiled; `parameters` holds what the name fixes and what the caller gave.
struct Resolved {
  std::string name;
  const MethodDef* def;
  Parameters parameters;
  Factor factor;

  std::vector<Value> build(const MethodSite& site) const;
  std::vector<std::string> notes(const graph::Network& network) const;
};

std::span<const MethodDef> definitions();
/// Checks name and parameters; throws Error(kInvalidArgument).
Resolved resolve(std::string_view name, const Parameters& parameters);
/// What a name stands for by the grammar; an empty base means that it is none.
ParsedName parse_name(std::string_view name);
/// The listed public names.
std::span<const std::string_view> listed_names();

// One function per file.
std::vector<MethodDef> gradient_methods();
MethodDef integrated_gradients_method();
std::vector<MethodDef> grad_cam_methods();
std::vector<MethodDef> lrp_methods();

/// "What LRP does" per layer, for `inspect`; empty when the method is not of the LRP family.
std::vector<std::string> layer_treatments(const Resolved& method, const graph::Network& network);

}  // namespace signxai::methods
