// JPEG (baseline, progressive, gray, YCbCr, RGB, CMYK, YCCK) through libjpeg-turbo with its default accurate transform
// and smooth chroma up-sampling, as Pillow uses it.
//
// libjpeg's error handler must not return; it leaves with longjmp. The functions between setjmp and libjpeg hold only
// trivial objects.
#include <cstddef>
#include <cstdio>

#include <jpeglib.h>

#include <jerror.h>

#include <algorithm>
#include <csetjmp>
#include <cstring>

#include "image/decode.h"
#include "signxai/error.h"

namespace signxai::image {
namespace {

constexpr int kMaxScans = 500;  // a small progressive file with endless scans would keep the decoder busy for minutes

struct JpegState {
  jpeg_decompress_struct info{};
  jpeg_error_mgr errors{};
  jpeg_progress_mgr progress{};
  std::jmp_buf escape{};
  char message[JMSG_LENGTH_MAX] = {};
  bool created = false;

  ~JpegState() {
    if (created) jpeg_destroy_decompress(&info);
  }
};

JpegState& state_of(j_common_ptr info) { return *static_cast<JpegState*>(info->client_data); }

[[noreturn]] void on_error(j_common_ptr info) {
  JpegState& state = state_of(info);
  info->err->format_message(info, state.message);
  std::longjmp(state.escape, 1);
}

// Missing or undecodable data is only a warning to libjpeg, which fills the rest with gray; here the file is damaged.
// Stray bytes between segments stay harmless.
void on_message(j_common_ptr info, int level) {
  if (level >= 0) return;
  switch (info->err->msg_code) {
    case JWRN_JPEG_EOF:
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC: on_error(info);
    default: return;
  }
}

void on_output(j_common_ptr) {}

void on_progress(j_common_ptr info) {
  if (!info->is_decompressor) return;
  if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number > kMaxScans) {
    JpegState& state = state_of(info);
    std::strncpy(state.message, "more than 500 scans", sizeof state.message - 1);
    std::longjmp(state.escape, 1);
  }
}

bool read_header(JpegState& state, const unsigned char* bytes, std::size_t count) {
  state.info.err = jpeg_std_error(&state.errors);
  state.errors.error_exit = on_error;
  state.errors.emit_message = on_message;
  state.errors.output_message = on_output;
  state.info.client_data = &state;
  if (setjmp(state.escape) != 0) return false;
  jpeg_create_decompress(&state.info);
  state.created = true;
  state.progress.progress_monitor = on_progress;
  state.info.progress = &state.progress;
  jpeg_mem_src(&state.info, bytes, static_cast<unsigned long>(count));
  jpeg_read_header(&state.info, TRUE);
  return true;
}

bool read_rows(JpegState& state, unsigned char* pixels, std::size_t stride) {
  if (setjmp(state.escape) != 0) return false;
  jpeg_start_decompress(&state.info);
  while (state.info.output_scanline < state.info.output_height) {
    JSAMPROW row = pixels + state.info.output_scanline * stride;
    jpeg_read_scanlines(&state.info, &row, 1);
  }
  jpeg_finish_decompress(&state.info);
  return true;
}

int multiply_255(int a, int b) {
  const int product = a * b + 128;
  return ((product >> 8) + product) >> 8;
}

// Inks are stored inverted, as Adobe does and Pillow assumes of every CMYK JPEG: 255 means no ink.
std::vector<std::uint8_t> cmyk_to_rgb(const std::vector<std::uint8_t>& inverted) {
  std::vector<std::uint8_t> rgb;
  rgb.reserve(inverted.size() / 4 * 3);
  for (std::size_t i = 0; i < inverted.size(); i += 4) {
    const int light = inverted[i + 3];
    for (std::size_t c = 0; c < 3; ++c) {
      const int ink = 255 - inverted[i + c];
      rgb.push_back(static_cast<std::uint8_t>(std::clamp(light - multiply_255(ink, light), 0, 255)));
    }
  }
  return rgb;
}

[[noreturn]] void fail(const Encoded& file, const JpegState& state) {
  throw Error(ErrorCode::kCorruptFile, "image", file.path, std::string("is a damaged JPEG; ") + state.message);
}

// Chooses the colours that come out; returns their number.
int choose_output(JpegState& state, const Encoded& file) {
  switch (state.info.jpeg_color_space) {
    case JCS_GRAYSCALE: state.info.out_color_space = JCS_GRAYSCALE; return 1;
    case JCS_RGB:
    case JCS_YCbCr: state.info.out_color_space = JCS_RGB; return 3;
    case JCS_CMYK:
    case JCS_YCCK: state.info.out_color_space = JCS_CMYK; return 4;
    default:
      throw Error(ErrorCode::kUnsupported, "image", file.path,
                  "has an unknown JPEG colour space with " + std::to_string(state.info.num_components) + " components");
  }
}

}  // namespace

Image decode_jpeg(const Encoded& file) {
  JpegState state;
  if (!read_header(state, reinterpret_cast<const unsigned char*>(file.bytes.data()), file.bytes.size()))
    fail(file, state);
  const int components = choose_output(state, file);
  Image image{state.info.image_height, state.info.image_width, components, {}, {}};
  // Huffman codes take at least a bit per block of 64 pixels; arithmetic codes may take less.
  const std::int64_t ratio = state.info.arith_code ? 1 << 20 : 8 * 64;
  check_extents(file, image.height, image.width, std::min(image.height, file.max_pixels) * image.width, ratio);

  const std::size_t stride = static_cast<std::size_t>(image.width * components);
  image.pixels.resize(stride * static_cast<std::size_t>(image.height));
  if (!read_rows(state, image.pixels.data(), stride)) fail(file, state);
  if (components == 4) {
    image.pixels = cmyk_to_rgb(image.pixels);
    image.channels = 3;
  }
  return image;
}

}  // namespace signxai::image
