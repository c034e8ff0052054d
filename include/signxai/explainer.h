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
#include "signxai/target.h"
#include "signxai/tensor.h"

namespace signxai {

class Extensions;

struct ExplainerOptions {
  int threads = 0;  ///< worker threads; 0: one per core
  /// Samples, or points of one, that are computed together; 0: chosen by the size of the network and the threads.
  std::int64_t batch = 0;
  /// Bytes for weights, working memory, inputs and maps of what is computed together; 0: no limit. Weights that are
  /// mapped from the model's file count. Chunks of samples shrink to fit. Holds for one call at a time; what explainers
  /// of one model share otherwise, such an explainer keeps for itself.
  std::int64_t max_memory = 0;
  std::string backend = "cpu";               ///< "cpu", or "reference" (double precision, slow)
  std::vector<std::string> disabled_passes;  ///< names of compiler passes to leave out
  /// "signxai": the numbers of the reference package, its quirks included; "sound": with what is wrong there put right;
  /// "literal": as signxai, and behind a softmax that is a layer of its own LRP begins at every output (quirk Q3);
  /// or the quirks to put right, "Q1,Q7" (docs/semantics.md).
  std::string semantics = "signxai";
  /// "f32"; "winograd", for which 3 x 3 convolutions of stride 1 use Winograd's algorithm (Lavin and Gray 2016): less
  /// than half the multiplications, and other roundings, which show where a rounding decides the sign of a zero; or
  /// "bf16", for which wide convolutions round their operands to bfloat16 (8 significant bits) and sum in single
  /// precision: up to twice as fast on machines with such instructions, for maps that are alike and not equal
  /// (docs/performance.md). Error(kUnsupported) for bf16 on other machines, and with the backend "reference".
  std::string precision = "f32";
  /// For an explainer that is asked once: where one sample is explained by methods that do not sample, weights are
  /// packed when their layer is computed and not kept. Takes less memory and time for one call, and more time for
  /// others; the maps are the same.
  bool single_call = false;
  /// Methods, rules and composites besides the built-in ones (extensions.h).
  std::shared_ptr<const Extensions> extensions{};
};

struct MethodRequest {
  std::string name;
  Parameters parameters;
  /// Whether to keep the accounts of the method's walk (Explanation::ledgers). Methods of the LRP and gradient
  /// families, which walk the network once; others: Error(kInvalidArgument).
  bool ledger = false;
};

struct MethodMap {
  std::string method;  ///< the name as it was asked for
  /// Which input or inner layer the map belongs to; empty where there is one only.
  std::string place;
  /// "METHOD" or "METHOD/PLACE".
  std::string name() const { return place.empty() ? method : method + "/" + place; }
  Tensor map;  ///< (samples, ...): the input's shape, or what the method defines
  std::vector<std::string>
      notes;  ///< what touched this map: an input rule that did not apply, values that are not finite
  /// Quirks of the reference that apply to this map ("Q7"), where the semantics do not put them right. See
  /// describe_quirk.
  std::vector<std::string> quirks;
};

/// What becomes of the relevance at one layer call. Each list has an entry per row of the maps: (samples), with the
/// targets top and each (samples, K), row-major. in = out + bias + epsilon + other.
struct LedgerRow {
  std::string layer;
  std::string rule;             ///< as layer_rules() names it; empty for methods that are not LRP
  std::vector<double> in;       ///< comes from the layers behind it, or is put in here
  std::vector<double> out;      ///< is handed on to the layers before it; at the network's inputs 0, it stays there
  std::vector<double> bias;     ///< is absorbed by the bias: R_j b_j / (z_j + epsilon), summed over j
  std::vector<double> epsilon;  ///< is absorbed by the stabiliser: R_j epsilon / (z_j + epsilon)
  std::vector<double> other;    ///< the rest, where rule or layer does not conserve relevance by construction
};

/// The accounts of one method. put_in is the sum of arrived and of bias, epsilon and other of all rows.
struct Ledger {
  std::string method;
  std::vector<LedgerRow> rows;  ///< in the order of the walk, heads first
  std::vector<double> put_in;   ///< what the walk begins with
  std::vector<double> arrived;  ///< at the network's inputs
};

struct Explanation {
  std::vector<MethodMap> maps;  ///< in the order of the requests; several per request with several places
  std::vector<Ledger> ledgers;  ///< one per request that asks for it, in their order
  /// Names of the outputs that are explained.
  std::vector<std::string> explained;
  /// Explained neurons (flat index; -1 for "all" and expressions), row-major in `targets_shape`: (samples), with
  /// several explained outputs (samples, outputs), with the targets top and each (samples, K).
  std::vector<std::int64_t> targets;
  Shape targets_shape;
  std::vector<Tensor> outputs;  ///< what the model returns, with its softmax; (samples, ...) for each output
  double seconds = 0;           ///< wall time of the computation, without compilation
  double compile_seconds = 0;   ///< wall time spent on compiling, 0 when everything was cached
};

/// One step of a compiled explanation with its time, for `bench`.
struct StepTime {
  std::string op;      ///< "conv", "sweep" ...
  std::string layer;   ///< where it comes from
  std::string kernel;  ///< the implementation that was chosen
  double seconds;
};

/// Called after each chunk of samples, and between the points of methods that sample; returns false to stop (Error
/// kCancelled). Never by two threads at once; by another one than the caller's where an own method asks from one.
using Progress = std::function<bool(std::int64_t done, std::int64_t total)>;

class SIGNXAI_API Explainer {
 public:
  explicit Explainer(Model model, ExplainerOptions options = {});
  ~Explainer();
  Explainer(Explainer&&) noexcept;
  Explainer& operator=(Explainer&&) noexcept;

