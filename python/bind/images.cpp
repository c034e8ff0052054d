// Pictures: reading and preprocessing, colours, and drawings of maps.
#include "arrays.h"
#include "bind.h"
#include "signxai/error.h"
#include "signxai/image.h"

namespace nb = nanobind;

namespace signxai::python {
namespace {

/// Title, subtitle, relevance.
using Maps = std::vector<std::tuple<std::string, std::string, FloatInput>>;

std::vector<LabelledMap> labelled(const Maps& maps) {
  std::vector<LabelledMap> list;
  for (const auto& [title, subtitle, relevance] : maps) list.push_back({title, subtitle, view_of(relevance)});
  return list;
}

Image image_of(const ByteInput& pixels) {
  const Shape shape = shape_of(pixels);
  if (shape.size() != 3 || element_count(shape) == 0 || (shape[2] != 1 && shape[2] != 3 && shape[2] != 4)) {
    throw Error(ErrorCode::kInvalidArgument, "image", "",
                "is no picture; got shape " + to_string(shape) + ", expected (height, width, 1, 3 or 4)");
  }
  return {shape[0], shape[1], static_cast<int>(shape[2]), {pixels.data(), pixels.data() + pixels.size()}, {}};
}

ByteArray panel(const std::string& title, const std::string& subtitle, const ByteInput& input, const Maps& maps, int columns) {
  Panel panel{title, subtitle, image_of(input), labelled(maps), columns};
  return array_of(draw_panel(panel));
}

ByteArray series(const std::string& title, const std::string& subtitle, const FloatInput& signal,
                 const std::vector<std::string>& leads, double sampling_rate, const Maps& maps, int columns) {
  SeriesPanel panel{title, subtitle, view_of(signal), leads, sampling_rate, labelled(maps), columns};
  return array_of(draw_series(panel));
}

nb::bytes png_of(const ByteInput& pixels) {
  const std::vector<std::uint8_t> png = encode_png(image_of(pixels));
  return nb::bytes(png.data(), png.size());
}

}  // namespace

void bind_images(nb::module_& module) {
  module.def("load_image", [](const std::string& path) { return array_of(load_image_file(path)); }, nb::arg("path"),
             "A PNG or JPEG file as (height, width, channels).");
  module.def("preprocess",
             [](const ByteInput& pixels, const std::string& preset, const Shape& sample_shape) {
               return array_of(preprocess(image_of(pixels), load_preprocess(preset), sample_shape));
             },
             nb::arg("pixels"), nb::arg("preset"), nb::arg("sample_shape"), "A picture as input of a network.");
  module.def("picture_of", [](const FloatInput& sample) { return array_of(picture_of(view_of(sample))); },
             nb::arg("sample"), "An input of a network as a picture.");
  module.def("normalize_heatmap", [](const FloatInput& map) { return array_of(normalize_heatmap(view_of(map))); },
             nb::arg("map"));
  module.def("aggregate_channels", [](const FloatInput& map) { return array_of(aggregate_channels(view_of(map))); },
             nb::arg("map"));
  module.def("draw_heatmap",
             [](const FloatInput& map, const std::string& colors, std::int64_t min_side) {
               return array_of(draw_heatmap(view_of(map), color_map(colors), min_side));
             },
             nb::arg("map"), nb::arg("colors") = "seismic", nb::arg("min_side") = 224);
  module.def("draw_panel", &panel, nb::arg("title"), nb::arg("subtitle"), nb::arg("input"), nb::arg("maps"), nb::arg("columns"));
  module.def("draw_series", &series, nb::arg("title"), nb::arg("subtitle"), nb::arg("signal"), nb::arg("leads"),
             nb::arg("sampling_rate"), nb::arg("maps"), nb::arg("columns"));
  module.def("encode_png", &png_of, nb::arg("pixels"));
  module.def("write_png",
             [](const std::string& path, const ByteInput& pixels, bool overwrite) { write_png(path, image_of(pixels), overwrite); },
             nb::arg("path"), nb::arg("pixels"), nb::arg("overwrite"));
  module.def("resize_bilinear",
             [](const FloatInput& map, std::int64_t height, std::int64_t width) {
               return array_of(resize_bilinear(view_of(map), height, width));
             },
             nb::arg("map"), nb::arg("height"), nb::arg("width"));
}

}  // namespace signxai::python
