// Which function of a SavedModel is the model. Part of the second stage of the importer of SavedModels.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "importers/tensorflow/saved_model.h"

namespace signxai::tensorflow {

struct Signature {
  std::string function;
  std::vector<int> captures;            ///< objects behind the last arguments
  std::map<std::string, Shape> shapes;  ///< of the others, where the file has them beside the function
};

/// The signature "serving_default", or else the only one, or else the only function. Throws Error(kUnsupported) that
/// lists what there is.
Signature find_signature(const SavedModel& saved);

}  // namespace signxai::tensorflow
