// One walk over a model definition that makes graph nodes and layer calls. Internal to the Keras importer: assemble.cpp
// walks once to see where a head function stands and, if it has to go, a second time without it.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "graph/builder.h"
#include "graph/network.h"
#include "importers/keras/model_def.h"
#include "importers/layers/layer.h"

namespace signxai::keras {

class Assembler {
 public:
  /// A value together with the call that made it, and its mask where it has one (LayerContext::mask).
  struct Tensor {
    graph::Value value;
    int producer = -1;
    graph::Value mask{};
  };

  /// The head function (softmax, sigmoid) of calls whose names are in `suppressed` is left out; such a call disappears
  /// if it did nothing else.
  Assembler(WeightSource& weights, std::set<std::string> suppressed)
      : weights_(weights), suppressed_(std::move(suppressed)) {}

  /// Makes all calls of the model. Throws Error(kUnsupported) with the list of layers that cannot be computed.
  void run(const ModelDef& model);

  /// Makes the calls of the layers that a model got since the last time, of those that can be made; for a model that is
  /// still being defined, layer by layer behind what it takes (nodes/shapes.h).
  void follow(const ModelDef& model);
  /// The shape of a result of such a call; none where it could not be made.
  std::optional<Shape> shape_of(const TensorRef& tensor) const;

  /// Without `probabilities` and `removed_head`. Leaves this object empty.
  graph::Network take();

  const graph::Network& network() const { return network_; }
  const graph::Builder& builder() const { return builder_; }
  /// The model's outputs in order, and the names that Keras gives them.
  const std::vector<Tensor>& outputs() const { return outputs_; }
  const std::vector<std::string>& output_names() const { return output_names_; }
  /// The head function of a call, or nullptr.
  const HeadFunction* head_of(int call) const;

 private:
  /// Where in the nesting of models a call is.
  struct Scope {
    std::string prefix;        ///< "outer/" ...
    std::string weight_group;  ///< the outermost model used as a layer; empty at the top
    std::size_t instance = 0;  ///< which call of the surrounding model this is
    WeightSource* weights = nullptr;
    int keras = 2;  ///< whose numbers functions have
  };
  using Results = std::map<CallRef, std::vector<Tensor>>;
  using Used = std::set<std::pair<CallRef, std::size_t>>;

  /// One call while it is imported.
  struct Site {
    const ModelDef& model;
    CallRef ref;
    const Scope& scope;
    const Used& used;  ///< which results of the model's calls are used
    const std::vector<Tensor>& inputs;
    std::vector<graph::Value> masks{};  ///< of the inputs, where they are arguments of the call

    const LayerDef& layer() const { return model.layers[ref.layer]; }
  };

  void walk(const ModelDef& model, const Scope& scope, Results& results);
  std::vector<Tensor> expand(const ModelDef& model, const Scope& scope, const std::vector<Tensor>& inputs);
  std::vector<Tensor> import_call(const Site& site);
  std::vector<Tensor> expand_composed(const LayerDef& layer, const Scope& scope, const WeightOwner& owner,
                                      const std::vector<Tensor>& inputs);
  std::vector<Tensor> import_layer(const Site& site, const std::string& name, WeightOwner owner);
  std::vector<Tensor> import_operation(const Site& site, const std::string& name, WeightOwner owner);
  LayerResult run_importer(const std::function<LayerResult(LayerContext&)>& importer, LayerContext& context);
  /// One call per result that somebody uses, so that none of them looks like an output of the model.
  std::vector<Tensor> record(const Site& site, const graph::LayerCall& call, const LayerResult& result);
  std::vector<graph::Value> masks_of(const Site& site, const LayerResult& result) const;
  graph::Value apply_inner_model(const Site& site, const Scope& scope, graph::Builder& builder, graph::Value input,
                                 std::vector<graph::Weight>& weights);
  Tensor at(const Results& results, const ModelDef& model, const TensorRef& ref, const std::string& user) const;
  std::vector<graph::Value> given_masks(const ModelDef& model, CallRef ref, const Results& results);
  void note_dtype(const Config& config);
  std::string unused_name(const std::string& base, std::size_t number);
  std::string unused_output_name(const std::string& base) const;

  WeightSource& weights_;
  std::set<std::string> suppressed_;
  graph::Builder builder_;
  graph::Network network_;
  std::vector<Tensor> outputs_;
  std::vector<std::string> output_names_;
  std::map<int, HeadFunction> heads_;
  std::set<std::string> names_;
  std::set<graph::Value> unmasked_;  ///< their masks were taken (LayerResult::takes_masks)
  std::size_t stops_ = 0;            ///< operations that stop the gradient
  std::size_t calls_ = 0;            ///< calls of models included
  std::vector<std::string> unsupported_;
  std::set<std::string> noted_dtypes_;
  Results followed_;
  std::size_t followed_layers_ = 0;
};

/// "name (Class): reason" for every layer that the table lacks, that is refused by its nature, or whose activation is
/// unknown. Looks into nested models.
void find_unsupported(const ModelDef& model, const std::string& prefix, std::vector<std::string>& found);
/// Throws Error(kUnsupported) with the list, if there is anything in it.
void throw_unsupported(const std::vector<std::string>& found, const std::string& subject);

}  // namespace signxai::keras
