// Which output is explained.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "signxai/export.h"
#include "signxai/tensor.h"

namespace signxai {

/// Which output is explained. Outputs are counted flat, per sample.
struct SIGNXAI_API Target {
  enum class Kind {
    kMax,         ///< the largest output of each sample
    kIndex,       ///< the output with the given index
    kAll,         ///< all outputs together, in one map
    kTop,         ///< the `count` largest outputs of each sample, one map for each: maps get an axis behind the samples
    kEach,        ///< every output, one map for each: as kTop, in the order of the outputs
    kExpression,  ///< a number computed from the outputs
    kWeights,     ///< the sum of all outputs, each times its weight: of an image, the part that a mask picks
  };
  Kind kind = Kind::kMax;
  std::vector<std::int64_t> indices{};  ///< for kIndex: one for all samples, or one per sample
  std::int64_t count = 0;               ///< for kTop
  /// For kExpression: numbers, the outputs as f0, f1 ..., + - * / ( ) and exp, log, sqrt, tanh, abs: "f3 - f5". The
  /// signal at output k is de/df_k, at the given input, times what the method begins with there.
  std::string expression{};
  /// For kWeights: of the shape of the output, for all samples, or with the samples in front; axes of extent 1 may be
  /// left out. The signal at output k is weight k times what the method begins with there. Copies share the numbers.
  std::shared_ptr<const Tensor> weights{};
  /// Of a network with several outputs: the one that is meant. Empty: all of them, the kind applied to each.
  std::string output{};

  static Target max() { return {}; }
  static Target index(std::int64_t i) { return per_sample({i}); }
  static Target per_sample(std::vector<std::int64_t> i);
  static Target all();
  static Target top(std::int64_t count);
  static Target each();
  /// f_first - f_second.
  static Target contrast(std::int64_t first, std::int64_t second);
  static Target of(std::string expression);
  /// A mask, a one-hot array, or any other weights of the outputs.
  static Target weighted(Tensor weights);

  /// Reads what the command line takes: "max", "all", "each", "top:5", "7", "3,1,4" (one per sample), "3-5" (a
  /// contrast), an expression, each optionally behind "OUTPUT:". Throws Error(kInvalidArgument).
  static Target parse(std::string_view text, const std::vector<std::string>& outputs = {});
};

}  // namespace signxai
