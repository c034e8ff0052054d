// What is behind the opaque handles of the C interface.
#pragma once

#include <string>
#include <vector>

#include "signxai/explainer.h"

struct signxai_explainer {
  signxai::Explainer explainer;
  std::vector<signxai::PortInfo> inputs, outputs;
};

struct signxai_result {
  std::vector<std::string> names;
  std::vector<signxai::Tensor> arrays;
  std::vector<std::int64_t> targets;
};
