// Pictures: decoding, preprocessing into network inputs, colour maps, and drawings of relevance maps.
//
// All functions are free of shared state and may be called from several threads at once. Pictures are 8-bit, row by
// row, channels interleaved. Errors carry stage "image" (files that are written: "output", kIo).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "signxai/export.h"
#include "signxai/tensor.h"

namespace signxai {

// ---------------------------------------------------------------------------------------------------------------------
// Picture files

/// An 8-bit picture. Invariants: pixels.size() == height * width * channels, both extents at least 1; channels are
/// 1 (gray), 3 (RGB) or 4 (RGBA, alpha not premultiplied).
struct Image {
  std::int64_t height = 0;
  std::int64_t width = 0;
  int channels = 0;
  std::vector<std::uint8_t> pixels;
  /// What decoding had to change ("16-bit gray: values above 255 became 255"); empty otherwise. Worth telling the user.
  std::string note;
};

/// Pictures with more pixels are refused unless the caller says otherwise.
inline constexpr std::int64_t kMaxPixels = 200'000'000;

/// Decodes a PNG or JPEG file, by content and not by name. Values are those that Pillow gives after convert("RGB"):
/// palettes expanded, transparency of palettes ignored, CMYK JPEG converted, 16-bit colour cut to the high byte, 16-bit
/// gray saturated at 255 (with a note), Exif rotation and colour profiles ignored. Gray with alpha becomes RGBA.
/// Throws kNotFound, kIo, kCorruptFile (damaged or truncated), kUnsupported (another format, more than `max_pixels`).
SIGNXAI_API Image load_image_file(const std::string& path, std::int64_t max_pixels = kMaxPixels);

/// As Pillow's convert("RGB"): gray is replicated, alpha dropped.
SIGNXAI_API Image to_rgb(const Image& image);

/// As Pillow's convert("L"): (19595 R + 38470 G + 7471 B + 32768) >> 16; alpha dropped.
SIGNXAI_API Image to_gray(const Image& image);

/// Texts inside a picture file, not shown: tEXt chunks of PNG, document information of PDF, title and metadata of SVG,
/// title and a JSON script of HTML.
struct PictureTexts {
  std::string title;
  std::string provenance;  ///< a JSON text; only ASCII
};

/// The bytes of a PNG file.
SIGNXAI_API std::vector<std::uint8_t> encode_png(const Image& image, const PictureTexts& texts = {});

/// Writes a PNG file whole or not at all; an existing file is replaced only with `overwrite` (otherwise kIo).
SIGNXAI_API void write_png(const std::string& path, const Image& image, bool overwrite = false);

// ---------------------------------------------------------------------------------------------------------------------
// Resampling

enum class ResizeFilter {
  kNearest,   ///< source pixel floor((i + 0.5) * n / m), as Pillow rounds it
  kBilinear,  ///< float, half-pixel centres, edges repeated, no smoothing when shrinking (TensorFlow's default)
  kBicubic,   ///< 8-bit bicubic with smoothing when shrinking, bit by bit that of Pillow up to 12
};

/// Pillow's 8-bit bicubic filter (a = -0.5) on one plane of h x w values; returns new_h x new_w values. All extents
/// must be positive (kInvalidArgument).
SIGNXAI_API std::vector<std::uint8_t> resize_bicubic_u8(const std::vector<std::uint8_t>& plane, std::int64_t h,
                                                        std::int64_t w, std::int64_t new_h, std::int64_t new_w);

/// Bilinear resize of a (H, W, C) array to (new_h, new_w, C) with half-pixel centres.
SIGNXAI_API Tensor resize_bilinear(const TensorView& hwc, std::int64_t new_h, std::int64_t new_w);

/// Repeats pixels by the smallest whole factor that makes the longer side at least `min_side`.
SIGNXAI_API Image enlarge(const Image& image, std::int64_t min_side);

// ---------------------------------------------------------------------------------------------------------------------
// Preprocessing: picture to network input

enum class ChannelOrder {
  kAuto,  ///< RGB for networks with 3 channels, gray for 1, RGBA for 4
  kRgb,
  kBgr,
  kGray,  ///< for networks with 3 channels the gray value is replicated
};

/// How a picture becomes an input: resized, reordered, then `pixel * scale - mean` per channel of the result.
struct Preprocess {
  std::string name = "none";                        ///< for describe(): a preset's name or "json"
  std::optional<std::array<std::int64_t, 2>> size;  ///< height, width; without it pictures must fit as they are
  ResizeFilter filter = ResizeFilter::kNearest;
  ChannelOrder order = ChannelOrder::kAuto;
  double scale = 1.0;        ///< multiplies pixel values 0..255
  std::vector<double> mean;  ///< subtracted after scaling: none, one, or one per channel
};

/// "none" (0..255), "unit" (pixel / 255) or "vgg16": nearest-neighbour resize to 224 x 224, BGR, minus
/// (103.939, 116.779, 123.68), the values of the reference package's load_image. kNotFound for other names.
SIGNXAI_API Preprocess preprocess_preset(std::string_view name);

/// Reads an object with any of the keys
///   "size": [height, width]   "resize": "nearest" (default), "bilinear" or "bicubic"   "order": "rgb", "bgr" or "gray"
///   "scale": number           "mean": number or list of numbers, in units of scaled pixels
/// so that {"scale": 0.00784313725490196, "mean": 1} maps 0..255 to -1..1. kInvalidArgument for unknown keys, wrong
/// types, and a mean far outside the scaled pixels.
SIGNXAI_API Preprocess preprocess_from_json(std::string_view text);

/// A preset by name, or else the JSON file of that path.
SIGNXAI_API Preprocess load_preprocess(const std::string& name_or_path);

/// One line: "vgg16: nearest resize to 224x224, BGR, pixel - (103.939, 116.779, 123.68)".
SIGNXAI_API std::string describe(const Preprocess& preprocess);

/// The picture as input of a network. `sample_shape` is the network's input without the batch axis: (H, W, C), (C, H,
/// W) or (H, W), -1 for extents that are open. Returns that shape with open extents bound. kInvalidArgument, with
/// advice, when the network takes no picture, or when size or channels do not fit.
SIGNXAI_API Tensor preprocess(const Image& image, const Preprocess& preprocess, const Shape& sample_shape);

// ---------------------------------------------------------------------------------------------------------------------
// Relevance maps as numbers and colours

/// H / max|H|, then NaN to 0: values in [-1, 1]. A map of zeros, or one with a NaN or an infinity, gives zeros.
SIGNXAI_API Tensor normalize_heatmap(const TensorView& map);

/// Sum over the last axis of a (H, W, C) map; (H, W) comes back as it is.
SIGNXAI_API Tensor aggregate_channels(const TensorView& map);

using Rgb = std::array<std::uint8_t, 3>;

/// Diverging: seismic, bwr, coolwarm, rdbu (matplotlib's RdBu_r, legible with most colour-vision deficiencies);
/// sequential: gray, viridis, magma, jet.
enum class ColorMap { kSeismic, kBwr, kCoolwarm, kRdBu, kGray, kViridis, kMagma, kJet };

/// The 256 colours of matplotlib's map of that name; gray is (i, i, i).
SIGNXAI_API const std::array<Rgb, 256>& colors(ColorMap map);

/// "seismic", "bwr" ...: in the order of the enumeration.
SIGNXAI_API std::vector<std::string> color_map_names();
/// kInvalidArgument, with the names there are, for another one.
SIGNXAI_API ColorMap color_map(std::string_view name);
SIGNXAI_API bool is_diverging(ColorMap map);

/// How the channels of a map become one value. Where the largest magnitude counts, its sign is kept.
enum class Aggregate { kSum, kMean, kMaxAbs, kL2 };

/// "sum", "mean", "max_abs", "l2". kInvalidArgument.
SIGNXAI_API Aggregate aggregate(std::string_view name);

/// From a map to colours, in this order: channels are joined, values are cut off at percentiles, negative ones are
/// dropped, the rest is coloured. Scales: -max|v| to max|v| for diverging maps, smallest to largest value (with zero
/// among them) for sequential ones.
struct MapStyle {
  ColorMap colors = ColorMap::kSeismic;
  Aggregate aggregate = Aggregate::kSum;
  double clip = 0;        ///< percent, 0 to below 50: values are cut off at the percentiles clip and 100 - clip
  bool positive = false;  ///< only what speaks for the target
  double overlay = 0;     ///< 0: none; else the map lies over the gray input with this opacity, up to 1

