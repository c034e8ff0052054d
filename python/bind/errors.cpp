// signxai::Error as the exception classes of signxai_cpp.errors.
#include "bind.h"
#include "signxai/error.h"

namespace nb = nanobind;

namespace signxai::python {
namespace {

void translate(const std::exception_ptr& pointer, void*) {
  try {
    std::rethrow_exception(pointer);
  } catch (const Error& error) {
    const nb::object raised = nb::module_::import_("signxai_cpp.errors")
                                  .attr("from_native")(std::string(to_string(error.code())), error.stage(), error.subject(),
                                                       error.message(), error.what());
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(raised.ptr())), raised.ptr());
  }
}

}  // namespace

void bind_errors(nb::module_&) { nb::register_exception_translator(translate); }

}  // namespace signxai::python
