// Memory plan: where each value of an optimised graph lives while it is computed. What is computed for an output lies
// in the output's memory; all else in one arena, where values whose lifetimes do not overlap share memory and a kernel
// that allows it writes over an input that nobody needs any more.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "graph/graph.h"

namespace signxai::passes {

struct Location {
  enum class Kind { kNone, kInput, kConstant, kArena, kOutput };
  Kind kind = Kind::kNone;
  std::size_t index = 0;   ///< kInput, kOutput: number of the graph's input or output; kConstant: value id
  std::size_t offset = 0;  ///< in bytes; kArena: from the start of the arena, otherwise from that of the data
};

struct MemoryPlan {
  std::vector<Location> locations;  ///< by value id
  std::vector<bool> computed;  ///< by value id: a kernel has to run (not an input, constant, reshape or tuple member)
  std::size_t arena_bytes = 0;
};

/// Bytes of a value; a tuple's members follow each other.
std::size_t bytes_of(const graph::Type& type);

/// `in_place(value, k)` says whether the kernel of `value` may write over its input k.
MemoryPlan plan_memory(const graph::Graph& graph, const std::function<bool(graph::Value, std::size_t)>& in_place);

}  // namespace signxai::passes
