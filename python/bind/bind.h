// What the extension consists of: one function per file of this folder, called by module.cpp.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/variant.h>
#include <nanobind/stl/vector.h>

namespace signxai::python {

void bind_errors(nanobind::module_& module);
void bind_methods(nanobind::module_& module);
void bind_target(nanobind::module_& module);
void bind_model(nanobind::module_& module);
void bind_explanation(nanobind::module_& module);
void bind_extensions(nanobind::module_& module);
void bind_explainer(nanobind::module_& module);
void bind_fingerprint(nanobind::module_& module);
void bind_files(nanobind::module_& module);
void bind_images(nanobind::module_& module);
void bind_program(nanobind::module_& module);

}  // namespace signxai::python
