// Sizes of chunks, and fitting of them into the memory budget.
#include "explain/chunk.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "base/threads.h"
#include "graph/bind.h"
#include "passes/plan_memory.h"
#include "signxai/error.h"

namespace signxai::explain {

namespace {

[[noreturn]] void refuse(const base::MemoryBudget& budget, const ChunkNeed& one) {
  const auto text = base::bytes_text;
  throw Error(
      ErrorCode::kOutOfMemory, "plan", "memory",
      fmt::format("one sample needs {} (weights {}, working memory {}, inputs and maps {}); allowed are {}; try a "
                  "larger limit or fewer methods",
                  text(budget.taken() + one.total()), text(budget.taken()), text(one.working), text(one.data),
                  text(budget.limit())));
}

}  // namespace

std::uint64_t weight_bytes(const graph::Network& network) {
  std::set<const float*> seen;
  std::uint64_t bytes = 0;
  for (const graph::LayerCall& call : network.calls) {
    for (const graph::Weight& weight : call.weights) {
      const graph::Literal* literal = network.graph.literal(weight.value);
      if (literal != nullptr && seen.insert(literal->data()).second)
        bytes += passes::bytes_of(network.graph.type(weight.value));
    }
  }
  return bytes;
}

std::int64_t usual_chunk(const graph::Network& network, std::vector<Shape> shapes, std::int64_t rows) {
  constexpr double kBudget = 1e9, kCopies = 3;  // bytes; activation, signal and kernel output of a layer
  constexpr std::int64_t kLargest = 64;
  for (Shape& shape : shapes) shape.front() = 1;
  const graph::Network bound = graph::bind(network, shapes);
  double bytes = 0;
  for (const auto& call : bound.calls) bytes += static_cast<double>(passes::bytes_of(bound.graph.type(call.output)));
  const double fitting = std::min<double>(kBudget / (kCopies * bytes), kLargest);
  const auto threads = static_cast<double>(max_threads());
  const double even = std::round(fitting / threads) * threads;
  const auto most = static_cast<std::int64_t>(even > 0 ? even : std::max(fitting, 1.0));
  for (std::int64_t chunk = std::min(most, rows); 2 * chunk > most; --chunk) {
    if (rows % chunk == 0) return chunk;  // no second program for the rest
  }
  const std::int64_t chunks = (rows + most - 1) / most;
  return (rows + chunks - 1) / chunks;
}

std::int64_t fit_chunk(std::int64_t wanted, const base::MemoryBudget& budget,
                       const std::function<ChunkNeed(std::int64_t)>& need, const std::function<void()>& drop) {
  if (budget.limit() == 0) return wanted;
  const auto fits = [&](const ChunkNeed& chunk) { return budget.taken() + chunk.total() <= budget.limit(); };
  const auto chunk_fits = [&](std::int64_t chunk) {
    try {
      if (fits(need(chunk))) return true;
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kOutOfMemory) throw;
    }
    drop();
    return false;
  };
  const ChunkNeed one = need(1);
  if (!fits(one)) refuse(budget, one);
  std::int64_t chunk = std::clamp<std::int64_t>((budget.limit() - budget.taken()) / one.total(), 1, wanted);
  if (chunk > 1) drop();
  while (chunk > 1 && !chunk_fits(chunk)) chunk = std::max<std::int64_t>(1, std::min(chunk - 1, chunk * 3 / 4));
  return chunk;
}

}  // namespace signxai::explain
