// Ops that move elements and compute nothing: each is one strided copy per input, in rows as long as they run on in
// both arrays, or in tiles where the two run along different axes.
#include <algorithm>
#include <cstring>

#include "backends/cpu/families.h"
#include "base/threads.h"
#include "graph/op.h"
#include "graph/ops/ops.h"
#include "graph/ops/slicing.h"

namespace signxai::cpu {
namespace {

constexpr std::int64_t kMovementGrain = 32'768;  ///< elements that pay for waking a thread
constexpr std::int64_t kTile = 16;

struct Axis {
  std::int64_t extent, from, to;  ///< steps in both arrays
};

/// Element at index i goes from `from` + sum of i * from-step to `to` + sum of i * to-step.
class Move {
 public:
  Move(const Shape& extents, std::int64_t from, const graph::Ints& from_strides, std::int64_t to,
       const graph::Ints& to_strides)
      : from_(from), to_(to) {
    for (std::size_t i = 0; i < extents.size(); ++i) {
      const Axis axis{extents[i], from_strides[i], to_strides[i]};
      if (axis.extent == 1) continue;
      Axis* last = outer_.empty() ? nullptr : &outer_.back();
      if (last != nullptr && last->from == axis.from * axis.extent && last->to == axis.to * axis.extent) {
        *last = {last->extent * axis.extent, axis.from, axis.to};
      } else {
        outer_.push_back(axis);
      }
    }
    if (!outer_.empty()) row_ = outer_.back(), outer_.pop_back();
    choose_tiles();
  }

  void run(const float* from, float* to) const {
    from += from_, to += to_;
    if (outer_.empty() && !tiled()) {
      parallel_for(row_.extent, kMovementGrain, [&](std::int64_t begin, std::int64_t end) {
        copy_row({end - begin, row_.from, row_.to}, from + begin * row_.from, to + begin * row_.to);
      });
      return;
    }
    std::int64_t rows = 1;
    for (const Axis& axis : outer_) rows *= axis.extent;
    const std::int64_t bands = (column_.extent + kTile - 1) / kTile;
    const std::int64_t grain = kMovementGrain / (row_.extent * std::min(kTile, column_.extent)) + 1;
    parallel_for(rows * bands, grain, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        std::int64_t f = 0, t = 0, rest = i / bands;
        for (std::size_t d = outer_.size(); d-- > 0; rest /= outer_[d].extent) {
          const std::int64_t index = rest % outer_[d].extent;
          f += index * outer_[d].from, t += index * outer_[d].to;
        }
        const std::int64_t first = i % bands * kTile, count = std::min(kTile, column_.extent - first);
        copy_band(count, from + f + first * column_.from, to + t + first * column_.to);
      }
    });
  }

 private:
  bool tiled() const { return column_.extent > 1; }

  /// Where rows jump in the source, an outer axis along which it runs on goes into tiles with them.
  void choose_tiles() {
    if (row_.from == 1 || row_.from == 0) return;
    const auto along = std::find_if(outer_.begin(), outer_.end(), [](const Axis& axis) { return axis.from == 1; });
    if (along == outer_.end()) return;
    column_ = *along;
    outer_.erase(along);
  }

  static void copy_row(const Axis& row, const float* from, float* to) {
    if (row.from == 1 && row.to == 1) {
      if (from != to) std::memcpy(to, from, static_cast<std::size_t>(row.extent) * sizeof(float));
    } else if (row.from == 0 && row.to == 1) {
      std::fill_n(to, row.extent, *from);
    } else {
      for (std::int64_t i = 0; i < row.extent; ++i) to[i * row.to] = from[i * row.from];
    }
  }

  void copy_band(std::int64_t count, const float* from, float* to) const {
    if (!tiled()) return copy_row(row_, from, to);
    for (std::int64_t i = 0; i < row_.extent; i += kTile) {
      const Axis piece{std::min(kTile, row_.extent - i), row_.from, row_.to};
      for (std::int64_t c = 0; c < count; ++c) {
        copy_row(piece, from + c * column_.from + i * row_.from, to + c * column_.to + i * row_.to);
      }
    }
  }

  std::int64_t from_, to_;
  std::vector<Axis> outer_;
  Axis row_{1, 1, 1};
  Axis column_{1, 0, 0};
};

/// One move per input, onto a ground of one value where the moves leave gaps.
class MoveKernel : public Kernel {
 public:
  std::vector<Move> moves;
  bool has_ground = false;
  float ground = 0;
  std::int64_t size = 0;
  bool aliases = false;

  void run(const Buffers& buffers) const noexcept override {
    if (has_ground) {
      parallel_for(size, kMovementGrain, [&](std::int64_t begin, std::int64_t end) {
        std::fill(buffers.output + begin, buffers.output + end, ground);
      });
    }
    for (std::size_t i = 0; i < moves.size(); ++i) moves[i].run(buffers.inputs[i], buffers.output);
  }
  bool in_place(std::size_t) const override { return aliases; }
};

using graph::Ints;
using graph::row_major_strides;

std::unique_ptr<Kernel> gather_from(const Problem& problem, std::int64_t start, const Ints& strides) {
  auto kernel = std::make_unique<MoveKernel>();
  const Shape& y = problem.node.type.shape;
  kernel->moves.emplace_back(y, start, strides, 0, row_major_strides(y));
  return kernel;
}

std::unique_ptr<Kernel> make_reshape(const Problem& problem, PackedWeights&) {
  auto kernel = std::make_unique<MoveKernel>();
  kernel->moves.emplace_back(Shape{element_count(problem.node.type.shape)}, 0, Ints{1}, 0, Ints{1});
  kernel->aliases = true;
  return kernel;
}