  MapStyle() = default;
  MapStyle(ColorMap map) : colors(map) {}
};

/// The values that are coloured: a (H, W, C), (C, H, W), (H, W) or (F,) map as (H, W), F becoming one row.
SIGNXAI_API Tensor styled_plane(const TensorView& map, const MapStyle& style);

/// Colours a map; zero is white (255, 253, 253) in seismic, NaN mid-gray. Enlarged by whole factors to at least
/// `min_side` pixels on the longer side. With style.overlay and an `input` the map is stretched over its gray values:
/// diverging maps are the more opaque the larger the value, so that zero shows the input alone.
SIGNXAI_API Image draw_heatmap(const TensorView& map, const MapStyle& style = {}, std::int64_t min_side = 224,
                               const Image* input = nullptr);

/// An input that is no picture file as a picture: (H, W, C), (C, H, W) or (H, W), each stretched from its minimum to
/// its maximum; channel counts other than 1 and 3 are averaged.
SIGNXAI_API Image picture_of(const TensorView& sample);

// ---------------------------------------------------------------------------------------------------------------------
// Drawings. Texts are UTF-8 (other bytes are drawn as '?'), long ones shrink and are then cut in the middle.

/// One relevance map of a drawing.
struct LabelledMap {
  std::string title;     ///< method
  std::string subtitle;  ///< e.g. "class 3, score 8.21"; may be empty
  TensorView relevance;
};

/// A picture next to its maps. Every map has its own scale, printed below it.
struct Panel {
  std::string title;     ///< e.g. the name of the input file
  std::string subtitle;  ///< e.g. the predicted class; may be empty
  Image input;
  std::vector<LabelledMap> maps;  ///< (H, W, C), (H, W) or (F,)
  int columns = 4;                ///< tiles per row, the input included
  MapStyle style{};
};

/// The input and all maps side by side with titles and one colour bar.
SIGNXAI_API Image draw_panel(const Panel& panel);

/// A series with its maps. With a sampling rate and amplitudes that are plausible millivolts the grid is the millimetre
/// paper of ECGs (small boxes 0.04 s x 0.1 mV, large 0.2 s x 0.5 mV); otherwise a plain one, each lead on its own
/// scale.
struct SeriesPanel {
  std::string title;
  std::string subtitle;
  TensorView signal;               ///< (T, C)
  std::vector<std::string> leads;  ///< C names; empty: "1", "2", ...
  double sampling_rate = 0;        ///< in Hz; 0: unknown, the axis counts samples
  std::vector<LabelledMap> maps;   ///< (T, C), or (T,) / (T, 1) for relevance that all leads share
  int columns = 3;                 ///< figures per row
  MapStyle style{};                ///< colours, clip and positive; leads are not joined
};

/// Leads stacked over time, one figure per map (or the bare signal without maps): black trace, shaded red where
/// relevance speaks for the class and blue where against. Peaks survive the reduction of long series to pixels. One map
/// is drawn large, several smaller and side by side.
SIGNXAI_API Image draw_series(const SeriesPanel& panel);

/// A token of a text as it is shown.
struct ShadedToken {
  std::string text;
  float relevance = 0;     ///< of the token, its features joined
  Rgb color{};             ///< of its background
  std::int64_t count = 1;  ///< more: so many equal tokens without relevance, one behind the other (padding)
};

/// Shades T tokens by a map of shape (T, features) or (T,): features are joined as style.aggregate says (their sum is
/// the token's relevance where the rule conserves it), then come style.clip and style.positive. Four or more equal
/// tokens in a row whose relevance is exactly zero are one entry. kInvalidArgument where the shapes do not fit.
SIGNXAI_API std::vector<ShadedToken> shade_tokens(const std::vector<std::string>& tokens, const TensorView& map,
                                                  const MapStyle& style = {});

/// A text with its maps, each on its own scale.
struct TokenPanel {
  std::string title;
  std::string subtitle;
  std::vector<std::string> tokens;  ///< T
  std::vector<LabelledMap> maps;    ///< (T, features) or (T,)
  MapStyle style{};                 ///< without overlay
};

/// The text once per map, in lines, its tokens on the colour of their relevance.
SIGNXAI_API Image draw_tokens(const TokenPanel& panel);

// ---------------------------------------------------------------------------------------------------------------------
// Picture files that are written

/// What can be drawn into a file. A panel's, a series' and a text's views must live until it is written.
using Drawing = std::variant<Image, Panel, SeriesPanel, TokenPanel>;

/// The bytes of a .png, .pdf or .svg file, for texts also of an .html page, by `ending` (with or without the dot;
/// kInvalidArgument for others). In PDF and SVG lines and letters are vectors, maps are pictures whose cells stay
/// sharp. Nothing depends on the time.
SIGNXAI_API std::string encode_picture(const Drawing& drawing, std::string_view ending, const PictureTexts& texts = {});

/// Writes a picture file by the ending of its name, whole or not at all; an existing file is replaced only with
/// `overwrite` (otherwise kIo).
SIGNXAI_API void write_picture(const std::string& path, const Drawing& drawing, const PictureTexts& texts = {},
                               bool overwrite = false);

}  // namespace signxai
