// Picture files: which decoder, and the conversions between gray, RGB and RGBA.
#include <cstring>
#include <new>

#include "base/input_file.h"
#include "image/decode.h"
#include "signxai/error.h"

namespace signxai {
namespace image {

void check_extents(const Encoded& file, std::int64_t height, std::int64_t width, std::int64_t raw_bytes,
                   std::int64_t ratio) {
  const std::string size = std::to_string(width) + "x" + std::to_string(height);
  if (height < 1 || width < 1) throw Error(ErrorCode::kCorruptFile, "image", file.path, "has no pixels; got " + size);
  if (height > file.max_pixels / width) {
    throw Error(ErrorCode::kUnsupported, "image", file.path,
                "is too large; got " + size + ", expected at most " + std::to_string(file.max_pixels) + " pixels");
  }
  constexpr std::int64_t kSlack = 1 << 16;
  const auto length = static_cast<std::int64_t>(file.bytes.size());
  if ((raw_bytes - kSlack) / ratio > length) {
    throw Error(ErrorCode::kCorruptFile, "image", file.path,
                "claims more pixels than its bytes can hold; got " + size + " in " + std::to_string(length) + " bytes");
  }
}

}  // namespace image

Image load_image_file(const std::string& path, std::int64_t max_pixels) try {
  constexpr std::uint64_t kMaxFile = std::uint64_t{1} << 30;
  const std::string bytes = base::read_whole_file(path, "image", kMaxFile);
  const image::Encoded file{bytes, path, max_pixels};
  if (bytes.starts_with("\x89PNG\r\n\x1a\n")) return image::decode_png(file);
  if (bytes.starts_with("\xff\xd8\xff")) return image::decode_jpeg(file);
  throw Error(ErrorCode::kUnsupported, "image", path,
              bytes.empty() ? "is an empty file" : "is neither PNG nor JPEG; try converting it");
} catch (const std::bad_alloc&) {
  throw Error(ErrorCode::kOutOfMemory, "image", path, "does not fit into memory");
}

Image to_rgb(const Image& image) {
  if (image.channels == 3) return image;
  Image rgb{image.height, image.width, 3, {}, image.note};
  rgb.pixels.resize(static_cast<std::size_t>(image.height * image.width * 3));
  const bool gray = image.channels == 1;
  const std::uint8_t* from = image.pixels.data();
  for (std::size_t i = 0; i < rgb.pixels.size(); i += 3, from += image.channels) {
    rgb.pixels[i] = from[0];
    rgb.pixels[i + 1] = from[gray ? 0 : 1];
    rgb.pixels[i + 2] = from[gray ? 0 : 2];
  }
  return rgb;
}

Image to_gray(const Image& image) {
  if (image.channels == 1) return image;
  Image gray{image.height, image.width, 1, {}, image.note};
  gray.pixels.resize(static_cast<std::size_t>(image.height * image.width));
  const std::uint8_t* from = image.pixels.data();
  for (std::uint8_t& value : gray.pixels) {
    value = static_cast<std::uint8_t>((from[0] * 19595 + from[1] * 38470 + from[2] * 7471 + 0x8000) >> 16);
    from += image.channels;
  }
  return gray;
}

}  // namespace signxai
