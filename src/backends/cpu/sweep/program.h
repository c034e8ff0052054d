// A sweep, or a single pointwise node, as a program: straight-line instructions on blocks of values that stay in the L1
// cache, so that a chain of operations costs one pass over memory. Immutable once compiled.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "backends/kernel.h"

namespace signxai::cpu {

class SweepCode;

enum class Opcode : std::uint8_t {
  kAbs,
  kErf,
  kExp,
  kExpm1,
  kLog,
  kLog1p,
  kNeg,
  kRelu,
  kSigmoid,
  kSqrt,
  kTanh,
  kAdd,
  kDiv,
  kEqual,
  kGreater,
  kGreaterEqual,
  kLess,
  kLessEqual,
  kMaximum,
  kMinimum,
  kMul,
  kSafeDiv,
  kSub,
  kSelect,
  kCopy,
  kStabilise,  ///< a + b where a >= 0, a - b elsewhere
};

/// Numbers of the sigmoid, which loops and machine code compute alike.
struct Sigmoid {
  static constexpr float kLowest = -88.37F, kHighest = 87.0F;
  static constexpr float kLog2e = 1.442695022F, kLog2eRest = 1.925963034e-08F;  ///< log2 e is their sum
  static constexpr float kWhole = 12582912.0F;                                  ///< 1.5 * 2^23
  /// 2^r for |r| <= 1/2 by interpolation of (2^r - 1) / r in Chebyshev's points; r^6 first.
  static constexpr float kSeries[] = {
      1.545316336e-04F, 1.339086331e-03F, 9.618083015e-03F, 5.550356954e-02F, 2.402265072e-01F, 6.931471825e-01F, 1.0F};
};

/// Where an instruction finds an operand or puts its result.
struct Slot {
  enum Kind : std::uint8_t {
    kSource,
    kBuffer,     ///< a block in memory: a result of `Program::once`
    kTemporary,  ///< of the body: a register, or a block in memory where there is no machine code
    kOutput,
  } kind = kBuffer;
  std::uint16_t index = 0;
};

struct Instruction {
  Opcode opcode;
  Slot result;
  Slot operands[3];
  int count = 1;  ///< of operands
};

/// An array that is read: an input of the node, or a constant of its region.
struct SourceArray {
  int input = -1;                   ///< of the node, or -1
  const float* constant = nullptr;  ///< where input < 0; the node's region keeps it alive
  bool operator==(const SourceArray&) const = default;
};

/// Part of the rows of an array, which lie `pitch` apart.
struct RowPart {
  int array = 0;
  std::int64_t begin, width, pitch;
};

/// Values that are read. `extents` are those of the result with axes merged where the array runs on; `strides` say how
/// the array moves along them (0: it repeats; the last is 0 or 1). Or rows that consist of parts of others'.
struct Source {
  enum Kind : std::uint8_t {
    kFull,       ///< element i of the result needs element i
    kInvariant,  ///< every block needs the same values: scalars and short vectors along the last axes
    kBlock,      ///< anything else: a block is gathered, or read in place where it is contiguous
  } kind = kFull;
  int array = -1;            ///< of the program; -1 where there are parts
  std::uint16_t buffer = 0;  ///< where its block goes, unless kFull
  std::vector<std::int64_t> extents, strides;
  std::vector<RowPart> parts;

  std::int64_t run_length() const { return extents.empty() ? 1 : extents.back(); }
  bool contiguous_runs() const { return !strides.empty() && strides.back() == 1; }
  /// One number for all elements.
  bool uniform() const { return kind == kInvariant && strides.size() == 1; }
};

struct Program {
  std::int64_t size = 0;   ///< elements of the result
  std::int64_t block = 0;  ///< elements computed at a time
  int buffers = 0;         ///< blocks that sources and `once` take
  int temporaries = 0;     ///< results of the body that live at once
  std::vector<SourceArray> arrays;
  std::vector<Source> sources;
  std::vector<Instruction> once;  ///< what depends on invariant sources only
  std::vector<Instruction> body;
  std::shared_ptr<const SweepCode> code;  ///< of the body; null: the body is interpreted
  bool heavy = false;                     ///< has transcendental functions: worth threads earlier
};

/// Floats of block memory a program may use; half of a small L1 cache, of which what streams through takes the rest.
inline constexpr std::int64_t kSweepBuffer = 4096;
/// Long enough to hide the cost of an instruction.
inline constexpr std::int64_t kLongestBlock = 1024;
/// Shortest block, and with it the limit on buffers.
inline constexpr std::int64_t kShortestBlock = 32;
/// Most arrays of a program.
inline constexpr int kMostArrays = 1024;

/// Why the node cannot be compiled; empty if it can.
std::string reject_sweep(const backends::Problem& problem);
/// Without machine code where `interpreted`, and where this processor or one of the functions has none.
Program compile_sweep(const backends::Problem& problem, bool interpreted = false);

/// Writes elements [begin, begin + count) of a source without parts, as the result's shape sees them. `arrays` are the
/// program's.
void gather(const Source& source, const float* const* arrays, std::int64_t begin, std::int64_t count, float* out);
/// Where those elements stand if they are contiguous in an array, else nullptr.
const float* in_place_block(const Source& source, const float* const* arrays, std::int64_t begin, std::int64_t count);

/// Computes elements [begin, end) of the result; begin is a multiple of the block. Dispatches on the instruction set.
void run_sweep(const Program& program, const float* const* arrays, float* output, std::int64_t begin, std::int64_t end);

}  // namespace signxai::cpu
