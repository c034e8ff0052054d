// Picture files by the ending of their names.
#include <algorithm>
#include <array>
#include <filesystem>

#include "base/atomic_file.h"
#include "image/canvas.h"
#include "image/tokens.h"
#include "signxai/error.h"

namespace signxai {
namespace {

using namespace image;  // drawing vocabulary

struct Format {
  std::string_view ending;
  Surface kind;
};
constexpr std::array<Format, 3> kFormats = {
    {{"png", Surface::kPixels}, {"pdf", Surface::kPdf}, {"svg", Surface::kSvg}}};

std::string plain_ending(std::string_view ending) {
  if (!ending.empty() && ending.front() == '.') ending.remove_prefix(1);
  std::string lower(ending);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  return lower;
}

Surface surface_of(const std::string& ending) {
  for (const Format& format : kFormats) {
    if (ending == format.ending) return format.kind;
  }
  const std::string hint = ending == "html" ? "; html is for texts" : "";
  throw Error(ErrorCode::kInvalidArgument, "image", ending, "is no picture format; expected png, pdf or svg" + hint);
}

Canvas drawn_alone(const Image& image, Surface kind) {
  const auto width = static_cast<double>(image.width), height = static_cast<double>(image.height);
  Canvas canvas(width, height, kind);
  canvas.picture({0, 0, width, height}, image);
  return canvas;
}

/// Pixels of a drawing.
struct ToImage {
  Image operator()(const Image& image) const { return image; }
  Image operator()(const Panel& panel) const { return draw_panel(panel); }
  Image operator()(const SeriesPanel& panel) const { return draw_series(panel); }
  Image operator()(const TokenPanel& panel) const { return draw_tokens(panel); }
};

/// A canvas of another kind.
struct ToCanvas {
  Surface kind;
  Canvas operator()(const Image& image) const { return drawn_alone(image, kind); }
  Canvas operator()(const Panel& panel) const { return drawn(panel, kind); }
  Canvas operator()(const SeriesPanel& panel) const { return drawn(panel, kind); }
  Canvas operator()(const TokenPanel& panel) const { return drawn(panel, kind); }
};

}  // namespace

std::string encode_picture(const Drawing& drawing, std::string_view ending, const PictureTexts& texts) {
  const std::string format = plain_ending(ending);
  const auto* text = std::get_if<TokenPanel>(&drawing);
  if (text != nullptr && format == "html") return html_of(*text, texts);
  const Surface kind = surface_of(format);
  if (kind != Surface::kPixels) return std::visit(ToCanvas{kind}, drawing).file(texts);
  const std::vector<std::uint8_t> bytes = encode_png(std::visit(ToImage{}, drawing), texts);
  return {bytes.begin(), bytes.end()};
}

void write_picture(const std::string& path, const Drawing& drawing, const PictureTexts& texts, bool overwrite) {
  const std::string ending = std::filesystem::path(path).extension().string();
  base::write_file_atomically(path, encode_picture(drawing, ending, texts), overwrite);
}

}  // namespace signxai
