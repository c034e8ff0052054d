// Emits the body of a sweep for AVX2 or AVX-512: for several vectors side by side, so that one's operations run while
// another's wait for their operands; for one vector; and for what is left, under a mask.
#include "backends/cpu/sweep/code.h"

#include <hwy/targets.h>

#include <algorithm>
#include <bit>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#if HWY_ARCH_X86_64
#include <xbyak/xbyak.h>
#endif

namespace signxai::cpu {

#if HWY_ARCH_X86_64
namespace {

using Vector = Xbyak::Xmm;  // of any width

/// Predicates of comparisons, as the instruction numbers them; with a NaN all are false but kIsNan.
enum Predicate : std::uint8_t {
  kEqualTo = 0x00,
  kLessThan = 0x11,
  kAtMost = 0x12,
  kIsNan = 0x03,
  kAtLeast = 0x1D,
  kGreaterThan = 0x1E
};

/// Vector registers of the emitted loop: work registers for one operation, and temporaries, one for each vector side by
/// side. What the body reads more than once stays in registers as well where there are enough.
struct Registers {
  static constexpr int kCommon = 0, kMask = 1, kFirstOperand = 2, kFirstScratch = 5, kFirstWork = 1;
  static constexpr int kMostSide = 4;
  static constexpr int kOfSigmoid = 3;  ///< work registers, beside that of the result

  int work = 6;
  int side = kMostSide;                     ///< vectors side by side
  std::map<std::pair<int, int>, int> held;  ///< register by kind and index of the slot: that of the first vector
  int next, count;                          ///< from `next` on they are free

  static std::pair<int, int> key(Slot slot) { return {slot.kind, slot.index}; }
  int temporary(int index, int vector) const { return kFirstWork + work + index * side + vector; }

  Registers(const Program& program, int number_of_registers) : count(number_of_registers) {
    choose_side(program);
    next = temporary(program.temporaries, 0);
    std::map<std::pair<int, int>, int> uses;
    const auto is_uniform = [&](int kind, int index) {
      return kind == Slot::kSource && program.sources[static_cast<std::size_t>(index)].uniform();
    };
    for (const Instruction& instruction : program.body) {
      for (int k = 0; k < instruction.count; ++k) {
        const Slot slot = instruction.operands[k];
        if (slot.kind != Slot::kTemporary) uses[key(slot)] += is_uniform(slot.kind, slot.index) ? 2 : 1;
      }
    }
    std::vector<std::pair<int, std::pair<int, int>>> order;
    for (const auto& [slot, number] : uses) order.emplace_back(-number, slot);
    std::sort(order.begin(), order.end());
    for (const auto& [number, slot] : order) {
      const int needed = is_uniform(slot.first, slot.second) ? 1 : side;
      if (number >= -1 || next + needed > count) continue;
      held[slot] = next;
      next += needed;
    }
  }

 private:
  void choose_side(const Program& program) {
    const bool sigmoids = std::any_of(program.body.begin(), program.body.end(),
                                      [](const Instruction& i) { return i.opcode == Opcode::kSigmoid; });
    const int least = work;
    for (;; --side) {
      work = sigmoids ? std::max(least, side * kOfSigmoid) : least;
      if (side == 1 || temporary(program.temporaries, 0) <= count) return;
    }
  }
};

/// One of the vectors side by side.
struct Part {
  int vector = 0;
  bool masked = false;
};

class Emitter final : public SweepCode, private Xbyak::CodeGenerator {
 public:
  Emitter(const Program& program, bool wide)
      : CodeGenerator(4096, Xbyak::AutoGrow), program_(&program), wide_(wide), registers_(program, wide ? 32 : 16) {}

  bool emit() {
    if (registers_.next > registers_.count) return false;
    emit_function();
    emit_constants();
    ready(PROTECT_RE);
    function_ = getCode<decltype(function_)>();
    program_ = nullptr;
    return true;
  }