  const Model& model() const;

  /// Maps of `inputs` (one sample of the model's shape, or a batch of them: float32, channels last) for each method.
  /// Methods asked for together share the work they have in common. A model of several inputs takes one array for each,
  /// in the order of model().inputs(), and gives a map for each.
  /// Errors: kInvalidArgument (shape, NaN or infinity in the input, unknown method, parameter or target),
  /// kUnsupported, kOutOfMemory. Safe for concurrent calls.
  Explanation explain(const std::vector<TensorView>& inputs, const std::vector<MethodRequest>& methods,
                      const Target& target = Target::max(), const Progress& progress = {}) const;
  Explanation explain(const TensorView& input, const std::vector<MethodRequest>& methods,
                      const Target& target = Target::max(), const Progress& progress = {}) const {
    return explain(std::vector<TensorView>{input}, methods, target, progress);
  }

  /// What the model returns for `inputs`, softmax included: (samples, ...) for each output. Errors as for explain.
  std::vector<Tensor> predict(const std::vector<TensorView>& inputs) const;
  std::vector<Tensor> predict(const TensorView& input) const { return predict(std::vector<TensorView>{input}); }

  /// How many of `samples` should be handed in at once when they should not all be held in memory: that many are
  /// computed together, in the limits of `batch` and `max_memory`, for samples of these shapes (one per input of the
  /// model). kOutOfMemory, with the numbers, when one sample does not fit into max_memory.
  std::int64_t chunk(const std::vector<Shape>& sample, const std::vector<MethodRequest>& methods, const Target& target,
                     std::int64_t samples) const;

  /// What the maps of these requests will be called, in their order: "METHOD", or "METHOD/PLACE" with several places.
  std::vector<std::string> map_names(const std::vector<MethodRequest>& methods) const;

  /// What of the requests this network and samples of these shapes (one per input) allow, in their order. Of the
  /// others, `refused` gets name and reason. Takes the time of making their graphs; nothing is compiled.
  std::vector<MethodRequest> applicable(const std::vector<Shape>& sample, const std::vector<MethodRequest>& methods,
                                        std::vector<std::pair<std::string, std::string>>* refused = nullptr) const;

  /// Runs the compiled explanation of one sample `repeats` times and returns the median time of each step.
  std::vector<StepTime> profile(const std::vector<TensorView>& sample, const std::vector<MethodRequest>& methods,
                                const Target& target, int repeats) const;

  /// The rule or treatment that an LRP method gives each layer of model().layers(); empty for other methods.
  std::vector<std::string> layer_rules(const MethodRequest& method) const;

  /// The compiled graph as text: stage is "import", "graph" (the method before passes) or "plan" (after them).
  std::string graph_text(const std::string& stage, const std::vector<MethodRequest>& methods) const;

  /// Instruction set the kernels use on this machine, e.g. "AVX3".
  static std::string instruction_set();

 private:
  struct Impl;
  class Run;
  std::unique_ptr<Impl> impl_;
};

/// Every quirk that the semantics `sound` puts right, with what the reference does.
struct QuirkDescription {
  std::string id;  ///< "Q7"
  std::string effect;
};
SIGNXAI_API std::vector<QuirkDescription> quirks();

/// Library version, "0.1.0".
SIGNXAI_API std::string version();

}  // namespace signxai
