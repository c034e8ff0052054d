// Where layer importers get weights from: the seam between the layers and the containers that weights come in.
// Not safe for concurrent use; the literals that come out are.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "graph/types.h"
#include "signxai/error.h"

namespace signxai::keras {

/// Whose weights: a layer, found in a group of the file. Layers of a nested model share the group of the outermost one.
struct WeightOwner {
  std::string group;
  std::string layer;
  bool nested = false;
  std::string path;     ///< "outer/inner": the layer's name in the network
  std::string subject;  ///< for messages: "outer/inner (Dense)"
};

class WeightSource {
 public:
  virtual ~WeightSource() = default;
  /// The weight of that position in the layer's list. Its shape is compared with `expected` before anything is read;
  /// throws Error(kCorruptFile) when it differs or there is none.
  virtual graph::Literal read(const WeightOwner& owner, std::size_t position, const std::string& role,
                              const Shape& expected) = 0;
  /// Throws Error(kCorruptFile) when the layer has more than `used` weights.
  virtual void finish(const WeightOwner& owner, std::size_t used) = 0;
  /// Whether the source knows weights of this very layer.
  virtual bool holds(const WeightOwner&) { return false; }
  /// How many weights the layer has in the source; 0 where it is not known there.
  virtual std::size_t count(const WeightOwner&) { return 0; }
  /// The shapes of the layer's weights in order; none where it is not known there.
  virtual std::vector<Shape> shapes(const WeightOwner&) { return {}; }
  /// What there is to tell of the weights that were read.
  virtual std::vector<std::string> notes() const { return {}; }
};

/// What a container says of a weight without reading it.
struct WeightInfo {
  std::string name;  ///< "dense/kernel:0"; may be empty
  Shape shape;
  std::size_t id = 0;  ///< what the container knows it by
};

/// The usual source: an ordered list of weights for each layer. Derived classes only list and load.
class ListedWeights : public WeightSource {
 public:
  graph::Literal read(const WeightOwner& owner, std::size_t position, const std::string& role,
                      const Shape& expected) override;
  void finish(const WeightOwner& owner, std::size_t used) override;
  std::size_t count(const WeightOwner& owner) override { return layer_of(owner).weights.size(); }
  std::vector<Shape> shapes(const WeightOwner& owner) override;

 protected:
  /// The layer's weights in Keras's order; nothing if the source does not know the layer.
  virtual std::optional<std::vector<WeightInfo>> list(const WeightOwner& owner) = 0;
  /// The elements of a weight; `name` becomes the literal's name.
  virtual graph::Literal load(const WeightOwner& owner, const WeightInfo& info, const std::string& name) = 0;
  /// What to say of a layer that list() does not know.
  virtual std::string absence(const WeightOwner& owner) const = 0;
  /// Of the errors.
  virtual ErrorCode code() const { return ErrorCode::kCorruptFile; }

 private:
  struct Layer {
    bool found = false;
    std::vector<WeightInfo> weights;
  };
  const Layer& layer_of(const WeightOwner& owner);
  [[noreturn]] void fail(const WeightOwner& owner, const std::string& message) const;

  std::map<std::string, Layer> layers_;                                   ///< by path
  std::map<std::pair<std::string, std::size_t>, graph::Literal> loaded_;  ///< a shared layer reads once
};

/// Groups as Keras 2 writes them: one per layer of the outermost model, with the weights of all layers inside it.
class GroupedWeights : public ListedWeights {
 protected:
  /// The weights of a group in the order of the file; nothing if there is no such group.
  virtual std::optional<std::vector<WeightInfo>> list_group(const std::string& group) const = 0;
  /// The elements of weight `index` of a group.
  virtual graph::Literal load_from(const std::string& group, std::size_t index, const std::string& name) = 0;

 private:
  std::optional<std::vector<WeightInfo>> list(const WeightOwner& owner) final;
  graph::Literal load(const WeightOwner& owner, const WeightInfo& info, const std::string& name) final;
  std::string absence(const WeightOwner& owner) const final;

  std::map<std::string, std::optional<std::vector<WeightInfo>>> groups_;
};

}  // namespace signxai::keras
