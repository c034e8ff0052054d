// Reductions over any axes, as one or more steps over the middle axis of [outer, reduced, inner]. How a step is cut
// into pieces depends on its shape alone, so that any number of threads gives the same bits.
#include "backends/cpu/reduce.h"

#include <algorithm>
#include <cmath>

#include "backends/cpu/families.h"
#include "base/alignment.h"
#include "base/threads.h"
#include "graph/op.h"

namespace signxai::cpu {
namespace {

/// Elements that one piece of work covers, about.
constexpr std::int64_t kPiece = 16'384;

struct Step {
  std::int64_t outer, reduced, inner;

  std::int64_t size() const { return outer * inner; }  ///< of the result
  /// Blocks of columns of one outer index.
  std::int64_t tiles() const { return (inner + kReduceColumns - 1) / kReduceColumns; }
  /// Into how many chunks of rows the reduced axis is cut; more than one where there are few other pieces.
  std::int64_t chunks() const {
    if (outer * tiles() >= 64) return 1;
    return (reduced + rows_per_chunk() - 1) / rows_per_chunk();
  }
  std::int64_t rows_per_chunk() const { return std::max<std::int64_t>(kPiece / inner, 1); }
  std::size_t partial_bytes() const {
    return chunks() > 1 ? static_cast<std::size_t>(size() * chunks()) * sizeof(double) : 0;
  }
};

/// The last reduced stretch of axes first, until none is left.
std::vector<Step> plan_steps(const Shape& shape, const graph::Ints& axes) {
  std::vector<std::pair<std::int64_t, bool>> stretches;  // extent, reduced; neighbours merged
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const bool reduced = std::find(axes.begin(), axes.end(), static_cast<std::int64_t>(i)) != axes.end();
    if (shape[i] == 1) continue;
    if (!stretches.empty() && stretches.back().second == reduced) {
      stretches.back().first *= shape[i];
    } else {
      stretches.push_back({shape[i], reduced});
    }
  }
  std::vector<Step> steps;
  for (std::size_t i = stretches.size(); i-- > 0;) {
    if (!stretches[i].second) continue;
    Step step{1, stretches[i].first, 1};
    for (std::size_t k = 0; k < i; ++k) step.outer *= stretches[k].first;
    for (std::size_t k = i + 1; k < stretches.size(); ++k) step.inner *= stretches[k].second ? 1 : stretches[k].first;
    steps.push_back(step);
  }
  if (steps.empty()) steps.push_back({element_count(shape), 1, 1});
  return steps;
}

Reduction reduction_of(const graph::Node& node) {
  return node.is("reduce_max") ? Reduction::kMaximum : node.is("reduce_min") ? Reduction::kMinimum : Reduction::kSum;
}

class ReduceKernel : public Kernel {
 public:
  explicit ReduceKernel(const Problem& problem)
      : reduction_(reduction_of(problem.node)),
        steps_(plan_steps(problem.inputs[0].shape, problem.node.attrs.ints("axes"))) {
    const auto elements = static_cast<double>(element_count(problem.inputs[0].shape));
    if (problem.node.is("reduce_mean")) divisor_ = elements / static_cast<double>(steps_.back().size());
    for (const Step& step : steps_) partial_bytes_ = std::max(partial_bytes_, step.partial_bytes());
    partial_bytes_ = base::aligned(partial_bytes_);
  }

  void run(const Buffers& buffers) const noexcept override {
    const float* x = buffers.inputs[0];
    auto* partial = reinterpret_cast<double*>(buffers.scratch);
    auto* temporary = reinterpret_cast<float*>(buffers.scratch + partial_bytes_);
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      const bool last = i + 1 == steps_.size();
      float* y = last ? buffers.output : temporary;
      run_step(steps_[i], x, partial, y, last ? divisor_ : 1.0);
      x = y;
      temporary += last ? 0 : steps_[i].size();
    }
  }

  std::size_t scratch_bytes() const override {
    std::size_t bytes = partial_bytes_;
    for (std::size_t i = 0; i + 1 < steps_.size(); ++i)
      bytes += static_cast<std::size_t>(steps_[i].size()) * sizeof(float);
    return bytes;
  }

