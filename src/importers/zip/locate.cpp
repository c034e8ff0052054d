// The end record points to the central directory, whose entries point to local headers, behind which the data is
// (APPNOTE 4.3.7, 4.3.12, 4.3.16). Every number is checked against the file.
#include "importers/zip/locate.h"

#include <cstring>

namespace signxai::zip {
namespace {

constexpr std::uint32_t kLocalHeader = 0x04034b50, kEntry = 0x02014b50, kEnd = 0x06054b50;
constexpr std::uint64_t kLocalBytes = 30, kEntryBytes = 46, kEndBytes = 22, kMaxComment = 65535;

/// Little-endian numbers at places that are known to be in the file.
class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  bool holds(std::uint64_t at, std::uint64_t count) const {
    return count <= bytes_.size() && at <= bytes_.size() - count;
  }
  std::uint32_t u16(std::uint64_t at) const { return byte(at) | byte(at + 1) << 8; }
  std::uint32_t u32(std::uint64_t at) const { return u16(at) | u16(at + 2) << 16; }
  bool has_text(std::uint64_t at, const std::string& text) const {
    return holds(at, text.size()) && std::memcmp(bytes_.data() + at, text.data(), text.size()) == 0;
  }
  std::uint64_t size() const { return bytes_.size(); }

 private:
  std::uint32_t byte(std::uint64_t at) const { return std::to_integer<std::uint32_t>(bytes_[at]); }
  std::span<const std::byte> bytes_;
};

/// The last end record whose comment reaches exactly to the end of the file.
std::optional<std::uint64_t> find_end(const Reader& file) {
  for (std::uint64_t back = kEndBytes; back <= kEndBytes + kMaxComment && back <= file.size(); ++back) {
    const std::uint64_t at = file.size() - back;
    if (file.u32(at) == kEnd && file.u16(at + 20) == back - kEndBytes) return at;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> locate_stored(std::span<const std::byte> archive, std::uint64_t index,
                                           const std::string& name, std::uint64_t size) noexcept {
  const Reader file(archive);
  const auto end = find_end(file);
  if (!end) return std::nullopt;
  std::uint64_t entry = file.u32(*end + 16);
  for (std::uint64_t i = 0;; ++i) {
    if (!file.holds(entry, kEntryBytes) || file.u32(entry) != kEntry) return std::nullopt;
    if (i == index) break;
    entry += kEntryBytes + file.u16(entry + 28) + file.u16(entry + 30) + file.u16(entry + 32);
  }
  const std::uint64_t local = file.u32(entry + 42);
  const bool stored = file.u16(entry + 10) == 0 && file.u32(entry + 20) == size && file.u32(entry + 24) == size;
  if (!stored || file.u16(entry + 28) != name.size() || !file.has_text(entry + kEntryBytes, name)) return std::nullopt;
  if (!file.holds(local, kLocalBytes) || file.u32(local) != kLocalHeader) return std::nullopt;
  const std::uint64_t data = local + kLocalBytes + file.u16(local + 26) + file.u16(local + 28);
  return file.holds(data, size) ? std::optional(data) : std::nullopt;
}

}  // namespace signxai::zip
