// Cairo behind Canvas. Cairo keeps errors in its objects, so they are looked at once, when the picture is taken.
#include "image/canvas.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>

#include <algorithm>
#include <cmath>
#include <new>

#include "signxai/error.h"

namespace signxai::image {
namespace {

constexpr double kLargestExtent = 32000;  // Cairo's image surfaces end at 32767
constexpr double kSmallestShare = 0.7;    // of a text's size, before it is cut

// Number of bytes of the valid UTF-8 sequence at text[i], or 0.
std::size_t sequence_length(const std::string& text, std::size_t i) {
  const auto byte = [&](std::size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U; };
  const unsigned lead = byte(i);
  if (lead >= 0x20 && lead < 0x7f) return 1;
  const std::size_t length = lead >= 0xf0 && lead < 0xf5 ? 4 : (lead >= 0xe0 ? 3 : 2);
  if (lead < 0xc2 || lead >= 0xf5) return 0;
  for (std::size_t k = 1; k < length; ++k) {
    if ((byte(i + k) & 0xc0) != 0x80) return 0;
  }
  const unsigned second = byte(i + 1);
  const bool overlong = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
  const bool outside = (lead == 0xed && second > 0x9f) || (lead == 0xf4 && second > 0x8f);
  return overlong || outside ? 0 : length;
}

// The text in characters, each a valid UTF-8 sequence; anything else becomes '?', as Cairo stops drawing at bad bytes.
std::vector<std::string> characters_of(const std::string& text) {
  std::vector<std::string> characters;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = sequence_length(text, i);
    characters.push_back(length == 0 ? "?" : text.substr(i, length));
    i += std::max<std::size_t>(length, 1);
  }
  return characters;
}

std::string join(const std::vector<std::string>& characters, std::size_t from, std::size_t to) {
  std::string text;
  for (std::size_t i = from; i < to; ++i) text += characters[i];
  return text;
}

// A Cairo surface that holds a copy of the picture.
cairo_surface_t* surface_of(const Image& source) {
  const Image rgb = to_rgb(source);
  cairo_surface_t* surface =
      cairo_image_surface_create(CAIRO_FORMAT_RGB24, static_cast<int>(rgb.width), static_cast<int>(rgb.height));
  unsigned char* bytes = cairo_image_surface_get_data(surface);
  if (bytes == nullptr) return surface;  // an error surface; drawing it does nothing but mark the context
  const int stride = cairo_image_surface_get_stride(surface);
  const std::uint8_t* from = rgb.pixels.data();
  for (std::int64_t y = 0; y < rgb.height; ++y) {
    auto* row = reinterpret_cast<std::uint32_t*>(bytes + y * stride);
    for (std::int64_t x = 0; x < rgb.width; ++x, from += 3) {
      row[x] = std::uint32_t{from[0]} << 16 | std::uint32_t{from[1]} << 8 | from[2];
    }
  }
  cairo_surface_mark_dirty(surface);
  return surface;
}

constexpr double kPointsPerPixel = 0.75;

// Cairo is C: no exception may pass through it.
cairo_status_t append(void* closure, const unsigned char* bytes, unsigned count) {
  try {
    static_cast<std::string*>(closure)->append(reinterpret_cast<const char*>(bytes), count);
  } catch (const std::bad_alloc&) {
    return CAIRO_STATUS_NO_MEMORY;
  }
  return CAIRO_STATUS_SUCCESS;
}

cairo_surface_t* make_surface(Surface kind, double width, double height, std::string* bytes) {
  if (kind == Surface::kPdf) {
    return cairo_pdf_surface_create_for_stream(append, bytes, width * kPointsPerPixel, height * kPointsPerPixel);
  }
  if (kind == Surface::kSvg) {
    cairo_surface_t* surface = cairo_svg_surface_create_for_stream(append, bytes, width, height);
    cairo_svg_surface_set_document_unit(surface, CAIRO_SVG_UNIT_PX);
    return surface;
  }
  return cairo_image_surface_create(CAIRO_FORMAT_RGB24, static_cast<int>(width), static_cast<int>(height));
}

// Cairo has no call for texts inside an SVG: they go behind the opening tag.
void add_texts(std::string& svg, const PictureTexts& texts) {
  const std::size_t tag = svg.find("<svg");
  const std::size_t end = tag == std::string::npos ? tag : svg.find('>', tag);
  if (end == std::string::npos) return;
  std::string inserted;
  if (!texts.title.empty()) inserted += "\n<title>" + escaped(texts.title) + "</title>";
  if (!texts.provenance.empty()) inserted += "\n<metadata>" + escaped(texts.provenance) + "</metadata>";
  svg.insert(end + 1, inserted);
}

void set_information(cairo_surface_t* pdf, const PictureTexts& texts) {
  const std::vector<std::string> title = characters_of(texts.title);
  cairo_pdf_surface_set_metadata(pdf, CAIRO_PDF_METADATA_TITLE, join(title, 0, title.size()).c_str());
  cairo_pdf_surface_set_metadata(pdf, CAIRO_PDF_METADATA_CREATOR, "signxai");
  cairo_pdf_surface_set_metadata(pdf, CAIRO_PDF_METADATA_SUBJECT, texts.provenance.c_str());
  cairo_pdf_surface_set_metadata(pdf, CAIRO_PDF_METADATA_CREATE_DATE, "");  // otherwise that of today
}

}  // namespace

