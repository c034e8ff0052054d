// CRC-32C eight bytes at a time, by tables that are made when this is compiled.
#include "base/crc32c.h"

#include <array>

namespace signxai::base {
namespace {

using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr Tables make_tables() {
  Tables tables{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1u) != 0 ? 0x82f63b78u : 0u);
    tables[0][i] = crc;
  }
  for (std::size_t t = 1; t < tables.size(); ++t) {
    for (std::size_t i = 0; i < 256; ++i) {
      const std::uint32_t before = tables[t - 1][i];
      tables[t][i] = (before >> 8) ^ tables[0][before & 0xffu];
    }
  }
  return tables;
}

constexpr Tables kTables = make_tables();

}  // namespace

std::uint32_t crc32c(const std::byte* data, std::uint64_t size) noexcept {
  std::uint32_t crc = 0xffffffffu;
  const auto byte = [&](std::uint64_t i) { return static_cast<std::uint32_t>(data[i]); };
  for (; size >= 8; data += 8, size -= 8) {
    const std::uint32_t low = crc ^ (byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24);
    crc = kTables[7][low & 0xffu] ^ kTables[6][(low >> 8) & 0xffu] ^ kTables[5][(low >> 16) & 0xffu] ^
          kTables[4][low >> 24] ^ kTables[3][byte(4)] ^ kTables[2][byte(5)] ^ kTables[1][byte(6)] ^ kTables[0][byte(7)];
  }
  for (std::uint64_t i = 0; i < size; ++i) crc = (crc >> 8) ^ kTables[0][(crc ^ byte(i)) & 0xffu];
  return ~crc;
}

}  // namespace signxai::base
