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
};

/// What a container says of a weight without reading it.
struct WeightInfo {
  std::string name;  ///< "dense/kernel:0"
  Shape shape;
};

/// The usual source: groups with ordered lists of weights. Derived classes only list and load.
class ListedWeights : public WeightSource {
 public:
  graph::Literal read(const WeightOwner& owner, std::size_t position, const std::string& role,
                      const Shape& expected) override;
  void finish(const WeightOwner& owner, std::size_t used) override;

 protected:
  /// The weights of a group in the order of the file; nothing if there is no such group.
  virtual std::optional<std::vector<WeightInfo>> list(const std::string& group) const = 0;
  /// The elements of weight `index` of a group; `name` becomes the literal's name.
  virtual graph::Literal load(const std::string& group, std::size_t index, const std::string& name) const = 0;

 private:
  struct Group {
    bool found = false;
    std::vector<WeightInfo> weights;
  };
  const Group& group_of(const WeightOwner& owner);
  /// Indices, within the group, of the weights that belong to the layer.
  std::vector<std::size_t> indices_of(const WeightOwner& owner);

  std::map<std::string, Group> groups_;
  std::map<std::pair<std::string, std::size_t>, graph::Literal> loaded_;  ///< a shared layer reads once
};

}  // namespace signxai::keras
