// Which output is explained.
#include "bind.h"
#include "signxai/target.h"

namespace nb = nanobind;

namespace signxai::python {

void bind_target(nb::module_& module) {
  nb::class_<Target>(module, "Target", "Which output is explained.")
      .def_static("max", &Target::max)
      .def_static("per_sample", &Target::per_sample, nb::arg("indices"), "One index for all samples, or one per sample.")
      .def_static("parse", &Target::parse, nb::arg("text"), nb::arg("outputs"), "As the command line takes it.");
}

}  // namespace signxai::python
