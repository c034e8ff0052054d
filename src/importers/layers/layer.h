// How a Keras layer becomes graph nodes. One LayerImporter per class, all in one table (table.cpp); what an importer
// may see of the model is a LayerContext. To add a layer: a function in one file here, a declaration and a line in the
// table.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/builder.h"
#include "graph/network.h"
#include "importers/keras/call_arguments.h"
#include "importers/keras/config.h"
#include "importers/weights/weight_source.h"

namespace signxai::keras {

/// A function that turns logits into scores; if it stands at the end of the model it is left out.
struct HeadFunction {
  enum class Kind { kSoftmax, kLogSoftmax, kSigmoid };
  Kind kind = Kind::kSoftmax;
  std::int64_t axis = -1;  ///< counted from the first axis
  std::string form;        ///< "fused activation", "Activation layer", "Softmax layer"
};

struct LayerResult {
  graph::Value kernel_output;  ///< before the fused activation
  graph::Value output;
  std::string activation{};  ///< as in graph::LayerCall
  std::optional<HeadFunction> head{};
  std::vector<graph::Value> more{};   ///< further outputs: states of a recurrent layer, scores of attention
  std::vector<graph::Value> masks{};  ///< of the outputs in order, where the layer says so itself; invalid: none
  bool takes_masks = false;           ///< the inputs carry their masks no further, to no other layer either
  std::string stands_for{};           ///< the class whose layer this one is to rules, where it only wraps one

  /// A layer without fused activation.
  static LayerResult plain(graph::Value value) { return {value, value}; }
};

/// Applies a model that is part of a layer; `builder` is where its nodes go. Gives the first output.
using InnerModel = std::function<graph::Value(graph::Builder& builder, graph::Value input)>;

/// One call of one layer, as its importer sees it. Lives for the time of the import only.
class LayerContext {
 public:
  LayerContext(graph::Builder& builder, const Config& config, WeightSource& source, WeightOwner owner,
               std::vector<graph::Value> inputs, std::vector<std::string>& notes);

  graph::Builder& builder() { return builder_; }
  const Config& config() const { return config_; }
  const std::string& name() const { return owner_.path; }
  const std::string& subject() const { return owner_.subject; }

  const std::vector<graph::Value>& inputs() const { return inputs_; }
  /// The mask of an input, [N, steps] with 1 where a step counts and 0 where not; invalid: every step counts. It is an
  /// argument of the call, or else what the input carries along.
  graph::Value mask(std::size_t input = 0) const {
    return mask_given(input) ? given_masks_[input] : carried_mask(input);
  }
  bool mask_given(std::size_t input = 0) const { return input < given_masks_.size() && given_masks_[input]; }
  graph::Value carried_mask(std::size_t input = 0) const {
    return input < carried_masks_.size() ? carried_masks_[input] : graph::Value{};
  }
  void set_masks(std::vector<graph::Value> carried, std::vector<graph::Value> given) {
    carried_masks_ = std::move(carried), given_masks_ = std::move(given);
  }
  /// The one input of a layer that takes one; its rank must lie in the range.
  graph::Value input(std::size_t min_rank = 1, std::size_t max_rank = 8) const;
  /// For layers that take arguments by name: the tensors given for one, none where it is left out.
  std::vector<graph::Value> argument(std::string_view name) const;
  /// The index of the first of them among the inputs; their number where there is none.
  std::size_t index_of(std::string_view name) const;
  /// The arguments that are no tensors.
  Config options() const { return Config(call_.options, owner_.subject, config_.keras()); }
  void set_call(CallArguments call) { call_ = std::move(call); }

  const Shape& shape(graph::Value value) const { return builder_.shape(value); }
  /// An extent of the input that the layer's weights depend on, so that it may not be open.
  std::int64_t known_extent(graph::Value value, std::size_t axis) const;
  /// A Keras axis (negative ones count from the end) as index; the batch axis is refused.
  std::size_t axis(std::int64_t keras_axis, std::size_t rank, std::string_view key) const;

  /// The layer's next weight in the order of the file, which must have that shape.
  graph::Literal literal(const std::string& role, const Shape& expected);
  /// The same, noted as weight of the call.
  graph::Literal noted(const std::string& role, const Shape& expected);
  /// The same as a constant of the graph.
  graph::Value weight(const std::string& role, const Shape& expected);
  /// Notes a value as weight of the call.
  void add_weight(const std::string& role, graph::Value value) { weights_.push_back({role, value}); }

