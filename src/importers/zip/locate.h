// Where a stored member's bytes lie in an archive, which libzip does not tell.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace signxai::zip {

/// The offset of the data of entry `index` of the central directory, or nothing where it is not plainly to be found
/// (archives above 4 GiB, damaged ones): the member can be read through libzip all the same. In range if given.
std::optional<std::uint64_t> locate_stored(std::span<const std::byte> archive, std::uint64_t index,
                                           const std::string& name, std::uint64_t size) noexcept;

}  // namespace signxai::zip
