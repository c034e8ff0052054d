// The checksum CRC-32C (Castagnoli), as TensorFlow writes it beside the tensors of its checkpoints.
#pragma once

#include <cstddef>
#include <cstdint>

namespace signxai::base {

std::uint32_t crc32c(const std::byte* data, std::uint64_t size) noexcept;

/// Checksums that are stored among the bytes they cover are turned and shifted, so that sums of sums stay good.
constexpr std::uint32_t masked_crc32c(std::uint32_t crc) noexcept { return ((crc >> 15) | (crc << 17)) + 0xa282ead8u; }

}  // namespace signxai::base