std::string escaped(const std::string& text) {
  std::string result;
  for (const std::string& character : characters_of(text)) {
    result += character == "&" ? "&amp;" : character == "<" ? "&lt;" : character == ">" ? "&gt;" : character;
  }
  return result;
}

Canvas::Canvas(double width, double height, Surface kind) : kind_(kind), bytes_(std::make_unique<std::string>()) {
  if (!(width >= 1 && height >= 1 && width <= kLargestExtent && height <= kLargestExtent)) {
    throw Error(ErrorCode::kUnsupported, "image", "drawing",
                "is too large; got " + std::to_string(std::llround(width)) + "x" +
                    std::to_string(std::llround(height)) +
                    " pixels, expected at most 32000 either way; try fewer maps or leads");
  }
  width = std::round(width);
  height = std::round(height);
  surface_.reset(make_surface(kind, width, height, bytes_.get()));
  context_.reset(cairo_create(surface_.get()));
  if (kind == Surface::kPdf) cairo_scale(context_.get(), kPointsPerPixel, kPointsPerPixel);
  fill({0, 0, width, height}, kWhite);
}

double Canvas::text_width(const std::string& text, const TextStyle& style) {
  set_font(style);
  const std::vector<std::string> characters = characters_of(text);
  return text_width(join(characters, 0, characters.size()));
}

void Canvas::set_color(const Color& color) {
  cairo_set_source_rgba(context_.get(), color.red, color.green, color.blue, color.alpha);
}