 private:
  const Xbyak::Reg64 &sources_ = rdi, &buffers_ = rsi, &output_ = rdx, &count_ = rcx, &element_ = rax, &pointer_ = r11;

  int lanes() const { return wide_ ? 16 : 8; }
  Vector vector(int index) const { return wide_ ? Vector(Xbyak::Zmm(index)) : Vector(Xbyak::Ymm(index)); }
  Vector scratch(int k) const { return vector(Registers::kFirstScratch + k); }
  Vector operand(int k) const { return vector(Registers::kFirstOperand + k); }
  Vector mask() const { return vector(Registers::kMask); }

  /// A number in every lane: in a register as long as there are any, else in memory behind the code.
  struct Constant {
    Xbyak::Label label;
    std::optional<Vector> held;
    std::optional<Xbyak::Address> address;
  };

  const Xbyak::Operand& constant(std::uint32_t bits) {
    Constant& constant = constants_[bits];
    if (!constant.address) {
      constant.address = ptr[rip + constant.label];
      if (registers_.next < registers_.count) constant.held = vector(registers_.next++);
    }
    if (constant.held) return *constant.held;
    return *constant.address;
  }
  const Xbyak::Operand& constant(float value) { return constant(std::bit_cast<std::uint32_t>(value)); }

  /// What registers hold is known when the loop is there; so they are filled behind it.
  void emit_function() {
    const Xbyak::Reg64 kept[] = {rbx, rbp, r12, r13, r14, r15};
    for (const Xbyak::Reg64& reg : kept) push(reg);
    Xbyak::Label fill, begin, end;
    hold_pointers();
    jmp(fill, T_NEAR);
    L(begin);
    if (registers_.side > 1) emit_loop(registers_.side);
    emit_loop(1);
    test(count_, count_);
    jz(end, T_NEAR);
    emit_mask();
    emit_body(1, true);
    L(end);
    vzeroupper();
    for (std::size_t i = std::size(kept); i-- > 0;) pop(kept[i]);
    ret();
    L(fill);
    fill_registers();
    jmp(begin, T_NEAR);
  }

  /// As long as there are so many vectors.
  void emit_loop(int side) {
    Xbyak::Label next, end;
    L(next);
    cmp(count_, side * lanes());
    jl(end, T_NEAR);
    emit_body(side, false);
    add(element_, side * lanes());
    sub(count_, side * lanes());
    jmp(next, T_NEAR);
    L(end);
  }

  void fill_registers() {
    xor_(element_, element_);
    for (const auto& [slot, index] : registers_.held) {
      const Slot source{static_cast<Slot::Kind>(slot.first), static_cast<std::uint16_t>(slot.second)};
      if (is_uniform(source)) load(vector(index), source, {});
    }
    for (const auto& [bits, constant] : constants_) {
      if (constant.held) vmovups(*constant.held, *constant.address);
    }
  }

  /// The first sources' addresses stay in registers; those of the others are read where they are needed.
  void hold_pointers() {
    const Xbyak::Reg64 free[] = {r8, r9, r10, rbx, rbp, r12, r13, r14, r15};
    for (std::size_t s = 0; s < std::min(program_->sources.size(), std::size(free)); ++s) {
      mov(free[s], ptr[sources_ + 8 * s]);
      pointers_.push_back(free[s]);
    }
  }

  bool is_uniform(Slot slot) const { return slot.kind == Slot::kSource && program_->sources[slot.index].uniform(); }

  std::size_t offset(Part part) const { return static_cast<std::size_t>(part.vector * lanes() * 4); }

  /// A uniform source's block holds its number in every place, so that its first vector will do.
  Xbyak::Address address(Slot slot, Part part) {
    if (slot.kind == Slot::kBuffer) {
      return ptr[buffers_ + element_ * 4 + static_cast<std::size_t>(slot.index * program_->block * 4) + offset(part)];
    }
    Xbyak::Reg64 base = pointer_;
    if (slot.index < pointers_.size()) {
      base = pointers_[slot.index];
    } else {
      mov(base, ptr[sources_ + 8 * std::size_t{slot.index}]);
    }
    return is_uniform(slot) ? ptr[base] : ptr[base + element_ * 4 + offset(part)];
  }

