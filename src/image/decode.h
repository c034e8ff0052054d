// Decoders for the two picture formats, on bytes in memory.
#pragma once

#include <string>

#include "signxai/image.h"

namespace signxai::image {

/// What a decoder needs to know besides the bytes. `path` is only for messages.
struct Encoded {
  const std::string& bytes;
  const std::string& path;
  std::int64_t max_pixels;
};

Image decode_png(const Encoded& file);
Image decode_jpeg(const Encoded& file);

/// Throws unless height x width is positive, within the limit, and `raw_bytes` decoded bytes can come out of the
/// file's, each of which yields at most `ratio`.
void check_extents(const Encoded& file, std::int64_t height, std::int64_t width, std::int64_t raw_bytes,
                   std::int64_t ratio);

}  // namespace signxai::image