void Canvas::set_font(const TextStyle& style) {
  cairo_select_font_face(context_.get(), "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL,
                         style.bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
  cairo_set_font_size(context_.get(), style.size);
}

double Canvas::text_width(const std::string& text) const {
  cairo_text_extents_t extents;
  cairo_text_extents(context_.get(), text.c_str(), &extents);
  return extents.x_advance;
}

std::string Canvas::fit(const std::string& text, TextStyle& style) {
  constexpr std::size_t kLongest = 1000;
  std::vector<std::string> characters = characters_of(text.substr(0, kLongest));
  const std::string whole = join(characters, 0, characters.size());
  set_font(style);
  const double width = text_width(whole);
  if (style.max_width <= 0 || width <= style.max_width) return whole;
  style.size *= std::max(style.max_width / width * 0.99, kSmallestShare);
  set_font(style);
  std::string shown = whole;
  for (std::size_t keep = characters.size(); keep > 1 && text_width(shown) > style.max_width; --keep) {
    const std::size_t head = keep / 2;
    shown =
        join(characters, 0, head) + ".." + join(characters, characters.size() - (keep - head) + 1, characters.size());
  }
  return shown;
}

void Canvas::text(double x, double y, const std::string& text, const TextStyle& style) {
  TextStyle fitted = style;
  const std::string shown = fit(text, fitted);
  if (shown.empty()) return;
  if (style.align == Align::kCenter) x -= text_width(shown) / 2;
  if (style.align == Align::kRight) x -= text_width(shown);
  set_color(style.color);
  cairo_move_to(context_.get(), std::round(x), std::round(y));
  cairo_show_text(context_.get(), shown.c_str());
}

void Canvas::fill(const Box& box, const Color& color) {
  set_color(color);
  cairo_rectangle(context_.get(), box.x, box.y, box.width, box.height);
  cairo_fill(context_.get());
}

void Canvas::line(double x1, double y1, double x2, double y2, const Color& color, double width) {
  // Lines of odd width are sharp when they run through the middle of pixels.
  const double shift = std::fmod(width, 2.0) == 1.0 ? 0.5 : 0.0;
  const double dx = x1 == x2 ? shift : 0.0, dy = y1 == y2 ? shift : 0.0;
  set_color(color);
  cairo_set_line_width(context_.get(), width);
  cairo_move_to(context_.get(), std::floor(x1) + dx, std::floor(y1) + dy);
  cairo_line_to(context_.get(), std::floor(x2) + dx, std::floor(y2) + dy);
  cairo_stroke(context_.get());
}

void Canvas::grid_line(double x1, double y1, double x2, double y2, const Color& color) {
  if (kind_ == Surface::kSvg) return line(x1, y1, x2, y2, color);  // Cairo's SVG has no other operator
  const auto on_white = [&](double part) { return 1 - color.alpha * (1 - part); };
  cairo_set_operator(context_.get(), CAIRO_OPERATOR_MULTIPLY);
  line(x1, y1, x2, y2, {on_white(color.red), on_white(color.green), on_white(color.blue)});
  cairo_set_operator(context_.get(), CAIRO_OPERATOR_OVER);
}

void Canvas::frame(const Box& box, const Color& color) {
  set_color(color);
  cairo_set_line_width(context_.get(), 1);
  cairo_rectangle(context_.get(), std::floor(box.x) + 0.5, std::floor(box.y) + 0.5, std::round(box.width) - 1,
                  std::round(box.height) - 1);
  cairo_stroke(context_.get());
}

void Canvas::picture(const Box& box, const Image& image) {
  // Viewers of PDF and SVG smooth pictures that they enlarge: cells stay sharp when they have several pixels.
  constexpr double kSharp = 8;
  const double factor = std::floor(std::min({box.width / static_cast<double>(image.width), kSharp}));
  const bool enlarged = kind_ != Surface::kPixels && factor > 1 && image.height > 1;
  const Image source_image =
      enlarged ? enlarge(image, static_cast<std::int64_t>(factor) * std::max(image.width, image.height)) : image;
  const std::unique_ptr<cairo_surface_t, Destroy> source(surface_of(source_image));
  const double scale_x = box.width / static_cast<double>(source_image.width);
  const double scale_y = box.height / static_cast<double>(source_image.height);
  cairo_t* context = context_.get();
  cairo_save(context);
  cairo_rectangle(context, box.x, box.y, box.width, box.height);
  cairo_clip(context);
  cairo_translate(context, box.x, box.y);
  cairo_scale(context, scale_x, scale_y);
  cairo_set_source_surface(context, source.get(), 0, 0);
  cairo_pattern_set_extend(cairo_get_source(context), CAIRO_EXTEND_PAD);
  cairo_pattern_set_filter(cairo_get_source(context),
                           scale_x < 1 || scale_y < 1 ? CAIRO_FILTER_GOOD : CAIRO_FILTER_NEAREST);
  cairo_paint(context);
  cairo_restore(context);
}

void Canvas::clip(const Box& box) {
  cairo_save(context_.get());
  cairo_rectangle(context_.get(), box.x, box.y, box.width, box.height);
  cairo_clip(context_.get());
}

void Canvas::unclip() { cairo_restore(context_.get()); }

void Canvas::polyline(const std::function<bool(double& x, double& y)>& next, const Color& color, double width) {
  cairo_t* context = context_.get();
  set_color(color);
  cairo_set_line_width(context, width);
  cairo_set_line_join(context, CAIRO_LINE_JOIN_ROUND);
  bool connected = false;
  for (double x = 0, y = 0; next(x, y);) {
    if (std::isfinite(y) && connected) cairo_line_to(context, x, y);
    if (std::isfinite(y) && !connected) cairo_move_to(context, x, y);
    connected = std::isfinite(y);  // a gap in the data is a gap in the line
  }
  cairo_stroke(context);
}

void Canvas::check() const {
  const cairo_status_t status = cairo_status(context_.get());
  if (status == CAIRO_STATUS_SUCCESS) return;
  throw Error(ErrorCode::kOutOfMemory, "image", "drawing", std::string("failed; ") + cairo_status_to_string(status));
}

std::string Canvas::file(const PictureTexts& texts) {
  check();
  if (kind_ == Surface::kPdf) set_information(surface_.get(), texts);
  cairo_show_page(context_.get());
  check();
  cairo_surface_finish(surface_.get());
  if (kind_ == Surface::kSvg) add_texts(*bytes_, texts);
  return std::move(*bytes_);
}

Image Canvas::image() const {
  cairo_surface_t* surface = surface_.get();
  cairo_surface_flush(surface);
  check();
  Image result{cairo_image_surface_get_height(surface), cairo_image_surface_get_width(surface), 3, {}, {}};
  result.pixels.reserve(static_cast<std::size_t>(result.height * result.width * 3));
  const unsigned char* bytes = cairo_image_surface_get_data(surface);
  const int stride = cairo_image_surface_get_stride(surface);
  for (std::int64_t y = 0; y < result.height; ++y) {
    const auto* row = reinterpret_cast<const std::uint32_t*>(bytes + y * stride);
    for (std::int64_t x = 0; x < result.width; ++x) {
      for (const int shift : {16, 8, 0}) result.pixels.push_back(static_cast<std::uint8_t>(row[x] >> shift & 0xff));
    }
  }
  return result;
}

void draw_color_bar(Canvas& canvas, const Box& bar, const Image& colors, bool diverging) {
  canvas.picture(bar, colors);
  canvas.frame(bar, kFaint);
  const double baseline = bar.y + bar.height + 16;
  const double third = bar.width / 2 - 16;
  canvas.text(bar.x, baseline, diverging ? "against (- scale)" : "smallest", {12, Align::kLeft, false, kInk, third});
  if (diverging) canvas.text(bar.x + bar.width / 2, baseline, "0", {12, Align::kCenter, false, kInk, 0});
  canvas.text(bar.x + bar.width, baseline, diverging ? "for (+ scale)" : "largest",
              {12, Align::kRight, false, kInk, third});
}

}  // namespace signxai::image
