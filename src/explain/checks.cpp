// Checks of inputs, targets and options.
#include "explain/checks.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "backends/cpu/implementations.h"
#include "explain/compile.h"
#include "signxai/error.h"

namespace signxai::explain {
namespace {

[[noreturn]] void refuse(std::string_view subject, const std::string& message) {
  throw Error(ErrorCode::kInvalidArgument, "explain", subject, message);
}

bool fits(const Shape& expected, const Shape& got, std::size_t skip) {
  if (got.size() != expected.size() + skip || (skip > 0 && got.front() <= 0)) return false;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (got[i + skip] <= 0 || (expected[i] >= 0 && expected[i] != got[i + skip])) return false;
  }
  return true;
}

/// Where an element of a sample is.
Shape index_of(std::int64_t element, const Shape& batch) {
  Shape index;
  for (std::size_t d = batch.size(); d-- > 1; element /= batch[d]) index.insert(index.begin(), element % batch[d]);
  return index;
}

void check_finite(const TensorView& inputs, const Shape& batch, const std::string& subject) {
  const std::int64_t total = element_count(batch), size = total / batch.front();
  const auto bad = std::find_if_not(inputs.data, inputs.data + total, [](float v) { return std::isfinite(v); });
  if (bad == inputs.data + total) return;
  const Shape index = index_of((bad - inputs.data) % size, batch);
  refuse(subject, fmt::format("sample {} holds {} at {}; inputs must be finite", (bad - inputs.data) / size,
                              std::isnan(*bad) ? "NaN" : "an infinity", to_string(index)));
}

/// Ids that an embedding takes straight from an input have to be rows of its table.
void check_ids(const TensorView& inputs, const Shape& batch, const std::string& subject,
               const graph::LayerCall& embedding, std::int64_t rows) {
  const std::int64_t total = element_count(batch), size = total / batch.front();
  const auto is_row = [rows](float v) { return v >= 0 && v < static_cast<float>(rows) && v == std::floor(v); };
  const auto bad = std::find_if_not(inputs.data, inputs.data + total, is_row);
  if (bad == inputs.data + total) return;
  refuse(subject,
         fmt::format("sample {} holds {} at {}; layer '{}' takes whole ids from 0 to {}", (bad - inputs.data) / size,
                     *bad, to_string(index_of((bad - inputs.data) % size, batch)), embedding.name, rows - 1));
}

void check_all_ids(const graph::Network& network, std::size_t port, const TensorView& inputs, const Shape& batch,
                   const std::string& subject) {
  for (const graph::LayerCall& call : network.calls) {
    if (call.kind != graph::LayerKind::kEmbedding || call.inputs.front() != network.graph.inputs()[port]) continue;
    check_ids(inputs, batch, subject, call, network.graph.type(call.weight("embeddings")).shape.front());
  }
}

void check_precision(const ExplainerOptions& options) {
  if (options.precision == "f32") return;
  const bool rounds = options.precision == "bf16";
  if (!rounds && options.precision != "winograd") {
    refuse("precision", fmt::format("there is no precision '{}'; expected f32, winograd or bf16", options.precision));
  }
  const char* const lacks = options.backend != "cpu" ? "is for the backend cpu"
                            : rounds && !cpu::has_bfloat16()
                                ? "needs instructions for bfloat16, which this machine has not"
                                : nullptr;
  if (lacks != nullptr) {
    throw Error(ErrorCode::kUnsupported, "explain", "precision",
                fmt::format("{} {}; try f32", options.precision, lacks));
  }
}

}  // namespace

void check_options(const ExplainerOptions& options) {
  if (options.threads < 0 || options.threads > 1024) refuse("threads", "must be from 0 (one per core) to 1024");
  if (options.batch < 0) refuse("batch", "must not be negative");
  if (options.max_memory < 0) refuse("max_memory", "must not be negative");
  if (options.backend != "cpu" && options.backend != "reference") {
    refuse("backend", fmt::format("there is no backend '{}'; expected cpu or reference", options.backend));
  }
  reverse::Semantics::parse(options.semantics);
  check_precision(options);
}

Batch checked_batch(const Model& model, const std::vector<TensorView>& inputs) {
  const std::vector<PortInfo> ports = model.inputs();
  if (inputs.size() != ports.size()) {
    std::vector<std::string> names;
    for (const PortInfo& port : ports) names.push_back(port.name);
    refuse("input", fmt::format("got {} arrays; the network has {} inputs ({})", inputs.size(), ports.size(),
                                fmt::join(names, ", ")));
  }
  Batch batch;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const std::string subject = ports.size() == 1 ? "input" : "input '" + ports[i].name + "'";
    Shape shape = inputs[i].shape;
    if (fits(ports[i].shape, shape, 0)) {
      shape.insert(shape.begin(), 1);
    } else if (!fits(ports[i].shape, shape, 1)) {
      refuse(subject, fmt::format("has shape {}; the network takes {} or a batch of that", to_string(shape),
                                  to_string(ports[i].shape)));
    }
    if (inputs[i].data == nullptr) refuse(subject, "has no data");
    if (i > 0 && shape.front() != batch.samples()) {
      refuse(subject, fmt::format("has {} samples, the inputs before it {}", shape.front(), batch.samples()));
    }
    check_finite(inputs[i], shape, subject);
    check_all_ids(*model.network(), i, inputs[i], shape, subject);
    batch.shapes.push_back(std::move(shape));
    batch.data.push_back(inputs[i].data);
  }
  return batch;
}

