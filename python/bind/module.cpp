// The extension signxai_cpp._native: a list of what it holds. The package around it is the public API.
#include "bind.h"
#include "signxai/explainer.h"

namespace nb = nanobind;

NB_MODULE(_native, module) {
  using namespace signxai::python;
  module.doc() = "The compiled part of signxai_cpp. Not public: use the package's names.";
  bind_errors(module);
  bind_methods(module);
  bind_target(module);
  bind_model(module);
  bind_explanation(module);
  bind_extensions(module);
  bind_explainer(module);
  bind_fingerprint(module);
  bind_files(module);
  bind_images(module);
  bind_program(module);
  module.def("version", &signxai::version, "Version of the library.");
  module.def("instruction_set", &signxai::Explainer::instruction_set, "Instruction set of the kernels on this machine.");
}
