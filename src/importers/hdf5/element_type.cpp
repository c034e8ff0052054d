// Names, sizes and conversion of stored elements.
#include "importers/hdf5/element_type.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <type_traits>

namespace signxai::hdf5 {
namespace {

struct Half {
  std::uint16_t bits;

  explicit operator float() const noexcept {
    const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000u) << 16;
    const std::uint32_t exponent = (bits >> 10) & 0x1fu;
    const std::uint32_t fraction = bits & 0x3ffu;
    if (exponent == 0) {  // zero and subnormals: fraction * 2^-24, exact in float32
      const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
      return sign != 0 ? -magnitude : magnitude;
    }
    const std::uint32_t wide_exponent = exponent == 0x1fu ? 0xffu : exponent + (127 - 15);
    return std::bit_cast<float>(sign | (wide_exponent << 23) | (fraction << 13));
  }
};

/// The upper half of a float32.
struct Brain {
  std::uint16_t bits;

  explicit operator float() const noexcept { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }
};

template <typename T>
void convert(const std::byte* source, bool swap, std::span<float> target) noexcept {
  for (float& value : target) {
    std::array<std::byte, sizeof(T)> bytes;
    std::memcpy(bytes.data(), source, sizeof(T));
    if (swap) std::reverse(bytes.begin(), bytes.end());
    value = static_cast<float>(std::bit_cast<T>(bytes));
    source += sizeof(T);
  }
}

struct Format {
  const char* name;
  std::size_t size;
  void (*convert)(const std::byte*, bool, std::span<float>) noexcept;
};

// In the order of ElementType.
constexpr Format kFormats[] = {
    {"float16", 2, convert<Half>},
    {"bfloat16", 2, convert<Brain>},
    {"float32", 4, convert<float>},
    {"float64", 8, convert<double>},
    {"int8", 1, convert<std::int8_t>},
    {"int16", 2, convert<std::int16_t>},
    {"int32", 4, convert<std::int32_t>},
    {"int64", 8, convert<std::int64_t>},
    {"uint8", 1, convert<std::uint8_t>},
    {"uint16", 2, convert<std::uint16_t>},
    {"uint32", 4, convert<std::uint32_t>},
    {"uint64", 8, convert<std::uint64_t>},
    {"other", 0, nullptr},
};

const Format& format_of(ElementType type) noexcept { return kFormats[static_cast<std::size_t>(type)]; }

constexpr bool kNativeIsBig = std::endian::native == std::endian::big;

}  // namespace

std::size_t element_size(ElementType type) noexcept { return format_of(type).size; }

std::string element_name(ElementType type, bool big_endian) {
  return std::string(format_of(type).name) + (big_endian && element_size(type) > 1 ? " (big-endian)" : "");
}

bool is_native_float32(ElementType type, bool big_endian) noexcept {
  return type == ElementType::kFloat32 && big_endian == kNativeIsBig;
}

void convert_to_float32(const std::byte* source, ElementType type, bool big_endian, std::span<float> target) noexcept {
  format_of(type).convert(source, big_endian != kNativeIsBig, target);
}

}  // namespace signxai::hdf5
