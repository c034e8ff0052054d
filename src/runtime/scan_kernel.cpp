// The loop over steps. Carries change between two buffers; steps of a single sample are read and written where they
// lie, those of a batch go through buffers, because samples are the outer axis of a sequence.
#include "runtime/scan_kernel.h"

#include <cstring>

#include "base/alignment.h"
#include "graph/ops/scan.h"
#include "graph/rewrite.h"
#include "passes/passes.h"
#include "runtime/program.h"

namespace signxai::runtime {
namespace {

using backends::Problem;
using graph::Value;

/// The region with the captures that are constants put in as such, so that passes and kernels see them.
graph::Graph region_of(const Problem& problem, const graph::ScanLayout& layout) {
  std::size_t next = 0;
  graph::Graph body =
      graph::rewrite(layout.body, [&](graph::Builder& b, Value old, const std::vector<Value>&) -> Value {
        if (!layout.body[old].is("input")) return {};
        const std::size_t operand = next++;
        if (operand < layout.carries + layout.sequences || !problem.constants[operand]) return {};
        return b.constant(*problem.constants[operand]);
      });
  return passes::optimise(std::move(body), {compute, {}});
}

/// A sequence [samples, steps, ...]: step t is `inner` numbers per sample.
struct Sequence {
  Sequence(const Shape& shape, std::size_t place)
      : operand(place), samples(shape[0]), steps(shape[1]), inner(element_count({shape.begin() + 2, shape.end()})) {}

  std::int64_t at(std::int64_t sample, std::int64_t step) const { return (sample * steps + step) * inner; }
  std::size_t step_bytes() const { return static_cast<std::size_t>(samples * inner) * sizeof(float); }
  bool in_place() const { return samples == 1; }

  std::size_t operand;  ///< of the scan, or for yields the first element in the result
  std::int64_t samples, steps, inner;
};

class ScanKernel : public backends::Kernel {
 public:
  ScanKernel(const Problem& problem, backends::PackedWeights& weights)
      : node_(problem.node), layout_(node_), program_(region_of(problem, layout_), weights) {
    const auto& results = node_.type.elements;
    std::size_t offset = 0;
    for (std::size_t i = 0; i < results.size(); ++i) {
      if (i >= layout_.carries) yields_.emplace_back(results[i].shape, offset);
      offset += static_cast<std::size_t>(element_count(results[i].shape));
    }
    for (std::size_t i = 0; i < layout_.carries; ++i) carry_bytes_.push_back(passes::bytes_of(results[i]));
    for (std::size_t i = 0; i < layout_.sequences; ++i) {
      sequences_.emplace_back(problem.inputs[layout_.carries + i].shape, layout_.carries + i);
    }
    for (std::size_t i = layout_.carries + layout_.sequences; i < problem.inputs.size(); ++i) {
      if (!problem.constants[i]) captures_.push_back(i);
    }
  }

  std::size_t scratch_bytes() const override {
    std::size_t total = base::aligned(program_.arena_bytes());
    for (const std::size_t bytes : carry_bytes_) total += 2 * base::aligned(bytes);
    for (const auto* list : {&sequences_, &yields_}) {
      for (const Sequence& one : *list) total += one.in_place() ? 0 : base::aligned(one.step_bytes());
    }
    return total + base::aligned((inputs() + outputs()) * sizeof(float*));
  }

  void run(const backends::Buffers& buffers) const noexcept override {
    std::byte* free = buffers.scratch + base::aligned(program_.arena_bytes());
    const auto take = [&](std::size_t bytes) {
      std::byte* taken = free;
      free += base::aligned(bytes);
      return taken;
    };
    auto** pointers = reinterpret_cast<float**>(take((inputs() + outputs()) * sizeof(float*)));
    const std::span<float*> in(pointers, inputs()), out(pointers + inputs(), outputs());
    for (std::size_t i = 0; i < carry_bytes_.size(); ++i) {
      in[i] = reinterpret_cast<float*>(take(carry_bytes_[i]));
      out[i] = reinterpret_cast<float*>(take(carry_bytes_[i]));
      std::memcpy(in[i], buffers.inputs[i], carry_bytes_[i]);
    }
    const auto buffer_steps = [&](const std::vector<Sequence>& list, float** to) {
      for (std::size_t i = 0; i < list.size(); ++i) {
        if (!list[i].in_place()) to[i] = reinterpret_cast<float*>(take(list[i].step_bytes()));
      }
    };
    buffer_steps(sequences_, &in[layout_.carries]);
    buffer_steps(yields_, out.data() + layout_.carries);
    for (std::size_t i = 0; i < captures_.size(); ++i) {
      in[layout_.carries + layout_.sequences + i] = const_cast<float*>(buffers.inputs[captures_[i]]);
    }
    loop(buffers, in, out);
    float* result = buffers.output;
    for (std::size_t i = 0; i < carry_bytes_.size(); ++i) {
      std::memcpy(result, in[i], carry_bytes_[i]);
      result += carry_bytes_[i] / sizeof(float);
    }
  }

 private:
  std::size_t inputs() const { return layout_.carries + layout_.sequences + captures_.size(); }
  std::size_t outputs() const { return layout_.carries + layout_.yields; }

  void loop(const backends::Buffers& buffers, std::span<float*> in, std::span<float*> out) const {
    const std::int64_t steps = sequences_.front().steps;
    for (std::int64_t i = 0; i < steps; ++i) {
      const std::int64_t t = layout_.reverse ? steps - 1 - i : i;
      for (std::size_t s = 0; s < sequences_.size(); ++s) read(sequences_[s], buffers, t, in[layout_.carries + s]);
      for (std::size_t y = 0; y < yields_.size(); ++y) {
        if (yields_[y].in_place()) out[layout_.carries + y] = buffers.output + yields_[y].operand + yields_[y].at(0, t);
      }
      program_.run_in(buffers.scratch, {in.data(), in.size()}, out);
      for (std::size_t y = 0; y < yields_.size(); ++y) write(yields_[y], buffers, t, out[layout_.carries + y]);
      for (std::size_t c = 0; c < layout_.carries; ++c) std::swap(in[c], out[c]);
    }
  }

  static void read(const Sequence& sequence, const backends::Buffers& buffers, std::int64_t t, float*& step) {
    const float* source = buffers.inputs[sequence.operand];
    if (sequence.in_place()) {
      step = const_cast<float*>(source) + sequence.at(0, t);
      return;
    }
    for (std::int64_t n = 0; n < sequence.samples; ++n) {
      std::copy_n(source + sequence.at(n, t), sequence.inner, step + n * sequence.inner);
    }
  }

  static void write(const Sequence& sequence, const backends::Buffers& buffers, std::int64_t t, const float* step) {
    if (sequence.in_place()) return;
    for (std::int64_t n = 0; n < sequence.samples; ++n) {
      std::copy_n(step + n * sequence.inner, sequence.inner, buffers.output + sequence.operand + sequence.at(n, t));
    }
  }

  graph::Node node_;
  graph::ScanLayout layout_;
  Program program_;
  std::vector<std::size_t> carry_bytes_;
  std::vector<Sequence> sequences_, yields_;
  std::vector<std::size_t> captures_;  ///< operands that are given at run time
};

std::string reject(const Problem&) { return {}; }

std::unique_ptr<backends::Kernel> make(const Problem& problem, backends::PackedWeights& weights) {
  return std::make_unique<ScanKernel>(problem, weights);
}

}  // namespace

backends::Implementation scan_implementation() { return {"scan", "steps", reject, make}; }

}  // namespace signxai::runtime