  void load(const Vector& to, Slot slot, Part part) {
    const Xbyak::Address from = address(slot, part);
    if (!part.masked || is_uniform(slot)) {
      vmovups(to, from);
    } else if (wide_) {
      vmovups(to | k1 | T_z, from);
    } else {
      read_mask(to);
      vmaskmovps(to, to, from);
    }
  }

  void store(const Vector& from, Part part) {
    const Xbyak::Address to = ptr[output_ + element_ * 4 + offset(part)];
    if (!part.masked) {
      vmovups(to, from);
    } else if (wide_) {
      vmovups(to | k1, from);
    } else {
      read_mask(mask());
      vmaskmovps(to, mask(), from);
    }
  }

  /// Of the `count_` first lanes.
  void emit_mask() {
    if (!wide_) return;
    mov(r11d, -1);
    bzhi(r11d, r11d, ecx);
    kmovw(k1, r11d);
  }

  /// Ones stand before zeros in memory: that many ones are read first.
  void read_mask(const Vector& to) {
    push(pointer_);
    push(count_);
    lea(pointer_, ptr[rip + mask_]);
    neg(count_);
    vmovups(to, ptr[pointer_ + count_ * 4 + 32]);
    pop(count_);
    pop(pointer_);
  }

  void emit_body(int side, bool masked) {
    loaded_.clear();
    for (const Instruction& instruction : program_->body) {
      if (instruction.opcode == Opcode::kSigmoid) {
        emit_sigmoids(instruction, side, masked);
        continue;
      }
      for (Part part{0, masked}; part.vector < side; ++part.vector) {
        Vector operands[3];
        for (int k = 0; k < instruction.count; ++k) operands[k] = read(instruction.operands[k], operand(k), part);
        const Vector to = result(instruction, part).value_or(scratch(0));
        emit(instruction.opcode, to, operands[0], operands[1], operands[2]);
        if (is_last(instruction)) store(to, part);
      }
    }
  }

  static bool is_last(const Instruction& instruction) { return instruction.result.kind == Slot::kOutput; }

  /// The register of a temporary; what is stored has none.
  std::optional<Vector> result(const Instruction& instruction, Part part) const {
    if (is_last(instruction)) return std::nullopt;
    return vector(registers_.temporary(instruction.result.index, part.vector));
  }

  /// The register that holds an operand, which may have to be loaded.
  std::optional<Vector> held(Slot slot, Part part) const {
    if (slot.kind == Slot::kTemporary) return vector(registers_.temporary(slot.index, part.vector));
    const auto found = registers_.held.find(Registers::key(slot));
    if (found == registers_.held.end()) return std::nullopt;
    return vector(found->second + (is_uniform(slot) ? 0 : part.vector));
  }

  /// In `otherwise` where it is not held.
  Vector read(Slot slot, const Vector& otherwise, Part part) {
    const std::optional<Vector> found = held(slot, part);
    if (!found) {
      load(otherwise, slot, part);
    } else if (slot.kind != Slot::kTemporary && !is_uniform(slot) && loaded_.insert(found->getIdx()).second) {
      load(*found, slot, part);
    }
    return found.value_or(otherwise);
  }

  void compare(const Vector& a, const Xbyak::Operand& b, Predicate predicate) {
    if (wide_) {
      vcmpps(k2, a, b, predicate);
    } else {
      vcmpps(mask(), a, b, predicate);
    }
  }

  /// yes where the last comparison holds.
  void choose(const Vector& to, const Xbyak::Operand& yes, const Vector& no) {
    if (wide_) {
      vblendmps(to | k2, no, yes);
    } else {
      vblendvps(to, no, yes, mask());
    }
  }

