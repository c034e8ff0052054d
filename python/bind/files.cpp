// Files of numbers.
#include "arrays.h"
#include "bind.h"
#include "signxai/array_file.h"

namespace nb = nanobind;

namespace signxai::python {
namespace {

using NamedFloats = std::vector<std::pair<std::string, FloatInput>>;
using Integers = nb::ndarray<const std::int64_t, nb::c_contig, nb::device::cpu>;

void save_npz(const std::string& path, const NamedFloats& arrays,
              const std::vector<std::pair<std::string, Integers>>& integers, bool overwrite) {
  std::vector<NamedView> views;
  for (const auto& [name, array] : arrays) views.push_back({name, view_of(array)});
  std::vector<NamedIntegers> whole;
  for (const auto& [name, array] : integers) {
    whole.push_back({name, shape_of(array), {array.data(), array.data() + array.size()}});
  }
  const nb::gil_scoped_release unlocked;
  write_npz(path, views, whole, overwrite);
}

void save_npy(const std::string& path, const FloatInput& array, bool overwrite) {
  const nb::gil_scoped_release unlocked;
  write_npy(path, view_of(array), overwrite);
}

}  // namespace

void bind_files(nb::module_& module) {
  module.def("write_npy", &save_npy, nb::arg("path"), nb::arg("array"), nb::arg("overwrite"));
  module.def("write_npz", &save_npz, nb::arg("path"), nb::arg("arrays"), nb::arg("integers"), nb::arg("overwrite"));
}

}  // namespace signxai::python
