// Executes sweep programs: one SIMD loop per opcode, compiled for every instruction set and chosen at run time.
#include "backends/cpu/sweep/code.h"
#include "backends/cpu/sweep/program.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backends/cpu/simd/sweep_run.cpp"
#include <hwy/foreach_target.h>
// Highway's headers come after foreach_target.h.
#include <hwy/cache_control.h>
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cmath>
#include <limits>

HWY_BEFORE_NAMESPACE();
namespace signxai::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

HWY_INLINE V zero() { return hn::Zero(D()); }
HWY_INLINE V number(float value) { return hn::Set(D(), value); }
template <class Mask>
HWY_INLINE V truth(Mask mask) {
  return hn::IfThenElseZero(mask, number(1.0f));
}
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// Highway's functions are specified for finite arguments in range; these extend them to all floats.
/// Rounded once, from double precision: one unit in the last place decides near-ties of saturated activations.
HWY_INLINE V exp_of_bounded(V x) {
#if HWY_TARGET == HWY_SCALAR
  return hn::Exp(D(), x);
#else
  const hn::Half<D> half;
  const hn::Repartition<double, D> wide;
  const auto low = hn::Exp(wide, hn::PromoteTo(wide, hn::LowerHalf(half, x)));
  const auto high = hn::Exp(wide, hn::PromoteTo(wide, hn::UpperHalf(half, x)));
  return hn::Combine(D(), hn::DemoteTo(half, high), hn::DemoteTo(half, low));
#endif
}
HWY_INLINE V exp(V x) {
  const V y = exp_of_bounded(hn::Min(x, number(104.0f)));
  return hn::IfThenElse(hn::IsNaN(x), x, y);
}
HWY_INLINE V expm1(V x) {
  const V y = hn::Expm1(D(), hn::Min(hn::Max(x, number(-100.0f)), number(104.0f)));
  return hn::IfThenElse(hn::IsNaN(x), x, y);
}
HWY_INLINE V log_edges(V x, V edge, V y) {  // y, but right at and below the pole, at infinity and for NaN
  y = hn::IfThenElse(hn::Eq(edge, zero()), number(-kInfinity), y);
  y = hn::IfThenElse(hn::Lt(edge, zero()), number(kNan), y);
  return hn::IfThenElse(hn::Or(hn::Eq(x, number(kInfinity)), hn::IsNaN(x)), x, y);
}
HWY_INLINE V log(V x) { return log_edges(x, x, hn::Log(D(), x)); }
HWY_INLINE V log1p(V x) { return log_edges(x, hn::Add(x, number(1.0f)), hn::Log1p(D(), x)); }
HWY_INLINE V tanh(V x) { return hn::IfThenElse(hn::IsNaN(x), x, hn::Tanh(D(), x)); }
/// 1 / x for x >= 1, or 0: Newton's step doubles the places of the processor's estimate, which has 12 or 14.
HWY_INLINE V reciprocal(V x) {
#if HWY_TARGET == HWY_SCALAR
  return hn::Div(number(1.0f), x);
#else
  const V estimate = hn::ApproximateReciprocal(x);
  return hn::MulAdd(estimate, hn::NegMulAdd(x, estimate, number(1.0f)), estimate);
#endif
}
/// 1 / (1 + 2^t) with t = -x log2 e. Adding a number without binary places rounds t to k and leaves k in the lowest
/// bits, from where it goes into the exponent of 2^k; 2^r is a series, r = t - k, with log2 e in two parts. The sum
/// rounds away more than the series errs by. At the ends 2^k is the least or the largest power of 2 that is a normal
/// number.
HWY_INLINE V sigmoid(V x) {
  const D d;
  const hn::RebindToSigned<D> bits;
  const V bounded = hn::Min(hn::Max(x, number(Sigmoid::kLowest)), number(Sigmoid::kHighest));
  const V slope = number(-Sigmoid::kLog2e), whole = number(Sigmoid::kWhole);
  const V shifted = hn::MulAdd(bounded, slope, whole), k = hn::Sub(shifted, whole);
  const V r = hn::MulAdd(bounded, number(-Sigmoid::kLog2eRest), hn::MulSub(bounded, slope, k));
  V power = number(Sigmoid::kSeries[0]);
  for (std::size_t i = 1; i < std::size(Sigmoid::kSeries); ++i)
    power = hn::MulAdd(power, r, number(Sigmoid::kSeries[i]));
  const auto exponent = hn::ShiftLeft<23>(hn::BitCast(bits, shifted));
  const V scale = hn::BitCast(d, hn::Add(exponent, hn::BitCast(bits, number(1.0f))));
  return hn::IfThenElse(hn::IsNaN(x), x, reciprocal(hn::MulAdd(power, scale, number(1.0f))));
}
HWY_INLINE V erf(V x) {
  HWY_ALIGN float lanes[hn::MaxLanes(D())];
  hn::Store(x, D(), lanes);
  for (std::size_t i = 0; i < hn::Lanes(D()); ++i) lanes[i] = std::erf(lanes[i]);
  return hn::Load(D(), lanes);
}

