// The explainer. Everything that computes runs without the interpreter's lock.
#include "arrays.h"
#include "bind.h"
#include "signxai/explainer.h"
#include "signxai/extensions.h"

namespace nb = nanobind;

namespace signxai::python {
namespace {

using Requests = std::vector<std::pair<std::string, Parameters>>;

std::vector<MethodRequest> requests_of(const Requests& pairs, bool ledger = false) {
  std::vector<MethodRequest> requests;
  for (const auto& [name, parameters] : pairs) requests.push_back({name, parameters, ledger});
  return requests;
}

/// Lets Python handle signals, so that ctrl-C ends the call, and asks the caller's function, if there is one. The handle
/// is borrowed from the call's arguments.
Progress progress_of(nb::handle callback) {
  return [callback](std::int64_t done, std::int64_t total) {
    const nb::gil_scoped_acquire locked;
    if (PyErr_CheckSignals() != 0) throw nb::python_error();
    if (callback.is_none()) return true;
    const nb::object answer = callback(done, total);
    return answer.is_none() || nb::cast<bool>(answer);
  };
}

Explanation explain(const Explainer& explainer, const std::vector<FloatInput>& inputs, const Requests& methods,
                    const Target& target, nb::handle progress, bool ledger) {
  const std::vector<TensorView> views = views_of(inputs);
  const Progress report = progress_of(progress);
  const nb::gil_scoped_release unlocked;
  return explainer.explain(views, requests_of(methods, ledger), target, report);
}

void make(Explainer* self, const Model& model, int threads, std::int64_t batch, const std::string& backend,
          const std::string& semantics, const std::string& precision, std::int64_t max_memory, const std::vector<std::string>& disabled_passes,
          std::shared_ptr<Extensions> extensions) {
  ExplainerOptions options;
  options.threads = threads;
  options.batch = batch;
  options.backend = backend;
  options.semantics = semantics;
  options.precision = precision;
  options.max_memory = max_memory;
  options.disabled_passes = disabled_passes;
  options.extensions = std::move(extensions);
  new (self) Explainer(model, options);
}

}  // namespace

void bind_explainer(nb::module_& module) {
  nb::class_<QuirkDescription>(module, "Quirk", "Something the semantics `sound` puts right.")
      .def_ro("id", &QuirkDescription::id)
      .def_ro("effect", &QuirkDescription::effect);
  module.def("quirks", &quirks);
  nb::class_<Explainer>(module, "Explainer", "Computes maps of one model. Safe to use from several threads.")
      .def("__init__", &make, nb::arg("model"), nb::kw_only(), nb::arg("threads") = 0, nb::arg("batch") = 0,
           nb::arg("backend") = "cpu", nb::arg("semantics") = "signxai", nb::arg("precision") = "f32", nb::arg("max_memory") = 0,
           nb::arg("disabled_passes") = std::vector<std::string>(), nb::arg("extensions").none() = nb::none())
      .def("explain", &explain, nb::arg("inputs").noconvert(), nb::arg("methods"), nb::arg("target"),
           nb::arg("progress").none(), nb::arg("ledger") = false)
      .def("map_names", [](const Explainer& self, const Requests& methods) { return self.map_names(requests_of(methods)); },
           nb::arg("methods"))
      .def("layer_rules",
           [](const Explainer& self, const std::string& name, const Parameters& parameters) {
             return self.layer_rules({name, parameters});
           },
           nb::arg("name"), nb::arg("parameters"), "The rule that an LRP method gives each layer.")
      .def("graph_text",
           [](const Explainer& self, const std::string& stage, const Requests& methods) {
             return self.graph_text(stage, requests_of(methods));
           },
           nb::arg("stage"), nb::arg("methods"));
}

}  // namespace signxai::python
