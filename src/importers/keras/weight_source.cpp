// Matching of a layer's weights by position, with the checks that go before reading.
#include "importers/keras/weight_source.h"

#include <numeric>

#include "signxai/error.h"

namespace signxai::keras {
namespace {

[[noreturn]] void corrupt(const WeightOwner& owner, const std::string& message) {
  throw Error(ErrorCode::kCorruptFile, "import", owner.subject, message);
}

std::string names_of(const std::vector<WeightInfo>& weights) {
  constexpr std::size_t kMost = 12;
  std::string names;
  for (std::size_t i = 0; i < weights.size() && i < kMost; ++i) names += (i ? ", " : "") + weights[i].name;
  return weights.empty() ? "none" : weights.size() > kMost ? names + ", ..." : names;
}

/// "inner/kernel:0", or "outer/inner/kernel:0" where the inner model was built by the call of the outer one.
bool belongs_to(const std::string& weight, const std::string& layer) {
  return weight.starts_with(layer + "/") || weight.find("/" + layer + "/") != std::string::npos;
}

}  // namespace

const ListedWeights::Group& ListedWeights::group_of(const WeightOwner& owner) {
  const auto it = groups_.find(owner.group);
  if (it != groups_.end()) return it->second;
  Group group;
  if (auto weights = list(owner.group)) group = {true, std::move(*weights)};
  return groups_.emplace(owner.group, std::move(group)).first->second;
}

std::vector<std::size_t> ListedWeights::indices_of(const WeightOwner& owner) {
  const Group& group = group_of(owner);
  std::vector<std::size_t> indices;
  // The group of a nested model lists trainable weights first, so only names tell the layers apart; within one layer
  // the order is the layer's own either way.
  for (std::size_t i = 0; i < group.weights.size(); ++i) {
    if (!owner.nested || belongs_to(group.weights[i].name, owner.layer)) indices.push_back(i);
  }
  return indices;
}

graph::Literal ListedWeights::read(const WeightOwner& owner, std::size_t position, const std::string& role,
                                   const Shape& expected) {
  const Group& group = group_of(owner);
  if (!group.found) corrupt(owner, "the weights file has no group '" + owner.group + "'; is it of another model?");
  const auto indices = indices_of(owner);
  if (position >= indices.size()) {
    corrupt(owner, "weight '" + role + "' is missing; the file has: " + names_of(group.weights));
  }
  const std::size_t index = indices[position];
  const WeightInfo& info = group.weights[index];
  if (info.shape != expected) {
    corrupt(owner, "weight '" + role + "' (" + info.name + ") has the wrong shape; got " +
                       signxai::to_string(info.shape) + ", expected " + signxai::to_string(expected));
  }
  const auto key = std::make_pair(owner.group, index);
  const auto it = loaded_.find(key);
  if (it != loaded_.end()) return it->second;
  return loaded_.emplace(key, load(owner.group, index, owner.path + "/" + role)).first->second;
}

void ListedWeights::finish(const WeightOwner& owner, std::size_t used) {
  const std::size_t count = indices_of(owner).size();
  if (count > used) {
    corrupt(owner, "the file has more weights than the layer; got " + std::to_string(count) + " (" +
                       names_of(group_of(owner).weights) + "), expected " + std::to_string(used));
  }
}

}  // namespace signxai::keras
