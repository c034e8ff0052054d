// Arguments of the C interface as those of the C++ one. Every function throws signxai::Error(kInvalidArgument).
#pragma once

#include <string>
#include <vector>

#include "signxai/error.h"
#include "signxai/explainer.h"
#include "signxai/signxai.h"

namespace signxai::c {

/// The pointer itself, which must not be NULL.
template <typename T>
T* required(T* pointer, const char* name) {
  if (pointer == nullptr) throw Error(ErrorCode::kInvalidArgument, "c", name, "is NULL");
  return pointer;
}

std::vector<TensorView> views_of(const signxai_array* arrays, std::size_t count);
/// NULL or a JSON object.
Parameters parameters_of(const char* json);
ExplainerOptions options_of(const char* json);

}  // namespace signxai::c
