// What an explanation returns. Arrays are moved out, so that each can live and die on its own.
#include "arrays.h"
#include "bind.h"
#include "signxai/explainer.h"

namespace nb = nanobind;

namespace signxai::python {

void bind_explanation(nb::module_& module) {
  nb::class_<MethodMap>(module, "MethodMap", "The map of one method at one place.")
      .def_prop_ro("name", &MethodMap::name)
      .def_ro("method", &MethodMap::method)
      .def_ro("place", &MethodMap::place)
      .def_ro("notes", &MethodMap::notes)
      .def_ro("quirks", &MethodMap::quirks)
      .def("take", [](MethodMap& map) { return array_of(std::move(map.map)); }, "Moves the numbers out; once only.");
  nb::class_<Explanation>(module, "Explanation", "Maps with how they were made.")
      .def_ro("maps", &Explanation::maps, nb::rv_policy::reference_internal)
      .def_ro("explained", &Explanation::explained, "Names of the explained outputs.")
      .def_ro("seconds", &Explanation::seconds)
      .def_ro("compile_seconds", &Explanation::compile_seconds)
      .def("take_targets",
           [](Explanation& explanation) { return array_of(std::move(explanation.targets), explanation.targets_shape); })
      .def("take_outputs", [](Explanation& explanation) {
        std::vector<FloatArray> arrays;
        for (Tensor& tensor : explanation.outputs) arrays.push_back(array_of(std::move(tensor)));
        return arrays;
      });
}

}  // namespace signxai::python
