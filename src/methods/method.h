// Explanation methods: a method extends the graph of a bound network with the operations that compute its map. To add
// a method: one file here, one line in the table of registry.cpp; its public names follow from names.cpp and
// grammar.cpp.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/builder.h"
#include "graph/network.h"
#include "reverse/driver.h"
#include "rules/composite.h"
#include "signxai/extensions.h"
#include "signxai/method.h"
#include "signxai/tensor.h"

namespace signxai::methods {

using graph::Value;

/// The bound network a method extends; `builder` continues the network's graph.
struct MethodSite {
  graph::Builder& builder;
  const graph::Network& network;
  reverse::Start start;  ///< which neurons of which calls are explained, and in which semantics
  /// The call whose relevance is asked for: an input of the model, an embedding (both at their output), or any other
  /// layer (at its input).
  int place;

  const graph::LayerCall& call() const { return network.calls[static_cast<std::size_t>(place)]; }
  /// The value that the map belongs to.
  Value input() const { return at_output() ? call().output : call().inputs.front(); }
  bool at_output() const { return call().inputs.empty() || call().kind == graph::LayerKind::kEmbedding; }
  /// The one output that is explained. Throws Error(kInvalidArgument) where there are several.
  Value output() const;
  /// What a walk of the step finds at `input()`; zeros where nothing arrives.
  Value relevance(const reverse::Step& step) const;
};

/// What a wrapping method does around the graph's map: it evaluates the map at `count` points per sample and takes the
/// mean of these maps, or their population variance. All spans have the sample's size.
struct Sampling {
  /// Methods of one family and equal parameters are evaluated at the same points.
  std::string_view family;
  int count = 1;
  bool variance = false;
  /// Asked for index 0, 1, ... count - 1 of one sample after the other.
  std::function<void(int index, std::span<const float> x, std::span<float> point)> point;
  /// May be null.
  std::function<void(std::span<const float> x, std::span<double> mean)> finish;
};

/// Raw graph outputs of one sample -> the map of that sample, where something is left to do outside the graph.
using Finish = std::function<Tensor(std::span<const Tensor> raw, const Shape& sample_shape)>;

/// The composite of a method of the LRP family on a network. Throws Error where parameters do not fit the network.
using CompositeOf = rules::Composite (*)(const graph::Network&, const Parameters&, const reverse::Semantics&);

struct MethodDef {
  std::string name;
  std::vector<ParameterInfo> parameters;
  std::string description;  ///< formula and paper, one or two sentences
  /// Values that make up the map; usually one, of the input's shape. Null: the relevance by `composite`.
  std::vector<Value> (*build)(const MethodSite&, const Parameters&) = nullptr;
  Sampling (*sampling)(const Parameters&) = nullptr;
  Finish (*finish)(const Parameters&, const reverse::Semantics&) = nullptr;
  /// What the user should know about this method on this network; may be null.
  std::vector<std::string> (*notes)(const graph::Network&, const Parameters&, const MethodDef&,
                                    const reverse::Semantics&) = nullptr;
  /// One walk from the heads to the place: takes explained_layer_names, stop_mapping_at_layers and r_init.
  bool walks = false;
  /// Sums over what such a walk carries say something, so that a ledger can be kept; multipliers are no amounts.
  bool carries_amounts = true;
  CompositeOf composite = nullptr;
  /// Refuses parameters that fit no network; may be null.
  void (*check)(const Parameters&) = nullptr;
};

/// Product with the input or a sign of it, applied to the finished map.
enum class Factor { kNone, kInput, kSign, kSignMu, kInputSign };

/// What the product takes besides the parameters of the map.
std::span<const ParameterInfo> factor_parameters(Factor factor);

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
  bool ledger = false;  ///< whether the walk's accounts are asked for
  /// The caller's own method, which is computed outside the graph; null: a built-in one.
  std::shared_ptr<const UserMethod> user{};

  std::vector<Value> build(const MethodSite& site) const;
  /// `parameters` but those of the product, which is made of a finished map.
  Parameters of_map() const;
  /// The product that the name asks for, outside the graph: for methods that sample, at the sample itself.
  void multiply(std::span<const float> x, std::span<double> map, const reverse::Semantics& semantics) const;
  /// Calls whose relevance is asked for: the inputs of the model (Network::places_of), or the layers that
  /// explained_layer_names lists.
  std::vector<int> places(const graph::Network& network) const;
  /// `start` with what the parameters say of heads (besides those it has) and seed.
  reverse::Start begin(const graph::Network& network, reverse::Start start) const;
  std::vector<std::string> notes(const graph::Network& network, const reverse::Semantics& semantics = {}) const;
};

std::span<const MethodDef> definitions();
/// Checks name and parameters; throws Error(kInvalidArgument).
Resolved resolve(std::string_view name, const Parameters& parameters);
/// The same with the caller's own methods, rules and composites; null: none.
Resolved resolve(std::string_view name, const Parameters& parameters, const Extensions* extensions);
/// Throws Error(kInvalidArgument) where parameters are not those of `infos`, or are missing.
void check_parameters(std::string_view name, const std::vector<ParameterInfo>& infos, const Parameters& fixed,
                      const Parameters& given);
/// Throws Error(kInvalidArgument) with near names, also of `own`.
[[noreturn]] void refuse_name(std::string_view name, const std::vector<std::string>& own = {});
/// What a name stands for by the grammar; an empty base means that it is none.
ParsedName parse_name(std::string_view name);
/// The listed public names.
std::span<const std::string_view> listed_names();

// One function per file.
std::vector<MethodDef> gradient_methods();
MethodDef integrated_gradients_method();
std::vector<MethodDef> smoothgrad_methods();
MethodDef random_uniform_method();
std::vector<MethodDef> grad_cam_methods();
std::vector<MethodDef> lrp_methods();
std::vector<MethodDef> preset_methods();
std::vector<MethodDef> deep_taylor_methods();
MethodDef deeplift_method();

/// "What LRP does" per layer, for `inspect`; empty when the method is not of the LRP family.
std::vector<std::string> layer_treatments(const Resolved& method, const graph::Network& network,
                                          const reverse::Semantics& semantics = {});

}  // namespace signxai::methods
