// Compiles pointwise regions: classifies what is read, drops dead nodes, assigns buffers by lifetime.
#include "backends/cpu/sweep/program.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <string_view>

#include "backends/cpu/sweep/code.h"
#include "graph/op.h"
#include "graph/view.h"

namespace signxai::cpu {
namespace {

using backends::Problem;
using graph::Graph;
using graph::Node;
using graph::Value;

std::optional<Opcode> find_opcode(std::string_view op) {
  static const std::map<std::string_view, Opcode> table = {
      {"abs", Opcode::kAbs},         {"erf", Opcode::kErf},
      {"exp", Opcode::kExp},         {"expm1", Opcode::kExpm1},
      {"log", Opcode::kLog},         {"log1p", Opcode::kLog1p},
      {"neg", Opcode::kNeg},         {"relu", Opcode::kRelu},
      {"sigmoid", Opcode::kSigmoid}, {"sqrt", Opcode::kSqrt},
      {"tanh", Opcode::kTanh},       {"add", Opcode::kAdd},
      {"div", Opcode::kDiv},         {"equal", Opcode::kEqual},
      {"greater", Opcode::kGreater}, {"greater_equal", Opcode::kGreaterEqual},
      {"less", Opcode::kLess},       {"less_equal", Opcode::kLessEqual},
      {"maximum", Opcode::kMaximum}, {"minimum", Opcode::kMinimum},
      {"mul", Opcode::kMul},         {"safe_div", Opcode::kSafeDiv},
      {"sub", Opcode::kSub},         {"select", Opcode::kSelect},
  };
  const auto it = table.find(op);
  return it == table.end() ? std::nullopt : std::optional(it->second);
}

bool is_heavy(Opcode opcode) {
  return opcode <= Opcode::kTanh && opcode != Opcode::kAbs && opcode != Opcode::kNeg && opcode != Opcode::kRelu;
}

bool is_sweep(const Node& node) { return node.is("sweep"); }

/// Extents and strides of `shape` inside `target`, neighbouring axes merged.
Source describe(const Shape& shape, const Shape& target) {
  Source source;
  std::vector<std::int64_t> extents, strides;  // innermost first
  std::int64_t step = 1;
  for (std::size_t back = 1; back <= target.size(); ++back) {
    const std::int64_t extent = target[target.size() - back];
    const std::int64_t own = back <= shape.size() ? shape[shape.size() - back] : 1;
    const std::int64_t stride = own == 1 ? 0 : step;
    step *= own;
    if (extent == 1) continue;
    if (!extents.empty() && stride == strides.back() * (strides.back() == 0 ? 1 : extents.back())) {
      extents.back() *= extent;
    } else {
      extents.push_back(extent);
      strides.push_back(stride);
    }
  }
  source.extents.assign(extents.rbegin(), extents.rend());
  source.strides.assign(strides.rbegin(), strides.rend());
  const bool full = extents.empty() || (extents.size() == 1 && strides[0] == 1);
  source.kind = full ? Source::kFull : Source::kBlock;
  return source;
}

/// After how many elements the source repeats, 0 if never.
std::int64_t period(const Source& source) {
  if (source.kind == Source::kFull || source.strides.front() != 0) return 0;
  if (source.strides.size() == 1) return 1;
  return source.strides.size() == 2 ? source.extents.back() : 0;
}

/// A value of the region: a source, or the result of a step.
struct Operand {
  bool source = true;
  int index = 0;
  bool operator==(const Operand&) const = default;
};
struct Step {
  Opcode opcode;
  std::vector<Operand> operands;
  bool invariant = false;
  int last_use = -1;
};

/// Writes z + epsilon * (z >= 0 ? 1 : -1) as one step, and drops what no step needs.
class Simplifier {
 public:
  Simplifier(std::vector<Step>& steps, const Program& program) : steps_(steps), program_(program) {}

  void run() {
    for (Step& step : steps_) find_stabiliser(step);
    remove_dead();
  }

 private:
  const Step* step_of(const Operand& operand, Opcode opcode) const {
    if (operand.source) return nullptr;
    const Step& step = steps_[static_cast<std::size_t>(operand.index)];
    return step.opcode == opcode ? &step : nullptr;
  }

  bool is_number(const Operand& operand, float value) const {
    if (!operand.source) return false;
    const Source& source = program_.sources[static_cast<std::size_t>(operand.index)];
    if (!source.parts.empty() || source.strides != std::vector<std::int64_t>(source.strides.size(), 0)) return false;
    const float* constant = program_.arrays[static_cast<std::size_t>(source.array)].constant;
    return constant != nullptr && *constant == value;
  }

