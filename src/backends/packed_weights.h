// Weights brought into the layout a kernel wants, made once and shared by all executables of a model.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/memory_budget.h"
#include "graph/types.h"

namespace signxai::backends {

/// 64-byte aligned bytes that free themselves.
using AlignedBytes = std::shared_ptr<std::byte[]>;
AlignedBytes allocate_aligned(std::size_t bytes);

class PackedWeights {
 public:
  /// What is packed is taken from `budget`, which must outlive the object; null: no limit.
  explicit PackedWeights(base::MemoryBudget* budget = nullptr) : budget_(budget) {}

  /// The packed form of `source` under `layout` (a key that names layout and problem), `bytes` long, which `pack`
  /// writes on first use. Keeps the source's storage alive, so its address stays a valid key.
  AlignedBytes get(const graph::Literal& source, const std::string& layout, std::size_t bytes,
                   const std::function<void(std::byte*)>& pack);

 private:
  /// A part of a slab; slabs grow with what is packed, so that large networks live in large pages, which are touched
  /// sooner, and small ones take little.
  AlignedBytes allocate(std::size_t bytes);

  struct Entry {
    std::shared_ptr<const float> source;
    AlignedBytes packed;
  };
  base::MemoryBudget* budget_;
  std::mutex mutex_;
  AlignedBytes slab_{};
  std::size_t slab_bytes_ = 0, slab_used_ = 0;
  std::map<std::pair<const float*, std::string>, Entry> entries_;
};

}  // namespace signxai::backends
