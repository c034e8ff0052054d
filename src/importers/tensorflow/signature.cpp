// Signatures, and functions of modules that were saved without any.
#include "importers/tensorflow/signature.h"

#include "signxai/error.h"

namespace signxai::tensorflow {
namespace {

using Functions = std::map<std::string, std::string>;  ///< names of concrete functions by the names of users

/// Signatures of the root; the function that makes variables is none.
Functions signatures_of(const SavedModel& saved) {
  Functions found;
  const int map = saved.child(0, "signatures");
  if (map < 0) return found;
  for (const auto& child : saved.objects().nodes(map).children()) {
    const auto& object = saved.objects().nodes(child.node_id());
    if (object.has_bare_concrete_function()) {
      found[child.local_name()] = object.bare_concrete_function().concrete_function_name();
    }
  }
  return found;
}

/// Functions of the root by its attributes, where each has one concrete form.
Functions functions_of(const SavedModel& saved) {
  Functions found;
  if (saved.objects().nodes_size() == 0) return found;
  for (const auto& child : saved.objects().nodes(0).children()) {
    const auto& object = saved.objects().nodes(child.node_id());
    if (object.has_function() && object.function().concrete_functions_size() == 1) {
      found[child.local_name()] = object.function().concrete_functions(0);
    }
  }
  return found;
}

std::string choose(const SavedModel& saved) {
  Functions functions = signatures_of(saved);
  if (functions.empty()) functions = functions_of(saved);
  for (const char* name : {"serving_default", "serve", "__call__"}) {
    if (functions.count(name)) return functions.at(name);
  }
  if (functions.size() == 1) return functions.begin()->second;
  std::string names;
  for (const auto& entry : functions) names += (names.empty() ? "" : ", ") + entry.first;
  throw Error(ErrorCode::kUnsupported, "import", saved.subject(),
              "has no signature 'serving_default', and not one function that could be the model" +
                  (names.empty() ? "" : "; got " + names) +
                  "; try saving it with tf.saved_model.save(model, folder, signatures=function), the function having "
                  "an input signature");
}

}  // namespace

Signature find_signature(const SavedModel& saved) {
  Signature signature;
  signature.function = choose(saved);
  const auto& functions = saved.objects().concrete_functions();
  const auto it = functions.find(signature.function);
  if (it == functions.end()) {
    throw Error(ErrorCode::kCorruptFile, "import", saved.subject() + "/saved_model.pb",
                "the function '" + signature.function + "' is not in the file");
  }
  signature.captures.assign(it->second.bound_inputs().begin(), it->second.bound_inputs().end());
  const auto served = saved.graph().signature_def().find("serving_default");
  if (served != saved.graph().signature_def().end()) {
    for (const auto& [name, info] : served->second.inputs()) {
      if (!info.tensor_shape().unknown_rank()) signature.shapes[name] = shape_of(info.tensor_shape(), saved.subject());
    }
  }
  return signature;
}

}  // namespace signxai::tensorflow
