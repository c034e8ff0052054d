// PNG writer: 8-bit gray, RGB or RGBA. libpng leaves with longjmp on errors, so the function around it holds only
// trivial objects.
#include <png.h>

#include <csetjmp>
#include <new>

#include "base/atomic_file.h"
#include "signxai/error.h"
#include "signxai/image.h"

namespace signxai {
namespace {

// No exception may pass through libpng: running out of memory is turned into its own kind of error.
void on_write(png_structp png, png_bytep bytes, std::size_t count) {
  auto* out = static_cast<std::vector<std::uint8_t>*>(png_get_io_ptr(png));
  bool full = false;
  try {
    out->insert(out->end(), bytes, bytes + count);
  } catch (const std::bad_alloc&) {
    full = true;
  }
  if (full) png_error(png, "out of memory");
}

void on_flush(png_structp) {}
void on_warning(png_structp, png_const_charp) {}
void on_error(png_structp png, png_const_charp) { png_longjmp(png, 1); }

struct Writer {
  png_structp png = nullptr;
  png_infop info = nullptr;
  ~Writer() { png_destroy_write_struct(&png, &info); }
};

/// One tEXt chunk. The keys are those of the PNG specification.
png_text chunk(const char* key, const std::string& text) {
  png_text entry{};
  entry.compression = PNG_TEXT_COMPRESSION_NONE;
  entry.key = const_cast<png_charp>(key);
  entry.text = const_cast<png_charp>(text.c_str());
  entry.text_length = text.size();
  return entry;
}

bool write_rows(const Writer& writer, const Image& image, int color, std::vector<png_text>* texts,
                std::vector<std::uint8_t>* out) {
  if (setjmp(png_jmpbuf(writer.png)) != 0) return false;
  png_set_write_fn(writer.png, out, on_write, on_flush);
  png_set_user_limits(writer.png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  png_set_IHDR(writer.png, writer.info, static_cast<png_uint_32>(image.width), static_cast<png_uint_32>(image.height),
               8, color, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  if (!texts->empty()) png_set_text(writer.png, writer.info, texts->data(), static_cast<int>(texts->size()));
  png_write_info(writer.png, writer.info);
  const std::uint8_t* row = image.pixels.data();
  for (std::int64_t y = 0; y < image.height; ++y, row += image.width * image.channels) png_write_row(writer.png, row);
  png_write_end(writer.png, nullptr);
  return true;
}

int color_type(const Image& image) {
  const bool consistent = image.height > 0 && image.width > 0 &&
                          static_cast<std::int64_t>(image.pixels.size()) == image.height * image.width * image.channels;
  if (consistent && image.channels == 1) return PNG_COLOR_TYPE_GRAY;
  if (consistent && image.channels == 3) return PNG_COLOR_TYPE_RGB;
  if (consistent && image.channels == 4) return PNG_COLOR_TYPE_RGB_ALPHA;
  throw Error(ErrorCode::kInvalidArgument, "image", "",
              "a picture cannot be encoded; got " + std::to_string(image.pixels.size()) + " values for " +
                  std::to_string(image.width) + "x" + std::to_string(image.height) + "x" +
                  std::to_string(image.channels) + ", expected 1, 3 or 4 channels and all pixels");
}

}  // namespace

std::vector<std::uint8_t> encode_png(const Image& image, const PictureTexts& texts) {
  const int color = color_type(image);
  const std::string software = "signxai";
  std::vector<png_text> chunks;
  if (!texts.title.empty()) chunks.push_back(chunk("Title", texts.title));
  if (!texts.provenance.empty()) chunks.push_back(chunk("Software", software));
  if (!texts.provenance.empty()) chunks.push_back(chunk("provenance", texts.provenance));
  std::vector<std::uint8_t> out;
  Writer writer;
  writer.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, on_error, on_warning);
  if (writer.png != nullptr) writer.info = png_create_info_struct(writer.png);
  if (writer.info == nullptr || !write_rows(writer, image, color, &chunks, &out)) {
    throw Error(ErrorCode::kOutOfMemory, "image", "", "a picture cannot be encoded as PNG");
  }
  return out;
}

void write_png(const std::string& path, const Image& image, bool overwrite) {
  const std::vector<std::uint8_t> bytes = encode_png(image);
  base::AtomicFile file(path, overwrite);
  file.write(bytes.data(), bytes.size());
  file.commit();
}

}  // namespace signxai
