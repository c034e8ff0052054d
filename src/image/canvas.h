// A drawing surface over Cairo with the few things the drawings need: pixels, or a PDF or SVG file. Coordinates are
// pixels (of 1/96 inch) from the top left. One object belongs to one thread.
#pragma once

#include <cairo.h>

#include <functional>
#include <memory>
#include <string>

#include "signxai/image.h"

namespace signxai::image {

struct Color {
  double red, green, blue;
  double alpha = 1;
};

inline constexpr Color kBlack = {0.0, 0.0, 0.0};
inline constexpr Color kInk = {0.13, 0.13, 0.15};    // titles and labels
inline constexpr Color kFaint = {0.38, 0.38, 0.42};  // secondary text
inline constexpr Color kWhite = {1.0, 1.0, 1.0};

struct Box {
  double x, y, width, height;
};

enum class Align { kLeft, kCenter, kRight };

struct TextStyle {
  double size = 13;
  Align align = Align::kLeft;
  bool bold = false;
  Color color = kInk;
  double max_width = 0;  ///< 0: unlimited; longer text shrinks to 70 %, then loses its middle
};

enum class Surface { kPixels, kPdf, kSvg };

class Canvas {
 public:
  /// A white surface; kUnsupported if it is larger than Cairo can draw.
  Canvas(double width, double height, Surface kind = Surface::kPixels);

  /// Text whose baseline is at y.
  void text(double x, double y, const std::string& text, const TextStyle& style = {});

  /// How wide that text is, unshrunk.
  double text_width(const std::string& text, const TextStyle& style);

  void fill(const Box& box, const Color& color);
  void line(double x1, double y1, double x2, double y2, const Color& color, double width = 1);
  /// A thin line of a translucent colour that lets what is below keep its hue: multiplied, where the surface can.
  void grid_line(double x1, double y1, double x2, double y2, const Color& color);
  void frame(const Box& box, const Color& color);

  /// Stretches a picture over a box: pixels stay squares when enlarged and are averaged when reduced.
  void picture(const Box& box, const Image& image);

  /// Restricts drawing to a box until unclip().
  void clip(const Box& box);
  void unclip();

  /// A polyline of the points that `next` yields until it returns false.
  void polyline(const std::function<bool(double& x, double& y)>& next, const Color& color, double width);

  /// The surface as RGB; of pixels only.
  Image image() const;
  /// The bytes of the PDF or SVG file; the canvas is used up.
  std::string file(const PictureTexts& texts);

 private:
  double text_width(const std::string& text) const;
  std::string fit(const std::string& text, TextStyle& style);
  void set_font(const TextStyle& style);
  void set_color(const Color& color);
  void check() const;

  struct Destroy {
    void operator()(cairo_t* context) const { cairo_destroy(context); }
    void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
  };
  Surface kind_;
  std::unique_ptr<std::string> bytes_;  ///< of the file; Cairo writes into it until the surface is finished
  std::unique_ptr<cairo_surface_t, Destroy> surface_;
  std::unique_ptr<cairo_t, Destroy> context_;
};

/// The colours of a style as a horizontal bar with labels below it: "against" to "for", or smallest to largest value.
void draw_color_bar(Canvas& canvas, const Box& bar, const Image& colors, bool diverging);
inline constexpr double kColorBarHeight = 40;  // bar and labels

/// Drawings on a surface of either kind.
Canvas drawn(const Panel& panel, Surface kind);
Canvas drawn(const SeriesPanel& panel, Surface kind);
Canvas drawn(const TokenPanel& panel, Surface kind);

/// Characters that end a markup language's text replaced; bytes that are no UTF-8 become '?'.
std::string escaped(const std::string& text);

}  // namespace signxai::image
