// Zip archives byte by byte, so that tests can have ones that no program would write.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace signxai::zip {

inline std::uint32_t crc32(const std::string& data) {
  std::uint32_t crc = 0xffffffffu;
  for (const char c : data) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1 ? 0xedb88320u : 0);
  }
  return ~crc;
}

/// A member as it will stand in the archive; what is not set follows from the content.
struct Entry {
  std::string name;
  std::string content;         ///< unpacked
  std::string packed{};        ///< if `method` is not 0
  std::uint32_t method = 0;    ///< 0: stored, 8: deflate
  std::uint32_t flags = 0;     ///< 1: encrypted
  std::int64_t size = -1;      ///< claimed; -1: the truth
  std::uint32_t crc_flip = 0;  ///< makes the checksum wrong
};

/// A deflate stream of one block that is not compressed; for less than 64 KiB.
inline std::string deflated(const std::string& data) {
  const auto n = static_cast<std::uint32_t>(data.size());
  std::string stream{1, static_cast<char>(n & 255), static_cast<char>(n >> 8), static_cast<char>(~n & 255),
                     static_cast<char>(~n >> 8 & 255)};
  return stream + data;
}

inline void put(std::string& out, std::uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 255);
}

inline std::string make_zip(const std::vector<Entry>& entries) {
  std::string out, directory;
  for (const Entry& e : entries) {
    const std::string& data = e.method == 0 ? e.content : e.packed;
    const auto offset = static_cast<std::uint32_t>(out.size());
    std::string common;  // version to flags ... name length, the same in both headers
    put(common, 20, 2);
    put(common, e.flags, 2);
    put(common, e.method, 2);
    put(common, 0, 4);
    put(common, crc32(e.content) ^ e.crc_flip, 4);
    put(common, static_cast<std::uint32_t>(data.size()), 4);
    put(common, e.size < 0 ? static_cast<std::uint32_t>(e.content.size()) : static_cast<std::uint32_t>(e.size), 4);
    put(common, static_cast<std::uint32_t>(e.name.size()), 2);
    put(common, 0, 2);
    out += "PK\x03\x04" + common + e.name + data;
    directory += "PK\x01\x02";
    put(directory, 20, 2);
    directory += common;
    directory += std::string(2 + 2 + 2 + 4, '\0');  // comment, disk, attributes
    put(directory, offset, 4);
    directory += e.name;
  }
  const auto begin = static_cast<std::uint32_t>(out.size());
  out += directory + "PK\x05\x06";
  put(out, 0, 4);
  put(out, static_cast<std::uint32_t>(entries.size()), 2);
  put(out, static_cast<std::uint32_t>(entries.size()), 2);
  put(out, static_cast<std::uint32_t>(directory.size()), 4);
  put(out, begin, 4);
  put(out, 0, 2);
  return out;
}

}  // namespace signxai::zip
