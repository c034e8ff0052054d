// The number formats that a dataset may be stored in, and their conversion to float32, the one format of the engine.
// Exact for float16, bfloat16, float32 and integers up to 24 bits; float64 and wider integers are rounded to nearest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace signxai::hdf5 {

enum class ElementType : std::uint8_t {
  kFloat16,
  kBFloat16,
  kFloat32,
  kFloat64,
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kUInt8,
  kUInt16,
  kUInt32,
  kUInt64,
  kOther,  ///< strings, references, records ...: listed, never read
};

/// Bytes per element; 0 for kOther.
std::size_t element_size(ElementType type) noexcept;

/// "float32", "int64 (big-endian)" ...
std::string element_name(ElementType type, bool big_endian);

/// Whether the stored bytes already are floats of this machine.
bool is_native_float32(ElementType type, bool big_endian) noexcept;

/// Converts `target.size()` elements; `source` needs no alignment and must hold as many of `type`, not kOther.
void convert_to_float32(const std::byte* source, ElementType type, bool big_endian, std::span<float> target) noexcept;

}  // namespace signxai::hdf5
