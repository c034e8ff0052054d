// PNG through libpng's low-level interface: the simplified one applies gamma and would change the values.
//
// libpng reports errors with longjmp. Every function that is on the stack between setjmp and libpng therefore holds
// only trivial objects; what owns memory lives in the caller.
#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <cstring>

#include "image/decode.h"
#include "signxai/error.h"

namespace signxai::image {
namespace {

// State shared with the callbacks of libpng.
struct PngState {
  const unsigned char* at = nullptr;
  std::size_t left = 0;
  char message[200] = {};
  png_structp png = nullptr;
  png_infop info = nullptr;

  ~PngState() { png_destroy_read_struct(&png, &info, nullptr); }
};

struct PngHeader {
  png_uint_32 width = 0, height = 0;
  int depth = 0, color = 0;
};

void on_error(png_structp png, png_const_charp message) {
  auto* state = static_cast<PngState*>(png_get_error_ptr(png));
  std::strncpy(state->message, message, sizeof state->message - 1);
  png_longjmp(png, 1);
}

void on_warning(png_structp, png_const_charp) {}

void on_read(png_structp png, png_bytep to, std::size_t count) {
  auto* state = static_cast<PngState*>(png_get_io_ptr(png));
  if (count > state->left) png_error(png, "the file ends too early");
  std::memcpy(to, state->at, count);
  state->at += count;
  state->left -= count;
}

bool read_header(PngState& state, PngHeader& header) {
  if (setjmp(png_jmpbuf(state.png)) != 0) return false;
  png_set_read_fn(state.png, &state, on_read);
  png_set_user_limits(state.png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);  // check_extents() refuses with a better message
  png_read_info(state.png, state.info);
  png_get_IHDR(state.png, state.info, &header.width, &header.height, &header.depth, &header.color, nullptr, nullptr,
               nullptr);
  return true;
}

// Asks for 8-bit gray, gray+alpha, RGB or RGBA. 16-bit gray keeps both bytes: it is saturated later, as Pillow does.
bool set_transforms(PngState& state, const PngHeader& header, std::size_t* row_bytes) {
  if (setjmp(png_jmpbuf(state.png)) != 0) return false;
  if (header.color == PNG_COLOR_TYPE_PALETTE) {
    png_set_palette_to_rgb(state.png);  // turns transparent entries into an alpha channel, too
    if (png_get_valid(state.png, state.info, PNG_INFO_tRNS) != 0) png_set_strip_alpha(state.png);
  }
  if (header.color == PNG_COLOR_TYPE_GRAY && header.depth < 8) png_set_expand_gray_1_2_4_to_8(state.png);
  if (header.depth == 16 && header.color != PNG_COLOR_TYPE_GRAY) png_set_strip_16(state.png);
  png_set_interlace_handling(state.png);
  png_read_update_info(state.png, state.info);
  *row_bytes = png_get_rowbytes(state.png, state.info);
  return true;
}

bool read_rows(PngState& state, png_bytepp rows) {
  if (setjmp(png_jmpbuf(state.png)) != 0) return false;
  png_read_image(state.png, rows);
  png_read_end(state.png, nullptr);
  return true;
}

// Rows of 16-bit big-endian gray, two bytes each, to one byte each.
void saturate_16_bit_gray(Image& image) {
  const std::size_t count = image.pixels.size() / 2;
  bool lost = false;
  for (std::size_t i = 0; i < count; ++i) {
    const bool high = image.pixels[2 * i] != 0;
    lost = lost || high;
    image.pixels[i] = high ? std::uint8_t{255} : image.pixels[2 * i + 1];
  }
  image.pixels.resize(count);
  if (lost) image.note = "16-bit gray: values above 255 became 255, as Pillow does; try an 8-bit picture or .npy";
}

void gray_alpha_to_rgba(Image& image) {
  std::vector<std::uint8_t> rgba;
  rgba.reserve(image.pixels.size() * 2);
  for (std::size_t i = 0; i < image.pixels.size(); i += 2) {
    rgba.insert(rgba.end(), {image.pixels[i], image.pixels[i], image.pixels[i], image.pixels[i + 1]});
  }
  image.pixels = std::move(rgba);
  image.channels = 4;
}

int channels_of(const PngHeader& header) {
  switch (header.color) {
    case PNG_COLOR_TYPE_GRAY: return 1;
    case PNG_COLOR_TYPE_GRAY_ALPHA: return 2;
    case PNG_COLOR_TYPE_RGB_ALPHA: return 4;
    default: return 3;
  }
}

[[noreturn]] void fail(const Encoded& file, const PngState& state) {
  throw Error(ErrorCode::kCorruptFile, "image", file.path, std::string("is a damaged PNG; ") + state.message);
}

}  // namespace

Image decode_png(const Encoded& file) {
  PngState state;
  state.at = reinterpret_cast<const unsigned char*>(file.bytes.data());
  state.left = file.bytes.size();
  state.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &state, on_error, on_warning);
  if (state.png != nullptr) state.info = png_create_info_struct(state.png);
  if (state.info == nullptr) throw Error(ErrorCode::kOutOfMemory, "image", file.path, "cannot be decoded");

  PngHeader header;
  if (!read_header(state, header)) fail(file, state);
  Image image{header.height, header.width, channels_of(header), {}, {}};
  // Each row of the file has at least one bit per pixel; deflate expands at most 1032 times.
  const std::int64_t bits = header.color == PNG_COLOR_TYPE_PALETTE ? header.depth : header.depth * image.channels;
  check_extents(file, image.height, image.width,
                std::min(image.height, file.max_pixels) * ((image.width * bits + 7) / 8), 1032);

  std::size_t row_bytes = 0;
  if (!set_transforms(state, header, &row_bytes)) fail(file, state);
  const bool wide_gray = header.depth == 16 && header.color == PNG_COLOR_TYPE_GRAY;
  const std::size_t stride = static_cast<std::size_t>(image.width * image.channels * (wide_gray ? 2 : 1));
  if (row_bytes != stride)
    throw Error(ErrorCode::kInternal, "image", file.path, "libpng and this decoder disagree on a row");
  image.pixels.resize(stride * header.height);
  std::vector<png_bytep> rows(header.height);
  for (std::size_t y = 0; y < rows.size(); ++y) rows[y] = image.pixels.data() + y * stride;
  if (!read_rows(state, rows.data())) fail(file, state);

  if (wide_gray) saturate_16_bit_gray(image);
  if (image.channels == 2) gray_alpha_to_rgba(image);
  return image;
}

}  // namespace signxai::image
