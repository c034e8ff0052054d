// Lifetimes and first-fit assignment of arena offsets.
#include "passes/plan_memory.h"

#include <algorithm>
#include <map>

#include "base/alignment.h"
#include "graph/op.h"

namespace signxai::passes {
namespace {

using graph::Graph;
using graph::Node;
using graph::Value;

std::size_t id(Value v) { return static_cast<std::size_t>(v.id); }
bool is_view(const Node& node) { return node.is("reshape") || node.is("get"); }

/// Free stretches of the arena by offset.
class Arena {
 public:
  std::size_t take(std::size_t bytes) {
    const auto fits = std::find_if(free_.begin(), free_.end(), [&](const auto& f) { return f.second >= bytes; });
    if (fits == free_.end()) return grow(bytes);
    const auto [offset, size] = *fits;
    free_.erase(fits);
    if (size > bytes) free_[offset + bytes] = size - bytes;
    return offset;
  }
  void give(std::size_t offset, std::size_t bytes) {
    auto next = free_.upper_bound(offset);
    if (next != free_.end() && offset + bytes == next->first) {
      bytes += next->second;
      next = free_.erase(next);
    }
    if (next != free_.begin() && std::prev(next)->first + std::prev(next)->second == offset) {
      std::prev(next)->second += bytes;
    } else {
      free_[offset] = bytes;
    }
  }
  std::size_t size() const { return end_; }

 private:
  /// Extends the last free stretch when it touches the end.
  std::size_t grow(std::size_t bytes) {
    std::size_t offset = end_;
    if (!free_.empty() && free_.rbegin()->first + free_.rbegin()->second == end_) {
      offset = free_.rbegin()->first;
      free_.erase(std::prev(free_.end()));
    }
    end_ = offset + bytes;
    return offset;
  }

  std::map<std::size_t, std::size_t> free_;
  std::size_t end_ = 0;
};

class Planner {
 public:
  Planner(const Graph& graph, const std::function<bool(Value, std::size_t)>& in_place)
      : graph_(graph), in_place_(in_place), owner_(id({graph.size()})), last_use_(owner_.size(), -1) {
    plan_.locations.resize(owner_.size());
    plan_.computed.resize(owner_.size(), false);
  }

  MemoryPlan run() {
    find_owners();
    for (std::int32_t i = 0; i < graph_.size(); ++i) place(Value{i});
    plan_.arena_bytes = arena_.size();
    return std::move(plan_);
  }

 private:
  void find_owners() {
    for (std::int32_t i = 0; i < graph_.size(); ++i) {
      const Node& node = graph_[Value{i}];
      owner_[id({i})] = is_view(node) ? owner_[id(node.inputs[0])] : Value{i};
      for (Value in : node.inputs) last_use_[id(owner_[id(in)])] = i;
    }
    for (std::size_t i = 0; i < graph_.outputs().size(); ++i) {
      const Value out = graph_.outputs()[i].value, owner = owner_[id(out)];
      last_use_[id(owner)] = graph_.size();
      if (bytes_of(graph_.type(owner)) == bytes_of(graph_.type(out))) output_of_.emplace(owner, i);
    }
  }

  std::size_t size_of(Value v) const { return base::aligned(bytes_of(graph_.type(v))); }

  void place(Value v) {
    const Node& node = graph_[v];
    Location& at = plan_.locations[id(v)];
    if (node.is("input")) {
      const auto& inputs = graph_.inputs();
      at = {Location::Kind::kInput,
            static_cast<std::size_t>(std::find(inputs.begin(), inputs.end(), v) - inputs.begin()), 0};
    } else if (node.is("const")) {
      at = {Location::Kind::kConstant, id(v), 0};
    } else if (is_view(node)) {
      at = plan_.locations[id(node.inputs[0])];
      at.offset += member_offset(node);
    } else {
      plan_.computed[id(v)] = true;
      const auto output = output_of_.find(v);
      at = output != output_of_.end() ? Location{Location::Kind::kOutput, output->second, 0}
                                      : Location{Location::Kind::kArena, 0, reuse_or_take(v)};
      release_after(v);
    }
  }

  std::size_t member_offset(const Node& node) const {
    if (!node.is("get")) return 0;
    const auto& members = graph_.type(node.inputs[0]).elements;
    std::size_t offset = 0;
    for (std::int64_t i = 0; i < node.attrs.integer("index"); ++i)
      offset += bytes_of(members[static_cast<std::size_t>(i)]);
    return offset;
  }

  /// Whether input k dies at `v` and lies in the arena alone at the start of its owner's memory.
  bool dies_here(Value v, Value input) const {
    const Value owner = owner_[id(input)];
    return plan_.locations[id(input)].kind == Location::Kind::kArena && last_use_[id(owner)] == v.id &&
           bytes_of(graph_.type(owner)) == bytes_of(graph_.type(v)) && !taken_over_.count(owner);
  }

  std::size_t reuse_or_take(Value v) {
    const auto& inputs = graph_[v].inputs;
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      if (!dies_here(v, inputs[k]) || !in_place_(v, k)) continue;
      if (std::count(inputs.begin(), inputs.end(), inputs[k]) > 1) continue;
      taken_over_[owner_[id(inputs[k])]] = true;
      return plan_.locations[id(inputs[k])].offset;
    }
    return arena_.take(size_of(v));
  }

  void release_after(Value v) {
    std::vector<Value> owners;
    for (Value in : graph_[v].inputs) owners.push_back(owner_[id(in)]);
    if (last_use_[id(v)] < 0) owners.push_back(v);  // a result that nobody reads
    std::sort(owners.begin(), owners.end());
    owners.erase(std::unique(owners.begin(), owners.end()), owners.end());
    for (Value owner : owners) {
      const bool ends = owner == v || last_use_[id(owner)] == v.id;
      if (!ends || plan_.locations[id(owner)].kind != Location::Kind::kArena || taken_over_.count(owner)) continue;
      arena_.give(plan_.locations[id(owner)].offset, size_of(owner));
    }
  }

  const Graph& graph_;
  const std::function<bool(Value, std::size_t)>& in_place_;
  std::vector<Value> owner_;
  std::vector<std::int32_t> last_use_;
  std::map<Value, std::size_t> output_of_;  ///< by owner that makes up a whole output: the first such output
  std::map<Value, bool> taken_over_;
  Arena arena_;
  MemoryPlan plan_;
};

}  // namespace

std::size_t bytes_of(const graph::Type& type) {
  if (!type.is_tuple()) return static_cast<std::size_t>(element_count(type.shape)) * sizeof(float);
  std::size_t total = 0;
  for (const graph::Type& element : type.elements) total += bytes_of(element);
  return total;
}

MemoryPlan plan_memory(const Graph& graph, const std::function<bool(Value, std::size_t)>& in_place) {
  return Planner(graph, in_place).run();
}

}  // namespace signxai::passes
