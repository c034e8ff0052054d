// The byte form in which a listing, or the reason why there is none, travels from the child to the parent. Both sides
// are the same program on the same machine, so numbers keep the machine's order. The reader trusts nothing: counts,
// depth, enumerators and the end of the message are checked, because a damaged file may have taken over the writer.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "importers/hdf5/listing.h"
#include "signxai/error.h"

namespace signxai::hdf5 {

inline constexpr int kMaxDepth = 64;                          ///< of nested groups
inline constexpr std::size_t kMaxObjects = 200'000;           ///< groups and datasets of a file
inline constexpr std::size_t kMaxAttributeItems = 2'000'000;  ///< strings and numbers in all attributes together
inline constexpr std::size_t kMaxListingBytes = std::size_t{256} << 20;

std::string encode_listing(const Object& root);
std::string encode_error(const Error& error);

/// The listing, with paths filled in. Throws the transported error with `subject` in place of its own, or kCorruptFile
/// when the message is malformed. Storage offsets are not checked here; File does.
Object decode_reply(std::string_view message, const std::string& subject);

}  // namespace signxai::hdf5
