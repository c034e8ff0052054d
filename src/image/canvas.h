// A drawing surface over Cairo with the few things the drawings need. Coordinates are pixels from the top left. One
// object belongs to one thread.
#pragma once

#include <cairo.h>

#include <functional>
#include <memory>
#include <string>

#include "signxai/image.h"

namespace signxai::image {

struct Color {
  double red, green, blue;
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

class Canvas {
 public:
  /// A white surface; kUnsupported if it is larger than Cairo can draw.
  Canvas(double width, double height);

  /// Text whose baseline is at y.
  void text(double x, double y, const std::string& text, const TextStyle& style = {});

  void fill(const Box& box, const Color& color);
  /// Like fill(), but darkens what is there, so that a grid below stays visible.
  void tint(const Box& box, const Color& color);
  void line(double x1, double y1, double x2, double y2, const Color& color, double width = 1);
  void frame(const Box& box, const Color& color);

  /// Stretches a picture over a box: pixels stay squares when enlarged and are averaged when reduced.
  void picture(const Box& box, const Image& image);

  /// Restricts drawing to a box until unclip().
  void clip(const Box& box);
  void unclip();

  /// A polyline of the points that `next` yields until it returns false.
  void polyline(const std::function<bool(double& x, double& y)>& next, const Color& color, double width);

  /// The surface as RGB.
  Image image() const;

 private:
  double text_width(const std::string& text) const;
  std::string fit(const std::string& text, TextStyle& style);
  void set_font(const TextStyle& style);
  void set_color(const Color& color);

  struct Destroy {
    void operator()(cairo_t* context) const { cairo_destroy(context); }
    void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
  };
  std::unique_ptr<cairo_surface_t, Destroy> surface_;
  std::unique_ptr<cairo_t, Destroy> context_;
};

/// "for" to "against" as a horizontal bar with labels below it; `color_at` takes -1..1.
void draw_color_bar(Canvas& canvas, const Box& bar, const std::function<Color(double)>& color_at);
inline constexpr double kColorBarHeight = 40;  // bar and labels

}  // namespace signxai::image
