// The cache of folded constants.
#include "explain/constant_cache.h"

#include <algorithm>

#include "runtime/program.h"

namespace signxai::explain {

graph::Literal ConstantCache::get(const graph::Node& node, const std::vector<graph::Literal>& inputs) {
  const std::lock_guard lock(mutex_);
  for (const Entry& entry : entries_) {
    if (entry.op == node.op && entry.attrs == node.attrs && entry.inputs == inputs) return entry.result;
  }
  entries_.push_back({node.op, node.attrs, inputs, runtime::compute(node, inputs)});
  return entries_.back().result;
}

void ConstantCache::prune() {
  const std::lock_guard lock(mutex_);
  const auto unused = [](const Entry& entry) { return entry.result.storage().use_count() == 1; };
  while (true) {
    const auto end = std::remove_if(entries_.begin(), entries_.end(), unused);
    if (end == entries_.end()) return;
    entries_.erase(end, entries_.end());
  }
}

}  // namespace signxai::explain
