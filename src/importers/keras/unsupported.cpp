// The check before anything is built: which layers of a model cannot be computed, all at once.
#include "importers/keras/assembler.h"
#include "importers/layers/activations.h"
#include "signxai/error.h"

namespace signxai::keras {
namespace {

std::string reason_for_class(const std::string& class_name) {
  if (class_name == "Lambda") return "contains marshalled Python code, which is never executed";
  if (class_name == "TensorFlowOpLayer") {
    return "wraps a TensorFlow function instead of a layer, which is not supported";
  }
  return "layers of this class are not supported; if it is a class of your own, state what it consists of with "
         "--custom-layers FILE, or by CustomLayers in C++ (docs/custom-layers.md)";
}

/// Layers with a wrong configuration pass: their import reports them with everything that is known then.
std::string reason_for_activation(const LayerDef& layer, const std::string& subject) {
  if (!layer.config->is_object()) return "";
  try {
    const Config config(*layer.config, subject);
    resolve_activation(config.find("activation"), config);
  } catch (const Error& e) {
    if (e.code() == ErrorCode::kUnsupported) return e.message();
  }
  return "";
}

std::string reason_for(const LayerDef& layer, const std::string& subject) {
  if (!layer.refusal.empty()) return layer.refusal;
  if (layer.nested || layer.operation || layer.constant) return "";
  if (!find_layer(layer.class_name)) return reason_for_class(layer.class_name);
  return reason_for_activation(layer, subject);
}

}  // namespace

void find_unsupported(const ModelDef& model, const std::string& prefix, std::vector<std::string>& found) {
  for (const LayerDef& layer : model.layers) {
    const std::string path = prefix + layer.name;
    const std::string subject = path + " (" + layer.class_name + ")";
    const std::string reason = reason_for(layer, subject);
    if (!reason.empty()) found.push_back(subject + ": " + reason);
    if (layer.nested) find_unsupported(*layer.nested, path + "/", found);
  }
}

void throw_unsupported(const std::vector<std::string>& found, const std::string& subject) {
  if (found.empty()) return;
  std::string list;
  for (const std::string& entry : found) list += (list.empty() ? "" : "; ") + entry;
  const std::string count = found.size() == 1 ? "1 layer" : std::to_string(found.size()) + " layers";
  throw Error(ErrorCode::kUnsupported, "import", subject, count + " cannot be computed: " + list);
}

}  // namespace signxai::keras
