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
  nb::class_<LedgerRow>(module, "LedgerRow", "What becomes of the relevance at one layer call, by sample.")
      .def_ro("layer", &LedgerRow::layer)
      .def_ro("rule", &LedgerRow::rule)
      .def_ro("incoming", &LedgerRow::in)
      .def_ro("out", &LedgerRow::out)
      .def_ro("bias", &LedgerRow::bias)
      .def_ro("epsilon", &LedgerRow::epsilon)
      .def_ro("other", &LedgerRow::other);
  nb::class_<Ledger>(module, "Ledger", "The accounts of one method.")
      .def_ro("method", &Ledger::method)
      .def_ro("rows", &Ledger::rows)
      .def_ro("put_in", &Ledger::put_in)
      .def_ro("arrived", &Ledger::arrived);
  nb::class_<Explanation>(module, "Explanation", "Maps with how they were made.")
      .def_ro("maps", &Explanation::maps, nb::rv_policy::reference_internal)
      .def_ro("ledgers", &Explanation::ledgers)
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
