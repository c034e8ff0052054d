// Which output is explained.
#include "arrays.h"
#include "bind.h"
#include "signxai/target.h"

namespace nb = nanobind;

namespace signxai::python {

void bind_target(nb::module_& module) {
  nb::class_<Target>(module, "Target", "Which output is explained.")
      .def_static("max", &Target::max)
      .def_static("per_sample", &Target::per_sample, nb::arg("indices"), "One index for all samples, or one per sample.")
      .def_static(
          "weighted",
          [](const FloatInput& weights, const std::string& output) {
            const TensorView view = view_of(weights);
            const auto size = static_cast<std::size_t>(element_count(view.shape));
            Target target = Target::weighted(Tensor(view.shape, std::vector<float>(view.data, view.data + size)));
            target.output = output;
            return target;
          },
          nb::arg("weights").noconvert(), nb::arg("output"), "A weight for each output, for all samples or per sample.")
      .def_static("parse", &Target::parse, nb::arg("text"), nb::arg("outputs"), "As the command line takes it.");
}

}  // namespace signxai::python