std::unique_ptr<Kernel> make_broadcast(const Problem& problem, PackedWeights&) {
  return gather_from(problem, 0, graph::broadcast_strides(problem.inputs[0].shape, problem.node.type.shape));
}

std::unique_ptr<Kernel> make_transpose(const Problem& problem, PackedWeights&) {
  const Ints own = row_major_strides(problem.inputs[0].shape);
  Ints strides;
  for (const std::int64_t axis : problem.node.attrs.ints("perm"))
    strides.push_back(own[static_cast<std::size_t>(axis)]);
  return gather_from(problem, 0, strides);
}

std::unique_ptr<Kernel> make_reverse(const Problem& problem, PackedWeights&) {
  Ints strides = row_major_strides(problem.inputs[0].shape);
  const auto axis = static_cast<std::size_t>(problem.node.attrs.integer("axis"));
  const std::int64_t last = (problem.inputs[0].shape[axis] - 1) * strides[axis];
  strides[axis] = -strides[axis];
  return gather_from(problem, last, strides);
}

std::unique_ptr<Kernel> make_slice(const Problem& problem, PackedWeights&) {
  Ints strides = row_major_strides(problem.inputs[0].shape);
  const auto axes = graph::slice_axes(problem.node.attrs, problem.inputs[0].shape);
  std::int64_t start = 0;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    start += axes[i].begin * strides[i];
    strides[i] *= axes[i].stride;
  }
  return gather_from(problem, start, strides);
}

std::unique_ptr<Kernel> make_concat(const Problem& problem, PackedWeights&) {
  auto kernel = std::make_unique<MoveKernel>();
  const auto axis = static_cast<std::size_t>(problem.node.attrs.integer("axis"));
  const Ints strides = row_major_strides(problem.node.type.shape);
  std::int64_t start = 0;
  for (const graph::Type& part : problem.inputs) {
    kernel->moves.emplace_back(part.shape, 0, row_major_strides(part.shape), start, strides);
    start += part.shape[axis] * strides[axis];
  }
  return kernel;
}

std::unique_ptr<Kernel> make_pad(const Problem& problem, PackedWeights&) {
  auto kernel = std::make_unique<MoveKernel>();
  const Ints &pads = problem.node.attrs.ints("pads"), strides = row_major_strides(problem.node.type.shape);
  std::int64_t start = 0;
  for (std::size_t i = 0; i < strides.size(); ++i) start += pads[2 * i] * strides[i];
  kernel->moves.emplace_back(problem.inputs[0].shape, 0, row_major_strides(problem.inputs[0].shape), start, strides);
  kernel->has_ground = true;
  kernel->ground = static_cast<float>(problem.node.attrs.number("value"));
  kernel->size = element_count(problem.node.type.shape);
  return kernel;
}

/// The index a float stands for, or -1 when it is none below `count`.
std::int64_t index_of(float value, std::int64_t count) {
  return value > -1.0f && value < static_cast<float>(count) ? static_cast<std::int64_t>(value) : -1;
}

class OneHot : public Kernel {
 public:
  OneHot(std::int64_t count, std::int64_t depth) : count_(count), depth_(depth) {}
  void run(const Buffers& buffers) const noexcept override {
    std::fill_n(buffers.output, count_ * depth_, 0.0f);
    for (std::int64_t i = 0; i < count_; ++i) {
      const std::int64_t k = index_of(buffers.inputs[0][i], depth_);
      if (k >= 0) buffers.output[i * depth_ + k] = 1.0f;
    }
  }

 private:
  std::int64_t count_, depth_;
};

class Gather : public Kernel {
 public:
  Gather(std::int64_t rows, std::int64_t width, std::int64_t count) : rows_(rows), width_(width), count_(count) {}
  void run(const Buffers& buffers) const noexcept override {
    parallel_for(count_, kMovementGrain / width_ + 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const std::int64_t row = index_of(buffers.inputs[1][i], rows_);
        float* to = buffers.output + i * width_;
        if (row < 0) {
          std::fill_n(to, width_, 0.0f);
        } else {
          std::copy_n(buffers.inputs[0] + row * width_, width_, to);
        }
      }
    });
  }

 private:
  std::int64_t rows_, width_, count_;
};

std::unique_ptr<Kernel> make_one_hot(const Problem& problem, PackedWeights&) {
  return std::make_unique<OneHot>(element_count(problem.inputs[0].shape), problem.node.attrs.integer("depth"));
}

std::unique_ptr<Kernel> make_gather(const Problem& problem, PackedWeights&) {
  const Shape& table = problem.inputs[0].shape;
  return std::make_unique<Gather>(table[0], element_count(table) / table[0], element_count(problem.inputs[1].shape));
}

std::string reject_movement(const Problem& problem) {
  for (const graph::Type& type : problem.inputs) {
    if (element_count(type.shape) == 0) return "an input is empty";
  }
  return "";
}

}  // namespace

std::vector<Implementation> movements() {
  return {{"reshape", "copy", reject_movement, make_reshape},
          {"broadcast", "copy", reject_movement, make_broadcast},
          {"transpose", "copy", reject_movement, make_transpose},
          {"reverse", "copy", reject_movement, make_reverse},
          {"slice", "copy", reject_movement, make_slice},
          {"concat", "copy", reject_movement, make_concat},
          {"pad", "copy", reject_movement, make_pad},
          {"one_hot", "plain", reject_movement, make_one_hot},
          {"gather", "plain", reject_movement, make_gather}};
}

}  // namespace signxai::cpu