  /// Whether it is 1 where z >= 0 and -1 elsewhere.
  bool is_sign_of(const Operand& operand, const Operand& z) const {
    const Step* select = step_of(operand, Opcode::kSelect);
    if (!select || !is_number(select->operands[1], 1) || !is_number(select->operands[2], -1)) return false;
    const Step* compare = step_of(select->operands[0], Opcode::kGreaterEqual);
    return compare && compare->operands[0] == z && is_number(compare->operands[1], 0);
  }

  /// z + epsilon * sign of z, in any order.
  void find_stabiliser(Step& step) const {
    if (step.opcode != Opcode::kAdd) return;
    for (const std::size_t k : {0U, 1U}) {
      const Operand z = step.operands[k];
      const Step* product = step_of(step.operands[1 - k], Opcode::kMul);
      for (const std::size_t p : {0U, 1U}) {
        if (!product || !is_sign_of(product->operands[p], z)) continue;
        step = {Opcode::kStabilise, {z, product->operands[1 - p]}};
        return;
      }
    }
  }

  void remove_dead() {
    std::vector<bool> needed(steps_.size(), false);
    needed.back() = true;
    for (std::size_t i = steps_.size(); i-- > 0;) {
      for (const Operand& operand : steps_[i].operands) {
        if (needed[i] && !operand.source) needed[static_cast<std::size_t>(operand.index)] = true;
      }
    }
    std::vector<int> moved(steps_.size(), -1);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      if (!needed[i]) continue;
      moved[i] = static_cast<int>(kept);
      for (Operand& operand : steps_[i].operands) {
        if (!operand.source) operand.index = moved[static_cast<std::size_t>(operand.index)];
      }
      if (kept != i) steps_[kept] = std::move(steps_[i]);
      ++kept;
    }
    steps_.resize(kept);
  }

  std::vector<Step>& steps_;
  const Program& program_;
};

class Compiler {
 public:
  explicit Compiler(const Shape& shape) : shape_(shape) { program_.size = element_count(shape); }

  Program compile(const Problem& problem, bool interpreted) {
    if (is_sweep(problem.node)) {
      compile_region(problem.node.attrs.region("body"));
    } else {
      compile_node(problem);
    }
    Simplifier(steps_, program_).run();
    drop_unread();
    finish(interpreted);
    return std::move(program_);
  }

 private:
  int add_array(const SourceArray& array) {
    const auto it = std::find(program_.arrays.begin(), program_.arrays.end(), array);
    if (it != program_.arrays.end()) return static_cast<int>(it - program_.arrays.begin());
    program_.arrays.push_back(array);
    return static_cast<int>(program_.arrays.size()) - 1;
  }

  Operand add_source(Source source) {
    program_.sources.push_back(std::move(source));
    return {true, static_cast<int>(program_.sources.size()) - 1};
  }

  Operand add_source(const Shape& shape, const SourceArray& array) {
    Source source = describe(shape, shape_);
    source.array = add_array(array);
    return add_source(std::move(source));
  }

  void compile_node(const Problem& problem) {
    Step step{*find_opcode(problem.node.op->name), {}};
    for (std::size_t i = 0; i < problem.inputs.size(); ++i) {
      step.operands.push_back(add_source(problem.inputs[i].shape, {static_cast<int>(i), nullptr}));
    }
    steps_.push_back(std::move(step));
  }

  void compile_region(const Graph& region) {
    std::vector<bool> live(static_cast<std::size_t>(region.size()), false);
    const Value output = region.outputs()[0].value;
    live[static_cast<std::size_t>(output.id)] = true;
    for (std::int32_t id = output.id; id >= 0; --id) {
      if (!live[static_cast<std::size_t>(id)]) continue;
      for (const Value input : region[Value{id}].inputs) live[static_cast<std::size_t>(input.id)] = true;
    }
    Operands operands;
    for (std::int32_t id = 0; id <= output.id; ++id) {
      if (live[static_cast<std::size_t>(id)] && region[Value{id}].op->kind == graph::OpKind::kPointwise)
        operands[Value{id}] = lower(region, Value{id}, operands);
    }
    const Operand last = operand(region, output, operands);
    if (last.source) steps_.push_back({Opcode::kCopy, {last}});
  }

  using Operands = std::map<Value, Operand>;

  Operand lower(const Graph& region, Value value, Operands& operands) {
    const Node& node = region[value];
    Step step{*find_opcode(node.op->name), {}};
    for (const Value input : node.inputs) step.operands.push_back(operand(region, input, operands));
    steps_.push_back(std::move(step));
    return {false, static_cast<int>(steps_.size()) - 1};
  }