  /// `to` may be an operand's register: it is written last.
  void emit(Opcode opcode, const Vector& to, const Vector& a, const Vector& b, const Vector& c) {
    switch (opcode) {
      case Opcode::kAbs: return vandps(to, a, constant(0x7FFFFFFFU));
      case Opcode::kNeg: return vxorps(to, a, constant(0x80000000U));
      case Opcode::kSqrt: return vsqrtps(to, a);
      case Opcode::kCopy: return vmovaps(to, a);
      case Opcode::kAdd: return vaddps(to, a, b);
      case Opcode::kDiv: return vdivps(to, a, b);
      case Opcode::kMul: return vmulps(to, a, b);
      case Opcode::kSub: return vsubps(to, a, b);
      case Opcode::kEqual: return emit_truth(to, a, b, kEqualTo);
      case Opcode::kGreater: return emit_truth(to, a, b, kGreaterThan);
      case Opcode::kGreaterEqual: return emit_truth(to, a, b, kAtLeast);
      case Opcode::kLess: return emit_truth(to, a, b, kLessThan);
      case Opcode::kLessEqual: return emit_truth(to, a, b, kAtMost);
      case Opcode::kRelu: return emit_choice(to, a, constant(0.0F), kAtMost, constant(0.0F), a);
      case Opcode::kSelect: return emit_choice(to, a, constant(0.0F), kEqualTo, c, b);
      case Opcode::kMaximum: vmaxps(scratch(0), a, b); return emit_choice(to, a, a, kIsNan, a, scratch(0));
      case Opcode::kMinimum: vminps(scratch(0), a, b); return emit_choice(to, a, a, kIsNan, a, scratch(0));
      case Opcode::kSafeDiv:
        emit_choice(scratch(0), b, constant(0.0F), kEqualTo, constant(1e-7F), b);
        return vdivps(to, a, scratch(0));
      case Opcode::kStabilise:
        vaddps(scratch(0), a, b);
        vsubps(scratch(1), a, b);
        return emit_choice(to, a, constant(0.0F), kAtLeast, scratch(0), scratch(1));
      default: throw Xbyak::Error(Xbyak::ERR_NOT_SUPPORTED);  // the sweep is interpreted
    }
  }

  void emit_choice(const Vector& to, const Vector& a, const Xbyak::Operand& b, Predicate predicate,
                   const Xbyak::Operand& yes, const Vector& no) {
    compare(a, b, predicate);
    choose(to, yes, no);
  }

  void emit_truth(const Vector& to, const Vector& a, const Vector& b, Predicate predicate) {
    compare(a, b, predicate);
    wide_ ? vmovups(to | k2 | T_z, constant(1.0F)) : vandps(to, mask(), constant(1.0F));
  }

  struct SigmoidRegisters {
    Part part;
    Vector x, bounded, power, scale, r;
    const Vector& k() const { return power; }
  };

  /// As many side by side as there are work registers for.
  void emit_sigmoids(const Instruction& instruction, int side, bool masked) {
    std::vector<SigmoidRegisters> group;
    int used = 0;
    const auto take = [&] { return vector(Registers::kFirstWork + used++); };
    for (Part part{0, masked}; part.vector < side; ++part.vector) {
      const std::optional<Vector> to = result(instruction, part);
      if (used + Registers::kOfSigmoid + (to ? 0 : 1) > registers_.work) {
        emit_group(instruction, group);
        group.clear();
        used = 0;
      }
      const Vector bounded = take();
      const Vector x = read(instruction.operands[0], bounded, part);
      group.push_back({part, x, bounded, to ? *to : take(), take(), take()});
    }
    emit_group(instruction, group);
  }

