// Choice of kernels, and the run loop.
#include "runtime/program.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "backends/cpu/implementations.h"
#include "base/mapped_file.h"
#include "base/threads.h"
#include "graph/cost.h"
#include "graph/op.h"
#include "runtime/scan_kernel.h"
#include "signxai/error.h"

namespace signxai::runtime {
namespace {

using backends::Implementation;
using backends::Problem;
using graph::Value;

const Implementation& choose(const Problem& problem, std::string_view layer) {
  static const Implementation scan = scan_implementation();
  if (problem.node.is("scan")) return scan;
  std::string reasons;
  for (const Implementation& candidate : cpu::implementations()) {
    if (candidate.op != problem.node.op->name) continue;
    const std::string reason = candidate.reject(problem);
    if (reason.empty()) return candidate;
    reasons += fmt::format("{}{}: {}", reasons.empty() ? "" : "; ", candidate.name, reason);
  }
  throw Error(ErrorCode::kUnsupported, "plan", layer,
              fmt::format("no kernel computes '{}' here ({})", problem.node.op->name,
                          reasons.empty() ? "none exists" : reasons));
}

Problem problem_of(const graph::Graph& graph, Value value) {
  Problem problem{graph[value], {}, {}};
  for (Value input : problem.node.inputs) {
    problem.inputs.push_back(graph.type(input));
    problem.constants.push_back(graph.literal(input));
  }
  return problem;
}

/// Steps whose second operand, the weights of those that pack, no other step with the same op reads.
std::set<std::int32_t> sole_readers(const graph::Graph& graph) {
  std::map<std::pair<const graph::OpDef*, const float*>, std::vector<std::int32_t>> readers;
  for (std::int32_t i = 0; i < graph.size(); ++i) {
    const graph::Node& node = graph[Value{i}];
    const graph::Literal* weights = node.inputs.size() > 1 ? graph.literal(node.inputs[1]) : nullptr;
    if (weights != nullptr) readers[{node.op, weights->data()}].push_back(i);
  }
  std::set<std::int32_t> sole;
  for (const auto& [weights, steps] : readers) {
    if (steps.size() == 1) sole.insert(steps.front());
  }
  return sole;
}

void release(const graph::Literal& constant) {
  base::release_pages(constant.storage(), constant.data(), static_cast<std::size_t>(constant.size()) * sizeof(float));
}

/// Threads that are worth it, as for ThreadScope. What is smaller than this is done before others have begun.
int threads_for(const graph::Graph& graph) {
  constexpr double kFlops = 6e6, kBytes = 2e6;
  const graph::Cost cost = graph::cost_of(graph);
  return cost.flops < kFlops && cost.bytes < kBytes ? 1 : 0;
}

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

}  // namespace

Program::Program(graph::Graph graph, backends::PackedWeights& weights, std::shared_ptr<ArenaPool> arenas,
                 bool runs_once)
    : graph_(std::move(graph)), arenas_(std::move(arenas)), threads_(threads_for(graph_)) {
  const ThreadScope threads(threads_);  // kernels are made for a number of threads
  const std::set<std::int32_t> packing = runs_once ? sole_readers(graph_) : std::set<std::int32_t>();
  std::vector<std::size_t> step_of(static_cast<std::size_t>(graph_.size()));
  for (std::int32_t i = 0; i < graph_.size(); ++i) {
    const graph::Node& node = graph_[Value{i}];
    if (node.op->kind == graph::OpKind::kLeaf || node.is("reshape") || node.is("get")) continue;
    Problem problem = problem_of(graph_, Value{i});
    problem.packs_in_scratch = packing.contains(i);
    const Implementation& chosen = choose(problem, graph_.origin(Value{i}));
    step_of[static_cast<std::size_t>(i)] = steps_.size();
    steps_.push_back({Value{i}, chosen.make(problem, weights), chosen.name, node.inputs.size()});
    scratch_bytes_ = std::max(scratch_bytes_, steps_.back().kernel->scratch_bytes());
    most_inputs_ = std::max(most_inputs_, node.inputs.size());
  }
  scratch_bytes_ = (scratch_bytes_ + sizeof(float*) - 1) / sizeof(float*) * sizeof(float*);
  plan_ = passes::plan_memory(graph_, [&](Value value, std::size_t input) {
    return steps_[step_of[static_cast<std::size_t>(value.id)]].kernel->in_place(input);
  });
  resolve_addresses();
  if (runs_once) release_after_last_use();
}

Program::Address Program::address_of(Value value) const {
  const passes::Location& at = plan_.locations[static_cast<std::size_t>(value.id)];
  switch (at.kind) {
    case passes::Location::Kind::kConstant: {
      const float* data = graph_.literal(Value{static_cast<std::int32_t>(at.index)})->data();
      return {0, reinterpret_cast<std::uintptr_t>(data) + at.offset};
    }
    case passes::Location::Kind::kArena: return {1, at.offset};
    case passes::Location::Kind::kInput: return {2 + at.index, at.offset};
    case passes::Location::Kind::kOutput: return {2 + graph_.inputs().size() + at.index, at.offset};
    case passes::Location::Kind::kNone: break;
  }
  return {0, 0};
}

void Program::resolve_addresses() {
  for (const Step& step : steps_) {
    for (Value input : graph_[step.value].inputs) addresses_.push_back(address_of(input));
    addresses_.push_back(address_of(step.value));
  }
  for (std::size_t i = 0; i < graph_.outputs().size(); ++i) {
    const Address from = address_of(graph_.outputs()[i].value);
    if (from.base != 2 + graph_.inputs().size() + i) copies_.push_back({i, from});
  }
}

void Program::release_after_last_use() {
  std::set<const float*> read;
  for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
    for (Value input : graph_[step->value].inputs) {
      const graph::Literal* literal = graph_.literal(input);
      if (literal != nullptr && read.insert(literal->data()).second) step->released.push_back(input);
    }
  }
}

