// Colour maps of 256 entries.
#include "image/color_tables.h"
#include "signxai/image.h"

namespace signxai {
namespace {

using Table = std::array<Rgb, 256>;

Table unpack(const image::ColorTable& packed) {
  Table table{};
  for (std::size_t i = 0; i < table.size(); ++i) {
    table[i] = {static_cast<std::uint8_t>(packed[i] >> 16), static_cast<std::uint8_t>(packed[i] >> 8 & 0xff),
                static_cast<std::uint8_t>(packed[i] & 0xff)};
  }
  return table;
}

Table make_gray() {
  Table table{};
  for (std::size_t i = 0; i < table.size(); ++i) table[i].fill(static_cast<std::uint8_t>(i));
  return table;
}

}  // namespace

const std::array<Rgb, 256>& colors(ColorMap map) {
  static const Table seismic = unpack(image::kSeismic), gray = make_gray(), viridis = unpack(image::kViridis);
  switch (map) {
    case ColorMap::kGray: return gray;
    case ColorMap::kViridis: return viridis;
    default: return seismic;
  }
}

}  // namespace signxai
