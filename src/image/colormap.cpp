// Colour maps of 256 entries.
#include <algorithm>

#include "image/color_tables.h"
#include "signxai/error.h"
#include "signxai/image.h"

namespace signxai {
namespace {

using Table = std::array<Rgb, 256>;

constexpr Table unpack(const image::ColorTable& packed) {
  Table table{};
  for (std::size_t i = 0; i < table.size(); ++i) {
    table[i] = {static_cast<std::uint8_t>(packed[i] >> 16), static_cast<std::uint8_t>(packed[i] >> 8 & 0xff),
                static_cast<std::uint8_t>(packed[i] & 0xff)};
  }
  return table;
}

constexpr Table make_gray() {
  Table table{};
  for (std::size_t i = 0; i < table.size(); ++i) table[i].fill(static_cast<std::uint8_t>(i));
  return table;
}

struct Entry {
  const char* name;
  ColorMap map;
  bool diverging;
  Table table;
};

constexpr std::array<Entry, 8> kMaps = {{
    {"seismic", ColorMap::kSeismic, true, unpack(image::kSeismic)},
    {"bwr", ColorMap::kBwr, true, unpack(image::kBwr)},
    {"coolwarm", ColorMap::kCoolwarm, true, unpack(image::kCoolwarm)},
    {"rdbu", ColorMap::kRdBu, true, unpack(image::kRdBu)},
    {"gray", ColorMap::kGray, false, make_gray()},
    {"viridis", ColorMap::kViridis, false, unpack(image::kViridis)},
    {"magma", ColorMap::kMagma, false, unpack(image::kMagma)},
    {"jet", ColorMap::kJet, false, unpack(image::kJet)},
}};

}  // namespace

const std::array<Rgb, 256>& colors(ColorMap map) { return kMaps[static_cast<std::size_t>(map)].table; }

bool is_diverging(ColorMap map) { return kMaps[static_cast<std::size_t>(map)].diverging; }

std::vector<std::string> color_map_names() {
  std::vector<std::string> names;
  for (const Entry& entry : kMaps) names.emplace_back(entry.name);
  return names;
}

ColorMap color_map(std::string_view name) {
  std::string names;
  for (const Entry& entry : kMaps) {
    if (name == entry.name) return entry.map;
    names += (names.empty() ? "" : ", ") + std::string(entry.name);
  }
  throw Error(ErrorCode::kInvalidArgument, "image", name, "is no colour map; expected one of " + names);
}

}  // namespace signxai
