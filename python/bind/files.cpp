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

std::vector<std::int64_t> save_arrays(const std::string& path, const NamedFloats& floats,
                                      const std::vector<std::pair<std::string, Integers>>& integers,
                                      const std::string& provenance, const std::vector<std::string>& rows) {
  ArrayFilePlan plan{{}, provenance, rows};
  for (const auto& [name, array] : floats) plan.arrays.push_back({name, shape_of(array), false});
  for (const auto& [name, array] : integers) plan.arrays.push_back({name, shape_of(array), true});
  const nb::gil_scoped_release unlocked;
  const auto writer = ArrayWriter::create(path, plan, true);
  std::size_t next = 0;
  for (const auto& [name, array] : floats) {
    writer->append(next, array.data(), plan.arrays[next].shape.front());
    ++next;
  }
  for (const auto& [name, array] : integers) {
    writer->append(next, array.data(), plan.arrays[next].shape.front());
    ++next;
  }
  writer->commit();
  std::vector<std::int64_t> offsets;
  for (std::size_t i = 0; i < plan.arrays.size(); ++i) offsets.push_back(writer->offset(i));
  return offsets;
}

FloatArray load_csv(const std::string& path) { return array_of(std::move(read_csv(path).values)); }

}  // namespace

void bind_files(nb::module_& module) {
  module.def("write_npy", &save_npy, nb::arg("path"), nb::arg("array"), nb::arg("overwrite"));
  module.def("write_npz", &save_npz, nb::arg("path"), nb::arg("arrays"), nb::arg("integers"), nb::arg("overwrite"));
  module.def("write_arrays", &save_arrays, nb::arg("path"), nb::arg("floats"), nb::arg("integers"), nb::arg("provenance"),
             nb::arg("rows"), "A .h5 file, or a .npy file of one array, replaced if it exists; where the numbers of each array begin in it.");
  module.def("read_csv", &load_csv, nb::arg("path"), "A table of numbers as (rows, columns).");
}

}  // namespace signxai::python
