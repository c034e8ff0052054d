// Fitting of chunks into the memory budget.
#include "explain/fit_chunk.h"

#include <algorithm>

#include <fmt/format.h>

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
