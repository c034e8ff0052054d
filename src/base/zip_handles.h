// What everything here that opens a zip archive with libzip shares: owners, and limits on archives that were not made
// here.
#pragma once

#include <zip.h>

#include <cstdint>
#include <memory>

namespace signxai::base {

inline constexpr std::uint64_t kMaxDeflateRatio = 1032;  ///< of any deflate stream
inline constexpr zip_int64_t kMaxZipMembers = 65536;

/// Closes an archive without writing.
struct DiscardArchive {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct CloseMember {
  void operator()(zip_file_t* member) const { zip_fclose(member); }
};
using ZipArchive = std::unique_ptr<zip_t, DiscardArchive>;
using ZipMember = std::unique_ptr<zip_file_t, CloseMember>;

}  // namespace signxai::base
