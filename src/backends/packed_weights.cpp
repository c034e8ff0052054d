// The cache of packed weights.
#include "backends/packed_weights.h"

#include <cstdlib>
#include <new>

namespace signxai::backends {

AlignedBytes allocate_aligned(std::size_t bytes) {
  const std::size_t rounded = (bytes + 63) / 64 * 64;
  auto* memory = static_cast<std::byte*>(std::aligned_alloc(64, rounded == 0 ? 64 : rounded));
  if (memory == nullptr) throw std::bad_alloc();
  return AlignedBytes(memory, [](std::byte* p) { std::free(p); });
}

AlignedBytes PackedWeights::get(const graph::Literal& source, const std::string& layout,
                                const std::function<AlignedBytes()>& pack) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[{source.data(), layout}];
  if (entry.packed) return entry.packed;
  const auto bytes = static_cast<std::uint64_t>(element_count(source.shape())) * sizeof(float);
  if (budget_ != nullptr) budget_->take(bytes);  // layouts hardly add to the weights' own size
  entry = {source.storage(), pack()};
  return entry.packed;
}

}  // namespace signxai::backends