template <Opcode opcode>
HWY_INLINE V unary(V x) {
  if constexpr (opcode == Opcode::kAbs) return hn::Abs(x);
  if constexpr (opcode == Opcode::kErf) return erf(x);
  if constexpr (opcode == Opcode::kExp) return exp(x);
  if constexpr (opcode == Opcode::kExpm1) return expm1(x);
  if constexpr (opcode == Opcode::kLog) return log(x);
  if constexpr (opcode == Opcode::kLog1p) return log1p(x);
  if constexpr (opcode == Opcode::kNeg) return hn::Neg(x);
  if constexpr (opcode == Opcode::kRelu) return hn::IfThenElse(hn::Le(x, zero()), zero(), x);  // NaN stays
  if constexpr (opcode == Opcode::kSigmoid) return sigmoid(x);
  if constexpr (opcode == Opcode::kSqrt) return hn::Sqrt(x);
  if constexpr (opcode == Opcode::kTanh) return tanh(x);
  if constexpr (opcode == Opcode::kCopy) return x;
}

template <Opcode opcode>
HWY_INLINE V binary(V a, V b) {
  if constexpr (opcode == Opcode::kAdd) return hn::Add(a, b);
  if constexpr (opcode == Opcode::kDiv) return hn::Div(a, b);
  if constexpr (opcode == Opcode::kEqual) return truth(hn::Eq(a, b));
  if constexpr (opcode == Opcode::kGreater) return truth(hn::Gt(a, b));
  if constexpr (opcode == Opcode::kGreaterEqual) return truth(hn::Ge(a, b));
  if constexpr (opcode == Opcode::kLess) return truth(hn::Lt(a, b));
  if constexpr (opcode == Opcode::kLessEqual) return truth(hn::Le(a, b));
  if constexpr (opcode == Opcode::kMaximum) return hn::IfThenElse(hn::Or(hn::Gt(a, b), hn::IsNaN(a)), a, b);
  if constexpr (opcode == Opcode::kMinimum) return hn::IfThenElse(hn::Or(hn::Lt(a, b), hn::IsNaN(a)), a, b);
  if constexpr (opcode == Opcode::kMul) return hn::Mul(a, b);
  if constexpr (opcode == Opcode::kSafeDiv) {
    return hn::Div(a, hn::IfThenElse(hn::Eq(b, zero()), number(1e-7f), b));
  }
  if constexpr (opcode == Opcode::kSub) return hn::Sub(a, b);
}

template <Opcode opcode>
HWY_INLINE V apply(V a, V b, V c) {
  if constexpr (opcode == Opcode::kSelect) {
    return hn::IfThenElse(hn::Eq(a, zero()), c, b);
  } else if constexpr (opcode == Opcode::kStabilise) {
    return hn::Add(a, hn::IfThenElse(hn::Ge(a, zero()), b, hn::Neg(b)));
  } else if constexpr (opcode >= Opcode::kAdd && opcode <= Opcode::kSub) {
    return binary<opcode>(a, b);
  } else {
    return unary<opcode>(a);
  }
}

/// The operands an opcode does not have point at its first one.
template <Opcode opcode>
void loop(const float* a, const float* b, const float* c, float* out, std::int64_t n) {
  const D d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    hn::StoreU(apply<opcode>(hn::LoadU(d, a + i), hn::LoadU(d, b + i), hn::LoadU(d, c + i)), d, out + i);
  }
  if (i == n) return;
  HWY_ALIGN float rest[3][hn::MaxLanes(D())] = {};
  std::copy(a + i, a + n, rest[0]);
  std::copy(b + i, b + n, rest[1]);
  std::copy(c + i, c + n, rest[2]);
  hn::Store(apply<opcode>(hn::Load(d, rest[0]), hn::Load(d, rest[1]), hn::Load(d, rest[2])), d, rest[0]);
  std::copy_n(rest[0], n - i, out + i);
}

using Loop = void (*)(const float*, const float*, const float*, float*, std::int64_t);

template <std::size_t... opcode>
Loop loop_of(Opcode wanted, std::index_sequence<opcode...>) {
  static constexpr Loop kLoops[] = {loop<static_cast<Opcode>(opcode)>...};
  return kLoops[static_cast<std::size_t>(wanted)];
}

