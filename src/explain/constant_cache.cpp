// The cache of folded constants.
#include "explain/constant_cache.h"

#include <algorithm>
#include <functional>

#include "base/mapped_file.h"
#include "passes/plan_memory.h"
#include "runtime/program.h"

namespace signxai::explain {

graph::Literal ConstantCache::get(const graph::Node& node, const std::vector<graph::Literal>& inputs) {
  const std::lock_guard lock(mutex_);
  for (const Entry& entry : entries_) {
    if (entry.op == node.op && entry.attrs == node.attrs && entry.inputs == inputs) return entry.result;
  }
  if (budget_ != nullptr) budget_->take(passes::bytes_of(node.type));
  entries_.push_back({node.op, node.attrs, inputs, runtime::compute(node, inputs)});
  for (const graph::Literal& input : inputs) {
    base::release_pages(input.storage(), input.data(), static_cast<std::size_t>(input.size()) * sizeof(float));
  }
  return entries_.back().result;
}

void ConstantCache::prune() {
  const std::lock_guard lock(mutex_);
  const auto unused = [](const Entry& entry) { return entry.result.storage().use_count() == 1; };
  while (true) {
    const auto end = std::partition(entries_.begin(), entries_.end(), std::not_fn(unused));
    if (end == entries_.end()) return;
    for (auto at = end; at != entries_.end() && budget_ != nullptr; ++at) {
      budget_->give_back(static_cast<std::uint64_t>(element_count(at->result.shape())) * sizeof(float));
    }
    entries_.erase(end, entries_.end());
  }
}

}  // namespace signxai::explain
