// Methods of the caller's own: functions that make maps of those of other methods. They run between the compiled ones,
// chunk by chunk, and what they return is checked here.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "explain/batch.h"
#include "methods/method.h"
#include "signxai/explainer.h"

namespace signxai::explain {

struct UserMaps {
  std::vector<Tensor> maps;                ///< one per input of the model
  std::vector<std::string> notes, quirks;  ///< of the maps that they are made of
};

using OtherMethods = std::function<Explanation(const std::vector<MethodRequest>&, const std::vector<TensorView>& at)>;

/// Calls the method. `found` holds the targets of the samples of `part`, `other` computes what the method asks for.
/// Throws Error(kInvalidArgument) for maps that are none.
UserMaps user_maps(const methods::Resolved& method, const Model& model, const Batch& part, const Explanation& found,
                   const OtherMethods& other);

/// Adds to a map what touched those that it is made of, each once.
void add_notes(MethodMap& map, const UserMaps& found);

/// Throws Error(kInvalidArgument) where a method stands in the chain of methods that ask for it.
void check_recursion(const methods::Resolved& method, const std::vector<std::string>& chain);

}  // namespace signxai::explain