namespace {

/// Elements of an output per sample; 0 where extents are open.
std::int64_t neurons_of(const graph::Network& network, int head) {
  const Shape& shape = network.graph.type(network.calls[static_cast<std::size_t>(head)].output).shape;
  const Shape sample(shape.begin() + 1, shape.end());
  const bool open = std::any_of(sample.begin(), sample.end(), [](auto extent) { return extent < 0; });
  return open ? 0 : element_count(sample);
}

void check_output(const Target& target, const graph::Network& network) {
  if (target.output.empty()) return;
  std::vector<std::string> names;
  for (const graph::Output& out : network.graph.outputs()) names.push_back(out.name);
  if (std::find(names.begin(), names.end(), target.output) != names.end()) return;
  throw Error(ErrorCode::kNotFound, "target", target.output,
              fmt::format("the network has no such output; it has {}", fmt::join(names, ", ")));
}

void check_choice(const Target& target, const graph::Network& network, const std::vector<int>& heads,
                  std::int64_t samples) {
  const bool single = target.kind == Target::Kind::kTop || target.kind == Target::Kind::kEach;
  if (single && heads.size() > 1) {
    refuse("target", "top and each need one output, and the network has several; name it, as in OUTPUT:top:3");
  }
  if (target.kind == Target::Kind::kTop && target.count < 1) refuse("target", "top needs a positive number of outputs");
  if (target.kind != Target::Kind::kIndex) return;
  const auto given = static_cast<std::int64_t>(target.indices.size());
  if (given != 1 && given != samples) {
    refuse("target",
           fmt::format("got {} indices for {} samples; expected one, or one per sample (a mask over the outputs is "
                       "given as weights, in Python as an array of booleans or floats)",
                       given, samples));
  }
  for (int head : heads) {
    const std::int64_t outputs = neurons_of(network, head);
    for (std::int64_t index : target.indices) {
      if (outputs == 0 || (index >= 0 && index < outputs)) continue;
      refuse("target", fmt::format("index {} is out of range; the network has {} outputs (0 to {})", index, outputs,
                                   outputs - 1));
    }
  }
}

Shape without_ones(Shape shape) {
  shape.erase(std::remove(shape.begin(), shape.end(), 1), shape.end());
  return shape;
}

Target with_flat_weights(const Target& target, const graph::Network& network, const std::vector<int>& heads,
                         const Batch& batch) {
  if (heads.size() > 1) refuse("target", "weights belong to one output, and the network has several; name it");
  if (!target.weights) refuse("target", "has no weights");
  const graph::Network bound = graph::bind(network, batch.shapes);
  const Shape& whole = bound.graph.type(bound.calls[static_cast<std::size_t>(heads.front())].output).shape;
  const Shape one(whole.begin() + 1, whole.end());
  const std::int64_t samples = batch.samples(), outputs = element_count(one);
  const Shape given = without_ones(target.weights->shape);
  const bool shared = given == without_ones(one) || given == without_ones({outputs});
  const bool each = given == without_ones(whole) || given == without_ones({samples, outputs});
  if (!shared && !each) {
    refuse("target",
           fmt::format("the weights have shape {}; expected that of the output, {}, or of a batch of them, {}",
                       to_string(target.weights->shape), to_string(one), to_string(whole)));
  }
  for (const float weight : target.weights->data) {
    if (!std::isfinite(weight)) refuse("target", "the weights hold NaN or infinity");
  }
  Target flat = target;
  const Shape shape{shared ? 1 : samples, outputs};
  if (target.weights->shape != shape) flat.weights = std::make_shared<const Tensor>(shape, target.weights->data);
  return flat;
}

}  // namespace

Target checked_target(const Target& target, const graph::Network& network, const Batch& batch) {
  check_output(target, network);
  const std::vector<int> heads = heads_of(network, target);
  if (target.kind == Target::Kind::kWeights) return with_flat_weights(target, network, heads, batch);
  check_choice(target, network, heads, batch.samples());
  return target;
}
std::vector<float> targets_of(const Target& target, std::int64_t first, std::int64_t count) {
  std::vector<float> targets;
  if (target.kind == Target::Kind::kWeights) {
    const std::int64_t rows = target.weights->shape.front(), size = target.weights->shape.back();
    for (std::int64_t n = first; n < first + count; ++n) {
      const auto row = target.weights->data.begin() + (rows == 1 ? 0 : n * size);
      targets.insert(targets.end(), row, row + size);
    }
    return targets;
  }
  if (target.kind != Target::Kind::kIndex) return targets;
  for (std::int64_t n = first; n < first + count; ++n) {
    const auto at = target.indices.size() == 1 ? std::size_t{0} : static_cast<std::size_t>(n);
    targets.push_back(static_cast<float>(target.indices[at]));
  }
  return targets;
}

std::optional<std::string> describe_not_finite(const Tensor& map) {
  const auto count = std::count_if(map.data.begin(), map.data.end(), [](float v) { return !std::isfinite(v); });
  if (count == 0) return std::nullopt;
  return fmt::format(
      "{} of {} values are NaN or infinite: on its way something grew beyond single precision, or was "
      "zero divided by zero; a ledger shows at which layer, and the backend 'reference' has more range",
      count, map.data.size());
}

Tensor sample_of(const Tensor& batch, std::int64_t n) {
  Tensor sample(Shape(batch.shape.begin() + 1, batch.shape.end()));
  const auto size = static_cast<std::ptrdiff_t>(sample.data.size());
  std::copy_n(batch.data.begin() + n * size, size, sample.data.begin());
  return sample;
}

}  // namespace signxai::explain
