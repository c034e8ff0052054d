// Names, parameters and descriptions of the explanation methods.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "signxai/export.h"

namespace signxai {

/// Value of a method parameter: a number (0 and 1 for switches), a text, or a list.
using ParameterValue = std::variant<double, std::string, std::vector<double>, std::vector<std::string>>;
using Parameters = std::map<std::string, ParameterValue>;

/// Reads a value as the command line takes it: "0.5", "true", "Flat", "[0.1, 0.2]" (JSON).
SIGNXAI_API ParameterValue parse_parameter(std::string_view text);

struct ParameterInfo {
  std::string name;
  std::string fallback;  ///< the default as text; empty: the caller must give it
  std::string description;
};

/// One public method name with what it stands for.
struct MethodInfo {
  std::string name;
  std::string base;                       ///< "gradient", "lrp" ...
  Parameters fixed;                       ///< what the name itself decides
  std::vector<ParameterInfo> parameters;  ///< what the caller may add
  std::string description;                ///< formula and paper
  bool listed = false;                    ///< a name of the reference package's list
  bool sampling = false;                  ///< evaluates many points: SmoothGrad, VarGrad, integrated gradients
};

/// Every name of the table, in its order. Names with other numbers in them (`lrp_epsilon_0_033`) work as well.
SIGNXAI_API std::vector<MethodInfo> method_table();

/// What a name stands for. Throws Error(kInvalidArgument) with the nearest names when there is no such method.
SIGNXAI_API MethodInfo describe_method(std::string_view name);

}  // namespace signxai