  /// A layer inside this one, by its entry {"class_name": ..., "config": ...}. Its weights are the next ones of this
  /// layer, its nodes go into `builder`, which may be that of a region. Refused where the class is not known.
  LayerResult inner(const Json& entry, graph::Builder& builder, std::vector<graph::Value> inputs);
  /// The same, where the caller knows what to do with the inner layer's context. `entry` and `config` must live on.
  LayerContext inner_context(const Config& config, const std::string& class_name, graph::Builder& builder,
                             std::vector<graph::Value> inputs);
  /// The same with weights of its own, of which this layer's list is made.
  LayerContext inner_context(const Config& config, const std::string& class_name, WeightSource& source);
  /// Refuses an entry that is none of Keras's own layers.
  void refuse_foreign(const Json& entry) const;
  WeightSource& source() { return source_; }
  const WeightOwner& owner() const { return owner_; }
  /// Takes over what an inner context took: weights, and the place in the list of weights.
  void close_inner(LayerContext& inner);
  /// The same, with another place in this layer's list.
  void close_inner(LayerContext& inner, std::size_t taken);
  std::size_t taken() const { return taken_; }
  /// The model inside this layer, if it is one that has such; the model's layers have their own lists of weights.
  const InnerModel& inner_model() const { return inner_model_; }
  void set_inner_model(InnerModel model) { inner_model_ = std::move(model); }

  /// Leave out the head function of this call.
  void suppress_head() { suppress_head_ = true; }
  bool head_suppressed() const { return suppress_head_; }

  void note(const std::string& text) { notes_.push_back(owner_.subject + ": " + text); }
  /// The layer cannot be computed by this version; all such reasons of a model are reported together.
  [[noreturn]] void refuse(const std::string& reason) const;
  /// The configuration contradicts itself or the model.
  [[noreturn]] void corrupt(const std::string& message) const;

  /// After the import: the weights that were taken; throws if the file has more.
  std::vector<graph::Weight> finish();

 private:
  graph::Builder& builder_;
  graph::Builder* weights_builder_;  ///< that of the network, where weights are noted
  const Config& config_;
  WeightSource& source_;
  WeightOwner owner_;
  std::vector<graph::Value> inputs_;
  std::vector<graph::Value> carried_masks_{}, given_masks_{};
  InnerModel inner_model_{};
  std::vector<std::string>& notes_;
  std::vector<graph::Weight> weights_;
  std::size_t taken_ = 0;
  CallArguments call_;
  bool suppress_head_ = false;
};

/// What becomes of the mask of a layer's input where the layer does not say it itself (`supports_masking` of Keras).
enum class Masks {
  kDropped,
  kKept,
  kKeptByKeras3,  ///< and dropped by Keras 2
};

struct LayerImporter {
  std::string_view class_name;
  graph::LayerKind kind = graph::LayerKind::kOther;
  LayerResult (*import)(LayerContext&) = nullptr;
  Masks masks = Masks::kDropped;
  /// Inner layers that hold its weights, in order, by the names that archives have for them, perhaps behind "_".
  std::span<const std::string_view> parts{};
  std::span<const std::string_view> arguments{};  ///< of its call, in order, where it takes several by name
};

/// Every layer class that can be imported, in alphabetical order.
std::span<const LayerImporter> layer_table();
const LayerImporter* find_layer(std::string_view class_name);
/// Whether keras.applications defines the class beside its networks. HDF5 files do not say whose class of that name it
/// is, so what a caller states of it counts.
bool is_of_applications(std::string_view class_name);

/// 1 where the value is not that number, else 0; with `any` along the last axis: where any of the numbers is not.
graph::Value differs(graph::Builder& builder, graph::Value value, double number, bool any);

/// Whether the layout of an image or series layer has its channels before the spatial axes.
bool channels_first(const LayerContext& context);
/// [N, C, s...] to [N, s..., C] and back.
graph::Value to_channels_last(graph::Builder& builder, graph::Value value);
graph::Value to_channels_first(graph::Builder& builder, graph::Value value);

}  // namespace signxai::keras
