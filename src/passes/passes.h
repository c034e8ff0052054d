// Compiler passes: each is one file with one function Graph -> Graph, listed once in pipeline.cpp. A pass here never
// changes what an output means; it may change its last bits. Every pass can be switched off by name.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"

namespace signxai::passes {

using graph::Graph;

/// Computes one node on constants; supplied by whoever owns a backend.
using Evaluate = std::function<graph::Literal(const graph::Node&, const std::vector<graph::Literal>& inputs)>;

struct Context {
  Evaluate evaluate;               ///< empty: constants are not folded
  std::set<std::string> disabled;  ///< names of passes to leave out
  std::string precision = "f32";   ///< of convolutions: f32, bf16 or winograd
  bool memory_is_limited = false;  ///< no pass may trade memory for time
};

/// Products with at most so many rows stream a large matrix as it lies, also transforming it.
inline constexpr std::int64_t kFewRows = 8;
/// The same where the matrix is taken transposed: while a part of it is in the cache, it meets all rows.
inline constexpr std::int64_t kManyRows = 64;

struct Pass {
  std::string_view name;
  std::string_view purpose;
  Graph (*run)(const Graph&, const Context&);
};

/// The passes in the order in which they run; a name may occur twice.
std::span<const Pass> pipeline();
/// Runs the pipeline. In builds with assertions the graph is verified after each pass.
/// Throws Error(kInvalidArgument) when a disabled name is not a pass.
Graph optimise(Graph graph, const Context& context);

// One function per file.
Graph split_uniform_kernels(const Graph& graph, const Context& context);
Graph eliminate_dead_terms(const Graph& graph, const Context& context);
Graph narrow_to_support(const Graph& graph, const Context& context);
Graph fold_pads(const Graph& graph, const Context& context);
Graph sink_transposes(const Graph& graph);
Graph stream_weights(const Graph& graph, const Context& context);
Graph fold_constants(const Graph& graph, const Context& context);
Graph fuse_epilogues(const Graph& graph, const Context& context);
Graph lower_precision(const Graph& graph, const Context& context);
Graph fuse_pointwise(const Graph& graph, const Context& context);
Graph join_products(const Graph& graph, const Context& context);

}  // namespace signxai::passes
