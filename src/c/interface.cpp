// The C interface: every function catches what the C++ interface throws and turns it into a code and a message.
#include "signxai/signxai.h"

#include <exception>
#include <memory>
#include <new>

#include "c/arguments.h"
#include "c/handles.h"
#include "signxai/error.h"

using namespace signxai;

namespace {

/// The message of this thread's last failure.
std::string& last_error() {
  thread_local std::string message;
  return message;
}

signxai_code code_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument: return SIGNXAI_INVALID_ARGUMENT;
    case ErrorCode::kNotFound: return SIGNXAI_NOT_FOUND;
    case ErrorCode::kUnsupported: return SIGNXAI_UNSUPPORTED;
    case ErrorCode::kCorruptFile: return SIGNXAI_CORRUPT_FILE;
    case ErrorCode::kOutOfMemory: return SIGNXAI_OUT_OF_MEMORY;
    case ErrorCode::kIo: return SIGNXAI_IO;
    case ErrorCode::kCancelled: return SIGNXAI_CANCELLED;
    case ErrorCode::kInternal: break;
  }
  return SIGNXAI_INTERNAL;
}

/// Remembers the message; when there is no memory even for that, the old one goes.
signxai_code fail(signxai_code code, const char* message) noexcept {
  try {
    last_error() = message;
  } catch (...) {
    last_error().clear();
  }
  return code;
}

/// Runs `make`, which returns a handle, and stores it in `out`.
template <typename Handle, typename Make>
signxai_code give(Handle** out, Make&& make) noexcept {
  if (out == nullptr) return fail(SIGNXAI_INVALID_ARGUMENT, "[c] out: is NULL");
  *out = nullptr;
  try {
    *out = make().release();
    return SIGNXAI_OK;
  } catch (const Error& error) {
    return fail(code_of(error.code()), error.what());
  } catch (const std::bad_alloc&) {
    return fail(SIGNXAI_OUT_OF_MEMORY, "[c] out of memory");
  } catch (const std::exception& error) {
    return fail(SIGNXAI_INTERNAL, error.what());
  } catch (...) {
    return fail(SIGNXAI_INTERNAL, "[c] unknown exception");
  }
}

const Explainer& explainer_of(const signxai_explainer* handle) { return c::required(handle, "explainer")->explainer; }

signxai_array shape_of(const std::vector<PortInfo>& ports, std::size_t index) {
  if (index >= ports.size()) return {nullptr, nullptr, 0};
  return {nullptr, ports[index].shape.data(), ports[index].shape.size()};
}

const char* name_of(const std::vector<PortInfo>& ports, std::size_t index) {
  return index < ports.size() ? ports[index].name.c_str() : nullptr;
}

}  // namespace

const char* signxai_version(void) {
  static const std::string text = version();
  return text.c_str();
}

const char* signxai_last_error(void) { return last_error().c_str(); }

signxai_code signxai_load(const char* model, const char* weights, const char* options, signxai_explainer** out) {
  return give(out, [&] {
    const ExplainerOptions parsed = c::options_of(options);
    Model loaded = Model::load(c::required(model, "model"), {weights ? weights : ""});
    std::vector<PortInfo> inputs = loaded.inputs(), outputs = loaded.outputs();
    return std::unique_ptr<signxai_explainer>(
        new signxai_explainer{Explainer(std::move(loaded), parsed), std::move(inputs), std::move(outputs)});
  });
}

void signxai_free(signxai_explainer* explainer) { delete explainer; }

size_t signxai_input_count(const signxai_explainer* e) { return e ? e->inputs.size() : 0; }
size_t signxai_output_count(const signxai_explainer* e) { return e ? e->outputs.size() : 0; }
const char* signxai_input_name(const signxai_explainer* e, size_t i) { return e ? name_of(e->inputs, i) : nullptr; }
const char* signxai_output_name(const signxai_explainer* e, size_t i) { return e ? name_of(e->outputs, i) : nullptr; }
signxai_array signxai_input_shape(const signxai_explainer* e, size_t i) {
  return e ? shape_of(e->inputs, i) : signxai_array{nullptr, nullptr, 0};
}
signxai_array signxai_output_shape(const signxai_explainer* e, size_t i) {
  return e ? shape_of(e->outputs, i) : signxai_array{nullptr, nullptr, 0};
}

signxai_code signxai_predict(const signxai_explainer* explainer, const signxai_array* inputs, size_t input_count,
                             signxai_result** out) {
  return give(out, [&] {
    auto result = std::make_unique<signxai_result>();
    result->arrays = explainer_of(explainer).predict(c::views_of(inputs, input_count));
    for (const PortInfo& port : explainer->outputs) result->names.push_back(port.name);
    return result;
  });
}

signxai_code signxai_explain(const signxai_explainer* explainer, const signxai_array* inputs, size_t input_count,
                             const char* method, const char* parameters, const char* target, signxai_result** out) {
  return give(out, [&] {
    const Explainer& with = explainer_of(explainer);
    std::vector<std::string> outputs;
    for (const PortInfo& port : explainer->outputs) outputs.push_back(port.name);
    Explanation explanation =
        with.explain(c::views_of(inputs, input_count), {{c::required(method, "method"), c::parameters_of(parameters)}},
                     Target::parse(target ? target : "max", outputs));
    auto result = std::make_unique<signxai_result>();
    for (MethodMap& map : explanation.maps) {
      result->names.push_back(map.name());
      result->arrays.push_back(std::move(map.map));
    }
    result->targets = std::move(explanation.targets);
    return result;
  });
}

size_t signxai_result_count(const signxai_result* result) { return result ? result->arrays.size() : 0; }

const char* signxai_result_name(const signxai_result* result, size_t index) {
  return result && index < result->names.size() ? result->names[index].c_str() : nullptr;
}

signxai_array signxai_result_array(const signxai_result* result, size_t index) {
  if (result == nullptr || index >= result->arrays.size()) return {nullptr, nullptr, 0};
  const Tensor& array = result->arrays[index];
  return {array.data.data(), array.shape.data(), array.shape.size()};
}

const int64_t* signxai_result_targets(const signxai_result* result, size_t* count) {
  const std::size_t number = result ? result->targets.size() : 0;
  if (count) *count = number;
  return number > 0 ? result->targets.data() : nullptr;
}

void signxai_result_free(signxai_result* result) { delete result; }