 private:
  void run_step(const Step& step, const float* x, double* partial, float* y, double divisor) const {
    const std::int64_t chunks = step.chunks(), tiles = step.tiles();
    if (step.inner == 1 && chunks == 1) return run_rows(step, x, y, divisor);
    const std::int64_t pieces = step.outer * chunks * tiles;
    const std::int64_t grain = 2 * kPiece * pieces / (step.size() * step.reduced + 1) + 1;
    parallel_for(pieces, grain, [&](std::int64_t begin, std::int64_t end) {
      double totals[kReduceColumns];
      for (std::int64_t piece = begin; piece < end; ++piece) {
        const std::int64_t outer = piece / (chunks * tiles), chunk = piece / tiles % chunks;
        const std::int64_t column = piece % tiles * kReduceColumns;
        const std::int64_t count = std::min(kReduceColumns, step.inner - column);
        reduce_piece(step, x, outer, chunk, column, count, totals);
        if (chunks > 1) {
          std::copy_n(totals, count, partial + (outer * chunks + chunk) * step.inner + column);
        } else {
          for (std::int64_t c = 0; c < count; ++c)
            y[outer * step.inner + column + c] = static_cast<float>(totals[c] / divisor);
        }
      }
    });
    if (chunks > 1) join_chunks(step, partial, y, divisor);
  }

  void run_rows(const Step& step, const float* x, float* y, double divisor) const {
    parallel_for(step.outer, 2 * kPiece / step.reduced + 1, [&](std::int64_t begin, std::int64_t end) {
      double totals[kReduceColumns];
      for (std::int64_t row = begin; row < end; row += kReduceColumns) {
        const std::int64_t count = std::min(kReduceColumns, end - row);
        reduce_rows(reduction_, x + row * step.reduced, count, step.reduced, totals);
        for (std::int64_t r = 0; r < count; ++r) y[row + r] = static_cast<float>(totals[r] / divisor);
      }
    });
  }

  void reduce_piece(const Step& step, const float* x, std::int64_t outer, std::int64_t chunk, std::int64_t column,
                    std::int64_t count, double* totals) const {
    const std::int64_t per_chunk = step.chunks() > 1 ? step.rows_per_chunk() : step.reduced;
    const std::int64_t row = chunk * per_chunk, rows = std::min(per_chunk, step.reduced - row);
    const float* from = x + (outer * step.reduced + row) * step.inner + column;
    if (step.inner == 1) {
      reduce_rows(reduction_, from, 1, rows, totals);
    } else {
      reduce_columns(reduction_, from, rows, step.inner, count, totals);
    }
  }

  void join_chunks(const Step& step, const double* partial, float* y, double divisor) const {
    const std::int64_t chunks = step.chunks();
    for (std::int64_t i = 0; i < step.size(); ++i) {
      const double* of_chunk = partial + i / step.inner * chunks * step.inner + i % step.inner;
      double total = of_chunk[0];
      for (std::int64_t k = 1; k < chunks; ++k) total = reduce_pair(reduction_, total, of_chunk[k * step.inner]);
      y[i] = static_cast<float>(total / divisor);
    }
  }

  Reduction reduction_;
  std::vector<Step> steps_;
  double divisor_ = 1.0;
  std::size_t partial_bytes_ = 0;
};

/// First maximum along one axis; NaN wins over numbers.
class ArgmaxKernel : public Kernel {
 public:
  explicit ArgmaxKernel(const Problem& problem) : step_{1, 1, 1} {
    const Shape& shape = problem.inputs[0].shape;
    const auto axis = static_cast<std::size_t>(problem.node.attrs.integer("axis"));
    for (std::size_t i = 0; i < shape.size(); ++i) {
      (i < axis ? step_.outer : i == axis ? step_.reduced : step_.inner) *= shape[i];
    }
  }

  void run(const Buffers& buffers) const noexcept override {
    parallel_for(step_.size(), kPiece / step_.reduced + 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const float* x = buffers.inputs[0] + i / step_.inner * step_.reduced * step_.inner + i % step_.inner;
        std::int64_t best = 0;
        for (std::int64_t k = 1; k < step_.reduced; ++k) {
          const float value = x[k * step_.inner], most = x[best * step_.inner];
          if (value > most || (std::isnan(value) && !std::isnan(most))) best = k;
        }
        buffers.output[i] = static_cast<float>(best);
      }
    });
  }

 private:
  Step step_;
};

std::string reject_reduce(const Problem& problem) {
  return element_count(problem.inputs[0].shape) == 0 ? "empty input" : "";
}

template <typename KernelType>
std::unique_ptr<Kernel> make_reduce(const Problem& problem, PackedWeights&) {
  return std::make_unique<KernelType>(problem);
}

}  // namespace

std::vector<Implementation> reductions() {
  return {{"reduce_sum", "simd", reject_reduce, make_reduce<ReduceKernel>},
          {"reduce_mean", "simd", reject_reduce, make_reduce<ReduceKernel>},
          {"reduce_max", "simd", reject_reduce, make_reduce<ReduceKernel>},
          {"reduce_min", "simd", reject_reduce, make_reduce<ReduceKernel>},
          {"argmax", "plain", reject_reduce, make_reduce<ArgmaxKernel>}};
}

}  // namespace signxai::cpu
