// Emits the body of a sweep for AVX2 or AVX-512, once for whole vectors and once, under a mask, for what is left.
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

/// Vector registers of the emitted loop. What the body reads more than once stays in one where there are enough.
struct Registers {
  static constexpr int kZero = 0, kMask = 1, kFirstOperand = 2, kFirstScratch = 5, kFirstHeld = 7;

  std::map<std::pair<int, int>, int> held;  ///< register by kind and index of the slot
  int next, count;                          ///< from `next` on they are free

  static std::pair<int, int> key(Slot slot) { return {slot.kind, slot.index}; }

  Registers(const Program& program, int number_of_registers)
      : next(kFirstHeld + program.temporaries), count(number_of_registers) {
    std::map<std::pair<int, int>, int> uses;
    for (const Instruction& instruction : program.body) {
      for (int k = 0; k < instruction.count; ++k) {
        const Slot slot = instruction.operands[k];
        const bool uniform = slot.kind == Slot::kSource && program.sources[slot.index].uniform();
        if (slot.kind != Slot::kTemporary) uses[key(slot)] += uniform ? 2 : 1;
      }
    }
    std::vector<std::pair<int, std::pair<int, int>>> order;
    for (const auto& [slot, number] : uses) order.emplace_back(-number, slot);
    std::sort(order.begin(), order.end());
    for (const auto& [number, slot] : order) {
      if (number < -1 && next < count) held[slot] = next++;
    }
  }
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
  Vector zero() const { return vector(Registers::kZero); }
  Vector scratch(int k) const { return vector(Registers::kFirstScratch + k); }
  Vector operand(int k) const { return vector(Registers::kFirstOperand + k); }

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
    Xbyak::Label fill, next, rest, end;
    hold_pointers();
    jmp(fill, T_NEAR);
    L(next);
    cmp(count_, lanes());
    jl(rest, T_NEAR);
    emit_body(false);
    add(element_, lanes());
    sub(count_, lanes());
    jmp(next, T_NEAR);
    L(rest);
    test(count_, count_);
    jz(end, T_NEAR);
    emit_mask();
    emit_body(true);
    L(end);
    vzeroupper();
    for (std::size_t i = std::size(kept); i-- > 0;) pop(kept[i]);
    ret();
    L(fill);
    fill_registers();
    jmp(next, T_NEAR);
  }

  void fill_registers() {
    xor_(element_, element_);
    vxorps(zero(), zero(), zero());
    for (const auto& [slot, index] : registers_.held) {
      const Slot source{static_cast<Slot::Kind>(slot.first), static_cast<std::uint16_t>(slot.second)};
      if (is_uniform(source)) load(vector(index), source, false);
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

  /// Of the current vector. A uniform source's block holds its number in every place, so that its first vector will do.
  Xbyak::Address address(Slot slot) {
    if (slot.kind == Slot::kBuffer) {
      return ptr[buffers_ + element_ * 4 + static_cast<std::size_t>(slot.index * program_->block * 4)];
    }
    Xbyak::Reg64 base = pointer_;
    if (slot.index < pointers_.size()) {
      base = pointers_[slot.index];
    } else {
      mov(base, ptr[sources_ + 8 * std::size_t{slot.index}]);
    }
    return is_uniform(slot) ? ptr[base] : ptr[base + element_ * 4];
  }

  void load(const Vector& to, Slot slot, bool masked) {
    const Xbyak::Address from = address(slot);
    if (!masked || is_uniform(slot)) {
      vmovups(to, from);
    } else if (wide_) {
      vmovups(to | k1 | T_z, from);
    } else {
      read_mask(to);
      vmaskmovps(to, to, from);
    }
  }

  void store(const Vector& from, bool masked) {
    const Xbyak::Address to = ptr[output_ + element_ * 4];
    if (!masked) {
      vmovups(to, from);
    } else if (wide_) {
      vmovups(to | k1, from);
    } else {
      read_mask(vector(Registers::kMask));
      vmaskmovps(to, vector(Registers::kMask), from);
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

  void emit_body(bool masked) {
    loaded_.clear();
    for (const Instruction& instruction : program_->body) {
      Vector operands[3];
      for (int k = 0; k < instruction.count; ++k) operands[k] = read(instruction.operands[k], k, masked);
      const bool last = instruction.result.kind == Slot::kOutput;
      const Vector result = last ? scratch(0) : vector(Registers::kFirstHeld + instruction.result.index);
      emit(instruction.opcode, result, operands[0], operands[1], operands[2]);
      if (last) store(result, masked);
    }
  }

  Vector read(Slot slot, int k, bool masked) {
    if (slot.kind == Slot::kTemporary) return vector(Registers::kFirstHeld + slot.index);
    const auto held = registers_.held.find(Registers::key(slot));
    const Vector to = held == registers_.held.end() ? operand(k) : vector(held->second);
    const bool is_held = held != registers_.held.end();
    if (is_held && (is_uniform(slot) || !loaded_.insert(held->first).second)) return to;
    load(to, slot, masked);
    return to;
  }

  void compare(const Vector& a, const Xbyak::Operand& b, Predicate predicate) {
    if (wide_) {
      vcmpps(k2, a, b, predicate);
    } else {
      vcmpps(vector(Registers::kMask), a, b, predicate);
    }
  }

  /// yes where the last comparison holds.
  void choose(const Vector& to, const Xbyak::Operand& yes, const Vector& no) {
    if (wide_) {
      vblendmps(to | k2, no, yes);
    } else {
      vblendvps(to, no, yes, vector(Registers::kMask));
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
      case Opcode::kRelu: return emit_choice(to, a, zero(), kAtMost, zero(), a);
      case Opcode::kSelect: return emit_choice(to, a, zero(), kEqualTo, c, b);
      case Opcode::kMaximum: vmaxps(scratch(0), a, b); return emit_choice(to, a, a, kIsNan, a, scratch(0));
      case Opcode::kMinimum: vminps(scratch(0), a, b); return emit_choice(to, a, a, kIsNan, a, scratch(0));
      case Opcode::kSafeDiv:
        emit_choice(scratch(0), b, zero(), kEqualTo, constant(1e-7F), b);
        return vdivps(to, a, scratch(0));
      case Opcode::kStabilise:
        vaddps(scratch(0), a, b);
        vsubps(scratch(1), a, b);
        return emit_choice(to, a, zero(), kAtLeast, scratch(0), scratch(1));
      case Opcode::kSigmoid: return emit_sigmoid(to, a);
      default: throw Xbyak::Error(Xbyak::ERR_NOT_SUPPORTED);  // the sweep is interpreted
    }
  }

  void emit_choice(const Vector& to, const Vector& a, const Xbyak::Operand& b, Predicate predicate,
                   const Xbyak::Operand& yes, const Vector& no) {
    compare(a, b, predicate);
    choose(to, yes, no);
  }

  void emit_truth(const Vector& to, const Vector& a, const Vector& b, Predicate predicate) {
    emit_choice(to, a, b, predicate, constant(1.0F), zero());
  }

  /// A constant as first operand of an instruction, where only a register can stand.
  Vector in_register(float value, const Vector& otherwise) {
    const Xbyak::Operand& wanted = constant(value);
    if (!wanted.isMEM()) return vector(wanted.getIdx());
    vmovups(otherwise, wanted);
    return otherwise;
  }

  /// The operations of sigmoid() in sweep_run.cpp, which says what they are. Of AVX-512, minimum and maximum keep their
  /// second operand where it is a NaN, and so does the multiplication by 2^k.
  void emit_sigmoid(const Vector& to, const Vector& x) {
    const Vector bounded = scratch(0), k = scratch(1), power = operand(1), r = operand(2);
    vmaxps(bounded, in_register(Sigmoid::kLowest, power), x);
    vminps(bounded, in_register(Sigmoid::kHighest, power), bounded);
    vmovups(power, constant(-Sigmoid::kLog2e));
    vmovaps(k, bounded);
    vfmadd213ps(k, power, constant(Sigmoid::kWhole));
    if (!wide_) vpslld(vector(Registers::kMask), k, 23);
    vsubps(k, k, constant(Sigmoid::kWhole));
    vmovaps(r, bounded);
    vfmsub213ps(r, power, k);
    vfmadd231ps(r, bounded, constant(-Sigmoid::kLog2eRest));
    vmovups(power, constant(Sigmoid::kSeries[0]));
    for (std::size_t i = 1; i < std::size(Sigmoid::kSeries); ++i) vfmadd213ps(power, r, constant(Sigmoid::kSeries[i]));
    wide_ ? vscalefps(power, power, k) : vpaddd(power, power, vector(Registers::kMask));
    vaddps(power, power, constant(1.0F));
    wide_ ? vrcp14ps(r, power) : vrcpps(r, power);
    vfnmadd213ps(power, r, constant(1.0F));
    vfmadd213ps(power, r, r);
    if (wide_) return vmovaps(to, power);
    emit_choice(to, x, x, kIsNan, x, power);
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
  std::set<std::pair<int, int>> loaded_;
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
