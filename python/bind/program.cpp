// The command line as a function.
#include "program.h"

#include "bind.h"

namespace nb = nanobind;

namespace signxai::python {
namespace {

int run_program(std::vector<std::string> arguments, std::shared_ptr<Extensions> extensions) {
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  const nb::gil_scoped_release unlocked;
  return cli::run_program(static_cast<int>(arguments.size()), argv.data(), std::move(extensions));
}

}  // namespace

void bind_program(nb::module_& module) {
  module.def("run_program", &run_program, nb::arg("arguments"), nb::arg("extensions"),
             "Runs the command line, program name first, and returns its exit code.");
}

}  // namespace signxai::python