/// Of rows that are put together; parts lie in too many places for the processor to guess what is next.
constexpr std::int64_t kRowsAhead = 4;
constexpr std::int64_t kCacheLine = 16;  // floats

HWY_INLINE void copy(const float* from, std::int64_t n, float* to) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  if (n < lanes) {
    std::copy_n(from, n, to);
    return;
  }
  for (std::int64_t i = 0; i + lanes <= n; i += lanes) hn::StoreU(hn::LoadU(d, from + i), d, to + i);
  hn::StoreU(hn::LoadU(d, from + n - lanes), d, to + n - lanes);
}

/// Elements [begin, begin + count) of rows that consist of parts.
void gather_rows(const Source& source, const float* const* arrays, std::int64_t begin, std::int64_t count, float* out) {
  const std::int64_t length = source.run_length();
  std::int64_t row = begin / length, within = begin % length;
  for (; count > 0; ++row, within = 0) {
    for (const RowPart& part : source.parts) {
      const std::int64_t skipped = std::min(within, part.width), n = std::min(part.width - skipped, count);
      const float* from = arrays[part.array] + row * part.pitch + part.begin + skipped;
      for (std::int64_t i = 0; i < n; i += kCacheLine) hwy::Prefetch(from + kRowsAhead * part.pitch + i);
      copy(from, n, out);
      within -= skipped;
      out += n, count -= n;
    }
  }
}

struct Blocks {
  const Program& program;
  const float* const* arrays;
  const float** block;  // per source: its elements of the current block
  float* scratch;
  float* output;

  float* buffer(int index) const { return scratch + index * program.block; }
  /// Temporaries come after the buffers.
  float* place(Slot slot) const { return buffer(slot.index + (slot.kind == Slot::kTemporary ? program.buffers : 0)); }
  const float* read(Slot slot) const { return slot.kind == Slot::kSource ? block[slot.index] : place(slot); }
  float* write(Slot slot, std::int64_t begin) const {
    return slot.kind == Slot::kOutput ? output + begin : place(slot);
  }

  void execute(const std::vector<Instruction>& instructions, std::int64_t begin, std::int64_t count) const {
    for (const Instruction& i : instructions) {
      const float* a = read(i.operands[0]);
      const float* b = i.count > 1 ? read(i.operands[1]) : a;
      const float* c = i.count > 2 ? read(i.operands[2]) : a;
      const auto opcodes = std::make_index_sequence<static_cast<std::size_t>(Opcode::kStabilise) + 1>();
      loop_of(i.opcode, opcodes)(a, b, c, write(i.result, begin), count);
    }
  }

  void locate(std::int64_t begin, std::int64_t count) const {
    for (std::size_t s = 0; s < program.sources.size(); ++s) {
      const Source& source = program.sources[s];
      if (source.kind == Source::kFull) block[s] = arrays[source.array] + begin;
      if (source.kind != Source::kBlock) continue;
      block[s] = in_place_block(source, arrays, begin, count);
      if (block[s] != nullptr) continue;
      float* to = buffer(source.buffer);
      source.parts.empty() ? gather(source, arrays, begin, count, to) : gather_rows(source, arrays, begin, count, to);
      block[s] = to;
    }
  }
};

void RunSweep(const Program& program, const float* const* arrays, float* output, std::int64_t begin, std::int64_t end) {
  alignas(64) float scratch[kSweepBuffer];
  const float* block[kSweepBuffer / kShortestBlock];
  const Blocks blocks{program, arrays, block, scratch, output};
  const std::int64_t length = std::min(program.block, program.size);
  for (std::size_t s = 0; s < program.sources.size(); ++s) {
    const Source& source = program.sources[s];
    if (source.kind != Source::kInvariant) continue;
    gather(source, arrays, 0, length, blocks.buffer(source.buffer));
    block[s] = blocks.buffer(source.buffer);
  }
  blocks.execute(program.once, 0, length);
  for (; begin < end; begin += program.block) {
    const std::int64_t count = std::min(program.block, end - begin);
    blocks.locate(begin, count);
    if (program.code) {
      program.code->run(block, scratch, output + begin, count);
    } else {
      blocks.execute(program.body, begin, count);
    }
  }
}

}  // namespace signxai::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace signxai::cpu {
HWY_EXPORT(RunSweep);

void run_sweep(const Program& program, const float* const* arrays, float* output, std::int64_t begin,
               std::int64_t end) {
  HWY_DYNAMIC_DISPATCH(RunSweep)(program, arrays, output, begin, end);
}

}  // namespace signxai::cpu
#endif
