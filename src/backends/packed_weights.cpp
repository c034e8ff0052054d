// The cache of packed weights.
#include "backends/packed_weights.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <new>

#include "base/alignment.h"
#include "base/mapped_file.h"

namespace signxai::backends {
namespace {

/// Blocks of at least some large pages ask for them: a first touch costs a fault per page.
constexpr std::size_t kLargePage = std::size_t{1} << 21;
constexpr std::size_t kSmallestSlab = std::size_t{1} << 18, kLargestSlab = std::size_t{1} << 24;

void prefer_large_pages(std::byte* memory, std::size_t bytes) {
#ifdef MADV_HUGEPAGE
  madvise(memory, bytes, MADV_HUGEPAGE);  // a wish; small pages do as well
#else
  (void)memory, (void)bytes;
#endif
}

}  // namespace

AlignedBytes allocate_aligned(std::size_t bytes) {
  const bool large = bytes >= 4 * kLargePage;
  const std::size_t alignment = large ? kLargePage : base::kAlignment;
  const std::size_t rounded = base::aligned(std::max<std::size_t>(bytes, 1));
  void* address = nullptr;
  if (posix_memalign(&address, alignment, rounded) != 0) throw std::bad_alloc();
  auto* memory = static_cast<std::byte*>(address);
  if (large) prefer_large_pages(memory, rounded);
  return AlignedBytes(memory, [](std::byte* p) { std::free(p); });
}

AlignedBytes PackedWeights::allocate(std::size_t bytes) {
  const std::size_t rounded = base::aligned(bytes);
  if (rounded > kLargestSlab / 2) return allocate_aligned(bytes);
  if (slab_used_ + rounded > slab_bytes_) {
    slab_bytes_ = std::min(kLargestSlab, std::max({kSmallestSlab, 2 * slab_bytes_, 2 * rounded}));
    slab_ = allocate_aligned(slab_bytes_);
    slab_used_ = 0;
  }
  const AlignedBytes part(slab_, slab_.get() + slab_used_);
  slab_used_ += rounded;
  return part;
}

AlignedBytes PackedWeights::get(const graph::Literal& source, const std::string& layout, std::size_t bytes,
                                const std::function<void(std::byte*)>& pack) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[{source.data(), layout}];
  if (entry.packed) return entry.packed;
  const auto source_bytes = static_cast<std::uint64_t>(element_count(source.shape())) * sizeof(float);
  if (budget_ != nullptr) budget_->take(source_bytes);  // layouts hardly add to the weights' own size
  const AlignedBytes packed = allocate(bytes);
  pack(packed.get());
  entry = {source.storage(), packed};
  base::release_pages(source.storage(), source.data(), source_bytes);
  return entry.packed;
}

}  // namespace signxai::backends