  /// A step that is there already, or a source, made when it is first read.
  Operand operand(const Graph& region, Value value, Operands& operands) {
    const auto it = operands.find(value);
    if (it != operands.end()) return it->second;
    const Operand made = graph::is_view(region, value) ? add_view(region, value)
                                                       : add_source(region.type(value).shape, array_of(region, value));
    return operands[value] = made;
  }

  static SourceArray array_of(const Graph& region, Value value) {
    if (const graph::Literal* literal = region.literal(value)) return {-1, literal->data()};
    const auto& inputs = region.inputs();
    return {static_cast<int>(std::find(inputs.begin(), inputs.end(), value) - inputs.begin()), nullptr};
  }

  Operand add_view(const Graph& region, Value view) {
    Source source;
    source.kind = Source::kBlock;
    const std::int64_t width = region.type(view).shape.back();
    source.extents = {program_.size / width, width};
    source.strides = {width, 1};
    for (const graph::ViewPart& part : graph::view_parts(region, view)) {
      source.parts.push_back(
          {add_array(array_of(region, part.array)), part.begin, part.width, region.type(part.array).shape.back()});
    }
    return add_source(std::move(source));
  }

  /// Sources that no step reads would take buffers.
  void drop_unread() {
    std::vector<int> moved(program_.sources.size(), -1);
    std::vector<Source> read;
    for (Step& step : steps_) {
      for (Operand& operand : step.operands) {
        if (!operand.source) continue;
        int& at = moved[static_cast<std::size_t>(operand.index)];
        if (at < 0) {
          at = static_cast<int>(read.size());
          read.push_back(program_.sources[static_cast<std::size_t>(operand.index)]);
        }
        operand.index = at;
      }
    }
    program_.sources = std::move(read);
  }

  void finish(bool interpreted) {
    if (!interpreted) {
      fit([&] { return program_.buffers; });
      program_.code = emit_sweep(program_);
    }
    if (!program_.code) fit([&] { return program_.buffers + program_.temporaries; });
  }

  /// The longest block of which so many fit; how many there are depends on which sources repeat within it.
  template <class Count>
  void fit(const Count& blocks) {
    for (std::int64_t block = kLongestBlock;; block = std::max(block / 2, kShortestBlock)) {
      choose_block(block);
      assign();
      if (blocks() * program_.block <= kSweepBuffer) return;
    }
  }

  void assign() {
    program_.buffers = program_.temporaries = 0;
    program_.once.clear();
    program_.body.clear();
    free_.clear();
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      Step& step = steps_[i];
      program_.heavy = program_.heavy || is_heavy(step.opcode);
      step.last_use = -1;
      step.invariant = i + 1 < steps_.size();
      for (const Operand& operand : step.operands) {
        step.invariant = step.invariant && is_invariant(operand);
        if (!operand.source) steps_[static_cast<std::size_t>(operand.index)].last_use = static_cast<int>(i);
      }
    }
    emit();
  }

  bool is_invariant(const Operand& operand) const {
    const auto index = static_cast<std::size_t>(operand.index);
    return operand.source ? program_.sources[index].kind == Source::kInvariant : steps_[index].invariant;
  }

  /// At most that long, and a multiple of all short periods.
  void choose_block(std::int64_t block) {
    std::int64_t longest = 1;
    for (Source& source : program_.sources) {
      if (source.kind == Source::kInvariant) source.kind = Source::kBlock;
      const std::int64_t repeat = period(source);
      if (repeat == 0 || repeat > block) continue;
      source.kind = Source::kInvariant;
      longest = std::max(longest, repeat);
    }
    program_.block = block / longest * longest;
  }

  std::uint16_t new_buffer() { return static_cast<std::uint16_t>(program_.buffers++); }

  std::uint16_t new_temporary() {
    if (free_.empty()) return static_cast<std::uint16_t>(program_.temporaries++);
    const std::uint16_t temporary = free_.back();
    free_.pop_back();
    return temporary;
  }

  Slot new_slot(std::size_t step) {
    if (step + 1 == steps_.size()) return {Slot::kOutput, 0};
    return steps_[step].invariant ? Slot{Slot::kBuffer, new_buffer()} : Slot{Slot::kTemporary, new_temporary()};
  }

