// Names and descriptions of methods.
#include "bind.h"
#include "signxai/method.h"

namespace nb = nanobind;

namespace signxai::python {

void bind_methods(nb::module_& module) {
  nb::class_<ParameterInfo>(module, "ParameterInfo", "A parameter that a caller may give to a method.")
      .def_ro("name", &ParameterInfo::name)
      .def_ro("default", &ParameterInfo::fallback, "The default as text; empty: the caller must give it.")
      .def_ro("description", &ParameterInfo::description)
      .def("__repr__", [](const ParameterInfo& info) { return info.name + "=" + info.fallback + ": " + info.description; });
  nb::class_<MethodInfo>(module, "MethodInfo", "What the name of a method stands for.")
      .def_ro("name", &MethodInfo::name)
      .def_ro("base", &MethodInfo::base, "\"gradient\", \"lrp\" ...")
      .def_ro("fixed", &MethodInfo::fixed, "What the name itself decides.")
      .def_ro("parameters", &MethodInfo::parameters, "What the caller may add.")
      .def_ro("description", &MethodInfo::description, "Formula and paper.")
      .def("__repr__", [](const MethodInfo& info) { return info.name + " (" + info.base + "): " + info.description; });
  module.def("method_table", &method_table, "Every name of the table, in its order.");
  module.def("describe_method", &describe_method, nb::arg("name"));
  module.def("parse_parameter", &parse_parameter, nb::arg("text"), "A value as the command line takes it.");
}

}  // namespace signxai::python