  /// The operations of sigmoid() in sweep_run.cpp, which says what they are. Minimum and maximum keep their second
  /// operand where it is a NaN, and so does all behind them.
  void emit_group(const Instruction& instruction, const std::vector<SigmoidRegisters>& group) {
    const auto each = [&](const auto& emit) { std::for_each(group.begin(), group.end(), emit); };
    const Vector lowest = common(Sigmoid::kLowest);
    each([&](const auto& s) { vmaxps(s.bounded, lowest, s.x); });
    const Vector highest = common(Sigmoid::kHighest);
    each([&](const auto& s) { vminps(s.bounded, highest, s.bounded); });
    const Vector slope = common(-Sigmoid::kLog2e);
    each([&](const auto& s) { vmovups(s.k(), constant(Sigmoid::kWhole)); });
    each([&](const auto& s) { vfmadd231ps(s.k(), s.bounded, slope); });
    each([&](const auto& s) { vpslld(s.scale, s.k(), 23); });
    each([&](const auto& s) { vpaddd(s.scale, s.scale, constant(1.0F)); });
    each([&](const auto& s) { vsubps(s.k(), s.k(), constant(Sigmoid::kWhole)); });
    each([&](const auto& s) { vmovaps(s.r, slope); });
    each([&](const auto& s) { vfmsub213ps(s.r, s.bounded, s.k()); });
    const Vector rest = common(-Sigmoid::kLog2eRest);
    each([&](const auto& s) { vfmadd231ps(s.r, s.bounded, rest); });
    const Vector first = common(Sigmoid::kSeries[0]);
    each([&](const auto& s) { vmovaps(s.power, first); });
    for (std::size_t i = 1; i < std::size(Sigmoid::kSeries); ++i) {
      const Vector next = common(Sigmoid::kSeries[i]);
      each([&](const auto& s) { vfmadd213ps(s.power, s.r, next); });
    }
    const Vector one = common(1.0F);
    each([&](const auto& s) { vfmadd213ps(s.power, s.scale, one); });
    each([&](const auto& s) { wide_ ? vrcp14ps(s.r, s.power) : vrcpps(s.r, s.power); });
    each([&](const auto& s) { vfnmadd213ps(s.power, s.r, one); });
    each([&](const auto& s) { vfmadd213ps(s.power, s.r, s.r); });
    if (is_last(instruction)) each([&](const auto& s) { store(s.power, s.part); });
  }

  /// A constant in a register: its own, or one until the next is asked for.
  Vector common(float value) {
    const Xbyak::Operand& wanted = constant(value);
    if (!wanted.isMEM()) return vector(wanted.getIdx());
    vmovups(vector(Registers::kCommon), wanted);
    return vector(Registers::kCommon);
  }

  void emit_constants() {
    align(64);
    for (auto& [bits, constant] : constants_) {
      L(constant.label);
      for (int i = 0; i < lanes(); ++i) dd(bits);
    }
    if (wide_) return;
    L(mask_);
    for (int i = 0; i < 16; ++i) dd(i < 8 ? 0xFFFFFFFFU : 0);
  }

  const Program* program_;  ///< while the code is made
  bool wide_;               ///< AVX-512
  Registers registers_;
  std::vector<Xbyak::Reg64> pointers_;
  std::map<std::uint32_t, Constant> constants_;
  Xbyak::Label mask_;
  std::set<int> loaded_;  ///< registers that hold what belongs to the current vectors
};

}  // namespace

std::shared_ptr<const SweepCode> emit_sweep(const Program& program) {
  const std::int64_t targets = hwy::SupportedTargets();
  if ((targets & (HWY_AVX2 | HWY_AVX3)) == 0) return nullptr;
  try {
    auto code = std::make_shared<Emitter>(program, (targets & HWY_AVX3) != 0);
    return code->emit() ? code : nullptr;
  } catch (const Xbyak::Error&) {
    return nullptr;
  }
}
#else
std::shared_ptr<const SweepCode> emit_sweep(const Program&) { return nullptr; }
#endif

}  // namespace signxai::cpu
