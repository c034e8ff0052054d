// Methods, rules and composites that are written in Python. The table holds no Python object: it calls
// signxai_cpp._registry by name.
#include "signxai/extensions.h"

#include "arrays.h"
#include "bind.h"
#include "signxai/error.h"

namespace nb = nanobind;

namespace signxai::python {
namespace {

using Infos = std::vector<std::tuple<std::string, std::string, std::string>>;
using Requests = std::vector<std::pair<std::string, Parameters>>;

/// A call as Python sees it; over when the method has returned.
struct Call {
  const MethodCall* open;

  const MethodCall& get() const {
    if (open) return *open;
    throw Error(ErrorCode::kInvalidArgument, "method", "call", "is over; a method's `call` works until the method returns");
  }
};

std::vector<FloatArray> inputs_of(const Call& call) {
  std::vector<FloatArray> arrays;
  for (const TensorView& view : call.get().inputs) {
    Tensor copy(view.shape);
    std::copy_n(view.data, copy.data.size(), copy.data.begin());
    arrays.push_back(array_of(std::move(copy)));
  }
  return arrays;
}

IntegerArray targets_of(const Call& call) {
  std::vector<std::int64_t> targets = call.get().targets;
  return array_of(std::move(targets), call.get().targets_shape);
}

Explanation explain(const Call& call, const Requests& methods, const std::vector<FloatInput>& at) {
  std::vector<MethodRequest> requests;
  for (const auto& [name, parameters] : methods) requests.push_back({name, parameters});
  const std::vector<TensorView> views = views_of(at);
  const nb::gil_scoped_release unlocked;
  return call.get().explain(requests, views);
}

ErrorCode code_of(const std::string& text) {
  for (int i = 0; i <= static_cast<int>(ErrorCode::kInternal); ++i) {
    if (to_string(static_cast<ErrorCode>(i)) == text) return static_cast<ErrorCode>(i);
  }
  return ErrorCode::kInternal;
}

/// Runs `body` with the registry. The command line knows no Python exceptions: it gets them as Error.
template <typename Body>
auto with_registry(const Body& body) {
  const nb::gil_scoped_acquire locked;
  const nb::object registry = nb::module_::import_("signxai_cpp._registry");
  try {
    return body(registry);
  } catch (nb::python_error& error) {
    if (!nb::cast<bool>(registry.attr("COMMAND_LINE"))) throw;
    if (!error.matches(nb::module_::import_("signxai_cpp.errors").attr("Error"))) throw;
    const auto text = [&](const char* name) { return nb::cast<std::string>(error.value().attr(name)); };
    throw Error(code_of(text("code")), text("stage"), text("subject"), text("message"));
  }
}

std::vector<Tensor> maps_of(const std::string& name, const MethodCall& call) {
  return with_registry([&](const nb::object& registry) {
    const nb::object view = nb::cast(Call{&call});
    struct Closing {
      Call* call;
      ~Closing() { call->open = nullptr; }
    } const closing{nb::inst_ptr<Call>(view)};
    std::vector<Tensor> maps;
    const nb::object returned = registry.attr("run_method")(name, view);
    for (const FloatInput& array : nb::cast<std::vector<FloatInput>>(returned)) {
      maps.emplace_back(shape_of(array), std::vector<float>(array.data(), array.data() + array.size()));
    }
    return maps;
  });
}

std::vector<ParameterInfo> infos_of(const Infos& infos) {
  std::vector<ParameterInfo> list;
  for (const auto& [name, fallback, description] : infos) list.push_back({name, fallback, description});
  return list;
}

UserStatement statement_of(const std::string& kind, const std::string& name, const Infos& parameters,
                           const std::string& description, const std::string& origin) {
  const auto state = [kind, name](const Parameters& given) {
    return with_registry([&](const nb::object& registry) { return nb::cast<std::string>(registry.attr("state")(kind, name, given)); });
  };
  return {name, infos_of(parameters), description, state, origin};
}

void add(Extensions& table, const std::string& kind, const std::string& name, const Infos& parameters,
         const std::string& description, const std::string& origin) {
  if (kind == "rule") return table.add_rule(statement_of(kind, name, parameters, description, origin));
  if (kind == "composite") return table.add_composite(statement_of(kind, name, parameters, description, origin));
  table.add({name, infos_of(parameters), description, [name](const MethodCall& call) { return maps_of(name, call); }, origin});
}

}  // namespace

void bind_extensions(nb::module_& module) {
  nb::class_<Call>(module, "MethodCall", "What a method of the user's works with.")
      .def("inputs", &inputs_of, "Copies of the samples, one array per input.")
      .def_prop_ro("parameters", [](const Call& call) { return call.get().parameters; })
      .def("targets", &targets_of)
      .def_prop_ro("model", [](const Call& call) { return call.get().model; })
      .def("explain", &explain, nb::arg("methods"), nb::arg("at"));
  nb::class_<Extensions>(module, "Extensions", "Methods, rules and composites besides the built-in ones.")
      .def(nb::init<>())
      .def("add", &add, nb::arg("kind"), nb::arg("name"), nb::arg("parameters"), nb::arg("description"), nb::arg("origin"),
           "Adds the function that the registry has for a kind (method, rule, composite) and a name.")
      .def("add_source", [](Extensions& table, const std::string& path, const std::string& sha256) { table.add_source({path, sha256}); },
           nb::arg("path"), nb::arg("sha256"))
      .def("method_table", &Extensions::method_table)
      .def("describe_method", &Extensions::describe_method, nb::arg("name"));
}

}  // namespace signxai::python
