// Explainer: computes explanation maps of one model. It keeps packed weights and compiled explanations for reuse.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "signxai/export.h"
#include "signxai/method.h"
#include "signxai/model.h"
#include "signxai/tensor.h"

namespace signxai {

/// Which output is explained.
struct Target {
  enum class Kind {
    kMax,    ///< the largest output of each sample
    kIndex,  ///< the output with the given flat index
    kAll,    ///< all outputs together
  };
  Kind kind = Kind::kMax;
  std::vector<std::int64_t> indices;  ///< for kIndex: one for all samples, or one per sample

  static Target max() { return {}; }
  static Target index(std::int64_t i) { return {Kind::kIndex, {i}}; }
  static Target per_sample(std::vector<std::int64_t> i) { return {Kind::kIndex, std::move(i)}; }
  static Target all() { return {Kind::kAll, {}}; }
};

struct ExplainerOptions {
  int threads = 0;         ///< worker threads; 0: one per core
  std::int64_t batch = 0;  ///< samples computed together; 0: chosen by the size of the network
  std::string backend = "cpu";  ///< "cpu", or "reference" (double precision, slow)
  std::vector<std::string> disabled_passes;  ///< names of compiler passes to leave out
};

struct MethodRequest {
  std::string name;
  Parameters parameters;
};

struct MethodMap {
  std::string method;              ///< the name as it was asked for
  Tensor map;                      ///< (samples, ...): the input's shape, or what the method defines
  std::vector<std::string> notes;  ///< what touched this map: an input rule that did not apply
};

struct Explanation {
  std::vector<MethodMap> maps;        ///< in the order of the requests
  std::vector<std::int64_t> targets;  ///< explained output per sample (flat index); -1 for "all"
  Tensor outputs;                     ///< what the model returns, with its softmax; (samples, ...)
  double seconds = 0;                 ///< wall time of the computation, without compilation
  double compile_seconds = 0;         ///< wall time spent on compiling, 0 when everything was cached
};

/// One step of a compiled explanation with its time, for `bench`.
struct StepTime {
  std::string op;      ///< "conv", "sweep" ...
  std::string layer;   ///< where it comes from
  std::string kernel;  ///< the implementation that was chosen
  double seconds;
};

class SIGNXAI_API Explainer {
 public:
  explicit Explainer(Model model, ExplainerOptions options = {});
  ~Explainer();
  Explainer(Explainer&&) noexcept;
  Explainer& operator=(Explainer&&) noexcept;

  const Model& model() const;

  /// Maps of `inputs` (one sample of the model's shape, or a batch of them: float32, channels last) for each method.
  /// Methods asked for together share the work they have in common.
  /// `progress(done, total)` is called after each chunk of samples and may return false to stop (kCancelled).
  /// Errors: kInvalidArgument (shape, NaN or infinity in the input, unknown method, parameter or target),
  /// kUnsupported, kOutOfMemory. Safe for concurrent calls.
  Explanation explain(const TensorView& inputs, const std::vector<MethodRequest>& methods,
                      const Target& target = Target::max(),
                      const std::function<bool(std::int64_t done, std::int64_t total)>& progress = {}) const;

  /// What the model returns for `inputs`, softmax included: (samples, ...). Errors as for explain.
  Tensor predict(const TensorView& inputs) const;

  /// Runs the compiled explanation of one sample `repeats` times and returns the median time of each step.
  std::vector<StepTime> profile(const TensorView& sample, const std::vector<MethodRequest>& methods,
                                const Target& target, int repeats) const;

  /// The rule or treatment that an LRP method gives each layer of model().layers(); empty for other methods.
  std::vector<std::string> layer_rules(const MethodRequest& method) const;

  /// The compiled graph as text: stage is "import", "graph" (the method before passes) or "plan" (after them).
  std::string graph_text(const std::string& stage, const std::vector<MethodRequest>& methods) const;

  /// Instruction set the kernels use on this machine, e.g. "AVX3".
  static std::string instruction_set();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Library version, "0.1.0".
SIGNXAI_API std::string version();

}  // namespace signxai