  void emit() {
    for (Source& source : program_.sources) {
      if (source.kind != Source::kFull) source.buffer = new_buffer();
    }
    std::vector<Slot> slots(steps_.size());
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      const Step& step = steps_[i];
      Instruction instruction{step.opcode, {}, {}, static_cast<int>(step.operands.size())};
      for (std::size_t k = 0; k < step.operands.size(); ++k) {
        const auto index = static_cast<std::uint16_t>(step.operands[k].index);
        instruction.operands[k] = step.operands[k].source ? Slot{Slot::kSource, index} : slots[index];
      }
      release_operands(step, static_cast<int>(i), slots);
      slots[i] = new_slot(i);
      instruction.result = slots[i];
      (step.invariant ? program_.once : program_.body).push_back(instruction);
    }
  }

  void release_operands(const Step& step, int now, const std::vector<Slot>& slots) {
    std::vector<int> ended;
    for (const Operand& operand : step.operands) {
      if (operand.source) continue;
      const Step& maker = steps_[static_cast<std::size_t>(operand.index)];
      const bool seen = std::find(ended.begin(), ended.end(), operand.index) != ended.end();
      if (maker.invariant || maker.last_use != now || seen) continue;
      ended.push_back(operand.index);
      free_.push_back(slots[static_cast<std::size_t>(operand.index)].index);
    }
  }

  Shape shape_;
  Program program_;
  std::vector<Step> steps_;
  std::vector<std::uint16_t> free_;
};

std::size_t leaves_of(const Graph& region) {
  const auto is_leaf = [](const Node& node) { return node.op->kind == graph::OpKind::kLeaf; };
  return static_cast<std::size_t>(std::count_if(region.nodes().begin(), region.nodes().end(), is_leaf));
}

/// Values of the region that may take a block: all but arrays that only views show.
std::size_t blocks_of(const Graph& region) {
  std::vector<bool> takes(static_cast<std::size_t>(region.size()), false);
  for (std::int32_t id = 0; id < region.size(); ++id) {
    if (region[Value{id}].op->kind != graph::OpKind::kPointwise) continue;
    takes[static_cast<std::size_t>(id)] = true;
    for (const Value input : region[Value{id}].inputs) takes[static_cast<std::size_t>(input.id)] = true;
  }
  return static_cast<std::size_t>(std::count(takes.begin(), takes.end(), true));
}

}  // namespace

std::string reject_sweep(const Problem& problem) {
  constexpr std::size_t limit = kSweepBuffer / kShortestBlock;
  if (!is_sweep(problem.node)) return find_opcode(problem.node.op->name) ? "" : "not a pointwise op this backend knows";
  const Graph& region = problem.node.attrs.region("body");
  if (region.outputs().size() != 1) return "the region has several outputs";
  if (leaves_of(region) > kMostArrays) return "more than " + std::to_string(kMostArrays) + " arrays";
  if (blocks_of(region) > limit) return "the region is longer than " + std::to_string(limit);
  for (std::int32_t id = 0; id < region.size(); ++id) {
    const Node& node = region[Value{id}];
    if (node.op->kind == graph::OpKind::kLeaf || graph::is_view(region, Value{id})) continue;
    if (!find_opcode(node.op->name)) return "'" + node.op->name + "' in a region";
    for (const Value input : node.inputs) {
      const bool repeats = region.type(input) != problem.node.type;
      if (repeats && graph::is_view(region, input)) return "a view that is repeated";
    }
  }
  return "";
}

Program compile_sweep(const Problem& problem, bool interpreted) {
  return Compiler(problem.node.type.shape).compile(problem, interpreted);
}

namespace {

/// Where run number `run` (along the last axis) starts in the source.
std::int64_t run_offset(const Source& source, std::int64_t run) {
  std::int64_t offset = 0;
  for (std::size_t d = source.extents.size() - 1; d-- > 0;) {
    offset += run % source.extents[d] * source.strides[d];
    run /= source.extents[d];
  }
  return offset;
}

}  // namespace

void gather(const Source& source, const float* const* arrays, std::int64_t begin, std::int64_t count, float* out) {
  const std::int64_t length = source.run_length();
  const bool repeats = !source.contiguous_runs();
  std::int64_t run = begin / length, within = begin % length;
  while (count > 0) {
    const float* from = arrays[source.array] + run_offset(source, run);
    const std::int64_t n = std::min(count, length - within);
    if (repeats) {
      std::fill_n(out, n, *from);
    } else {
      std::memcpy(out, from + within, static_cast<std::size_t>(n) * sizeof(float));
    }
    out += n, count -= n, within = 0, ++run;
  }
}

const float* in_place_block(const Source& source, const float* const* arrays, std::int64_t begin, std::int64_t count) {
  const std::int64_t length = source.run_length(), within = begin % length;
  if (!source.contiguous_runs() || within + count > length) return nullptr;
  if (source.parts.empty()) return arrays[source.array] + run_offset(source, begin / length) + within;
  if (source.parts.size() > 1) return nullptr;
  const RowPart& part = source.parts[0];
  return arrays[part.array] + begin / length * part.pitch + part.begin + within;
}

}  // namespace signxai::cpu
