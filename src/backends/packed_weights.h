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

  /// The packed form of `source` under `layout` (a key that names layout and problem), made by `pack` on first use.
  /// Keeps the source's storage alive, so its address stays a valid key.
  AlignedBytes get(const graph::Literal& source, const std::string& layout, const std::function<AlignedBytes()>& pack);

 private:
  struct Entry {
    std::shared_ptr<const float> source;
    AlignedBytes packed;
  };
  base::MemoryBudget* budget_;
  std::mutex mutex_;
  std::map<std::pair<const float*, std::string>, Entry> entries_;
};

}  // namespace signxai::backends
