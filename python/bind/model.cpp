// The imported network.
#include "arrays.h"
#include "bind.h"
#include "signxai/model.h"

namespace nb = nanobind;

namespace signxai::python {

namespace {

Model load(const std::string& path, const std::string& weights) {
  LoadOptions options;
  options.weights = weights;
  return Model::load(path, options);
}

/// The arrays are copied: what a live model holds may change.
Model from_memory(const std::string& architecture,
                  const std::vector<std::pair<std::string, std::vector<FloatInput>>>& weights) {
  std::vector<LayerWeights> layers;
  for (const auto& [name, arrays] : weights) {
    LayerWeights layer{name, {}};
    for (const FloatInput& array : arrays) layer.arrays.push_back({"", shape_of(array), array.data(), nullptr});
    layers.push_back(std::move(layer));
  }
  const nb::gil_scoped_release unlocked;
  return Model::from_memory(architecture, layers);
}

/// The bytes of a ModelProto.
Model from_onnx(const nb::bytes& model) {
  const std::string_view bytes(model.c_str(), model.size());
  const nb::gil_scoped_release unlocked;
  return Model::from_memory(bytes, {});
}

}  // namespace

void bind_model(nb::module_& module) {
  nb::class_<PortInfo>(module, "Port", "An input or output of a network.")
      .def_ro("name", &PortInfo::name)
      .def_prop_ro("shape", [](const PortInfo& port) { return nb::tuple(nb::cast(port.shape)); },
                   nb::sig("def shape(self) -> tuple[int, ...]"), "Of one sample; open extents are negative.")
      .def("__repr__", [](const PortInfo& port) { return port.name + " " + to_string(port.shape); });
  nb::class_<LayerInfo>(module, "Layer", "One layer call of a network.")
      .def_ro("name", &LayerInfo::name)
      .def_ro("class_name", &LayerInfo::class_name)
      .def_ro("activation", &LayerInfo::activation, "The fused activation; empty: none.")
      .def_prop_ro("output_shape", [](const LayerInfo& layer) { return nb::tuple(nb::cast(layer.output_shape)); },
                   nb::sig("def output_shape(self) -> tuple[int, ...]"), "With the batch axis; open extents are negative.")
      .def_ro("parameters", &LayerInfo::parameters, "Number of weights.")
      .def_ro("inputs", &LayerInfo::inputs, "Names of the layers that feed it.")
      .def("__repr__", [](const LayerInfo& layer) {
        return layer.name + " (" + layer.class_name + ") " + to_string(layer.output_shape);
      });
  nb::class_<Model>(module, "Model", "A network as it was read. Immutable; safe to use from several threads.")
      .def_static("load", &load, nb::arg("path"), nb::arg("weights"), nb::call_guard<nb::gil_scoped_release>())
      .def_static("from_memory", &from_memory, nb::arg("architecture"), nb::arg("weights"))
      .def_static("from_onnx", &from_onnx, nb::arg("model"))
      .def_prop_ro("name", &Model::name)
      .def_prop_ro("inputs", &Model::inputs)
      .def_prop_ro("outputs", &Model::outputs)
      .def_prop_ro("layers", &Model::layers)
      .def_prop_ro("notes", &Model::notes)
      .def("files",
           [](const Model& model) {
             std::vector<std::pair<std::string, std::string>> files;
             for (const ModelFile& file : model.files()) files.emplace_back(file.path, file.sha256);
             return files;
           },
           nb::call_guard<nb::gil_scoped_release>(), "Path and SHA-256 of each file that it was read from; reads them.");
}

}  // namespace signxai::python