void Program::run(std::span<const float* const> inputs, std::span<float* const> outputs,
                  std::vector<StepProfile>* profile) const {
  const ThreadScope threads(threads_);
  const DenormalScope denormals;  // not earlier: its workers wait busily, and compilation needs the processors
  ArenaPool::Arena borrowed = arenas_->borrow(arena_bytes());
  run_in(borrowed.memory.get(), inputs, outputs, profile);
  arenas_->give_back(std::move(borrowed));
}

void Program::run_in(std::byte* arena, std::span<const float* const> inputs, std::span<float* const> outputs,
                     std::vector<StepProfile>* profile) const {
  if (profile && profile->empty()) {
    for (const Step& step : steps_) profile->push_back({step.value, step.name, {}});
  }
  auto* const bases = reinterpret_cast<std::uintptr_t*>(arena + plan_.arena_bytes + scratch_bytes_);
  auto** const operands = reinterpret_cast<const float**>(bases + base_count());
  const auto base_of = [](const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer); };
  bases[0] = 0;
  bases[1] = base_of(arena);
  std::transform(outputs.begin(), outputs.end(), std::transform(inputs.begin(), inputs.end(), bases + 2, base_of),
                 base_of);
  const auto pointer = [&](const Address& at) { return reinterpret_cast<float*>(bases[at.base] + at.offset); };
  const Address* at = addresses_.data();
  for (std::size_t s = 0; s < steps_.size(); ++s) {
    const Step& step = steps_[s];
    for (std::size_t i = 0; i < step.inputs; ++i) operands[i] = pointer(*at++);
    float* const result = pointer(*at++);
    const double start = profile ? now() : 0.0;
    step.kernel->run({{operands, step.inputs}, result, arena + plan_.arena_bytes});
    for (Value constant : step.released) release(*graph_.literal(constant));
    if (profile) (*profile)[s].seconds.push_back(now() - start);
  }
  for (const Copy& copy : copies_) {
    const Value value = graph_.outputs()[copy.output].value;
    std::memcpy(outputs[copy.output], pointer(copy.from), passes::bytes_of(graph_.type(value)));
  }
}

std::string Program::describe() const {
  std::string text = fmt::format("# arena: {} bytes, scratch: {} bytes\n", plan_.arena_bytes, scratch_bytes_);
  text += fmt::format("# {:<5} {:<22} {:<28} {:>10} {:>12} {:>10}  layer\n", "step", "op", "kernel", "offset", "MFLOP",
                      "MB");
  graph::Cost total;
  for (const Step& step : steps_) {
    const graph::Cost cost = graph::cost_of(graph_, step.value);
    total += cost;
    const passes::Location& at = plan_.locations[static_cast<std::size_t>(step.value.id)];
    const bool is_output = at.kind == passes::Location::Kind::kOutput;
    text +=
        fmt::format("%{:<6} {:<22} {:<28} {:>10} {:>12.3f} {:>10.3f}  {}\n", step.value.id, graph_[step.value].op->name,
                    step.name, is_output ? fmt::format("output {}", at.index) : fmt::to_string(at.offset),
                    cost.flops / 1e6, cost.bytes / 1e6, graph_.origin(step.value));
  }
  return text + fmt::format("# {} steps, {:.3f} MFLOP, {:.3f} MB read and written\n", steps_.size(), total.flops / 1e6,
                            total.bytes / 1e6);
}

graph::Literal compute(const graph::Node& node, const std::vector<graph::Literal>& inputs) {
  backends::PackedWeights weights;  // what is packed for one use is not kept
  Problem problem{node, {}, {}};
  std::vector<const float*> addresses;
  for (const graph::Literal& literal : inputs) {
    problem.inputs.emplace_back(literal.shape());
    problem.constants.push_back(&literal);
    addresses.push_back(literal.data());
  }
  const auto kernel = choose(problem, "constant").make(problem, weights);
  const auto scratch = backends::allocate_aligned(kernel->scratch_bytes());
  const auto result = backends::allocate_aligned(passes::bytes_of(node.type));
  auto* data = reinterpret_cast<float*>(result.get());
  kernel->run({addresses, data, scratch.get()});
  return graph::Literal(node.type.shape, std::shared_ptr<const float>(result, data), {});
}

}  // namespace signxai::runtime
