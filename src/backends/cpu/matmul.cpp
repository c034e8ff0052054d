// Matrix products. Weights stay as they are (maybe a mapping of the model file), used by the forward and the transposed
// product alike: a few rows go to our streaming kernels, more rows to oneDNN's sgemm, which packs as it goes.
#include <dnnl.h>

#include <algorithm>
#include <limits>

#include "backends/cpu/families.h"
#include "backends/cpu/thin_matmul.h"
#include "base/threads.h"
#include "graph/op.h"
#include "graph/ops/ops.h"
#include "passes/passes.h"

namespace signxai::cpu {
namespace {

static_assert(kThinRows == passes::kFewRows);

struct MatmulPlan {
  std::int64_t rows, inner, columns;
  bool transpose_a, transpose_b, relu, bias;
  Weights weights;
  std::vector<std::int64_t> a_offsets, b_offsets;  ///< of each product, in elements

  std::int64_t batch() const { return static_cast<std::int64_t>(a_offsets.size()); }
  std::int64_t work() const { return rows * inner * columns; }
};

Weights weights_of(const std::string& how) {
  if (how == "positive") return Weights::kPositive;
  if (how == "negative") return Weights::kNegative;
  return how == "squared" ? Weights::kSquared : Weights::kPlain;
}

MatmulPlan plan_matmul(const Problem& problem) {
  const Shape &a = problem.inputs[0].shape, &b = problem.inputs[1].shape, &y = problem.node.type.shape;
  const graph::Attrs& attrs = problem.node.attrs;
  MatmulPlan plan{};
  plan.transpose_a = attrs.integer("transpose_a") != 0;
  plan.transpose_b = attrs.integer("transpose_b") != 0;
  plan.relu = attrs.text("activation") == "relu";
  plan.weights = weights_of(attrs.text("weights"));
  plan.bias = problem.inputs.size() > 2;
  plan.rows = y[y.size() - 2];
  plan.columns = y[y.size() - 1];
  plan.inner = a[a.size() - (plan.transpose_a ? 2 : 1)];
  Shape leading(y.begin(), y.end() - 2), of_a(a.begin(), a.end() - 2), of_b(b.begin(), b.end() - 2);
  if (element_count(of_b) == 1 && !plan.transpose_a && element_count(of_a) == element_count(leading)) {
    plan.rows *= element_count(leading);  // all rows of a meet the same b
    leading = of_a = of_b = {};
  }
  graph::for_each_broadcast(leading, of_a, of_b, [&](std::int64_t, std::int64_t i, std::int64_t j) {
    plan.a_offsets.push_back(i * plan.rows * plan.inner);
    plan.b_offsets.push_back(j * plan.inner * plan.columns);
  });
  return plan;
}

/// Multiplications, or floats streamed, that pay for waking a thread.
constexpr std::int64_t kMatmulGrain = 32'768;

/// Floats of a matrix that stay in a core's cache beside a few rows.
constexpr std::int64_t kCached = 32'768;

/// Multiplications of one product that are done before threads have woken up.
constexpr std::int64_t kSerial = 500'000;

class ThinMatmul : public Kernel {
 public:
  explicit ThinMatmul(const MatmulPlan& plan) : plan_(plan) {
    const std::int64_t most = plan_.inner * plan_.columns / kMatmulGrain;
    parts_ = std::clamp<std::int64_t>(std::min(most, plan_.inner / 64), 1, max_threads());
  }

  void run(const Buffers& buffers) const noexcept override {
    const float *a = buffers.inputs[0], *b = buffers.inputs[1], *bias = plan_.bias ? buffers.inputs[2] : nullptr;
    if (plan_.transpose_b) {
      run_transposed(a, b, bias, buffers.output);
    } else {
      const ThinShape shape{plan_.rows, plan_.inner, plan_.columns, plan_.weights};
      run_plain(shape, a, b, bias, buffers.output, reinterpret_cast<float*>(buffers.scratch));
    }
  }

  std::size_t scratch_bytes() const override {
    if (plan_.transpose_b || parts_ == 1) return 0;
    return static_cast<std::size_t>(parts_ * plan_.rows * plan_.columns) * sizeof(float);
  }

 private:
  /// Each part of b meets all rows before the next one is read. A result's roundings do not depend on its neighbours.
  void run_transposed(const float* a, const float* b, const float* bias, float* y) const {
    const std::int64_t grain = (kMatmulGrain / plan_.inner / 8 + 1) * 8;
    const std::int64_t step = plan_.rows <= kThinRows ? plan_.columns : (kCached / plan_.inner / 12 + 1) * 12;
    parallel_for(plan_.columns, grain, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t begin = first; begin < last; begin += step) {
        const std::int64_t end = std::min(begin + step, last);
        for (std::int64_t row = 0; row < plan_.rows; row += kThinRows) {
          const ThinShape shape{std::min(kThinRows, plan_.rows - row), plan_.inner, plan_.columns, plan_.weights};
          float* to = y + row * plan_.columns;
          multiply_transposed(shape, a + row * plan_.inner, b, begin, end, to);
          if (bias != nullptr || plan_.relu) finish_rows(shape, to, 1, bias, plan_.relu, begin, end, to);
        }
      }
    });
  }

  /// Threads share out the rows of b, each with sums of its own. How many there are was fixed when this was made.
  void run_plain(const ThinShape& shape, const float* a, const float* b, const float* bias, float* y,
                 float* sums) const {
    if (parts_ == 1) {
      multiply_slice(shape, a, b, 0, shape.inner, y);
      if (bias != nullptr || plan_.relu) finish_rows(shape, y, 1, bias, plan_.relu, 0, shape.columns, y);
      return;
    }
    parallel_for(parts_, 1, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t part = first; part < last; ++part) {
        const std::int64_t begin = shape.inner * part / parts_, end = shape.inner * (part + 1) / parts_;
        multiply_slice(shape, a, b, begin, end, sums + part * shape.rows * shape.columns);
      }
    });
    finish_rows(shape, sums, parts_, bias, plan_.relu, 0, shape.columns, y);
  }

  MatmulPlan plan_;
  std::int64_t parts_;
};

class GemmMatmul : public Kernel {
 public:
  explicit GemmMatmul(MatmulPlan plan) : plan_(std::move(plan)) {}

  void run(const Buffers& buffers) const noexcept override {
    const bool small = plan_.work() < kSerial;
    const bool share_out = small || plan_.batch() >= max_threads();  // else every product uses all threads
    const auto range = [&](std::int64_t begin, std::int64_t end) {
      const ThreadScope scope(small ? 1 : 0);
      for (std::int64_t i = begin; i < end; ++i) multiply(buffers, static_cast<std::size_t>(i));
    };
    if (share_out) {
      parallel_for(plan_.batch(), kSerial / plan_.work() + 1, range);
    } else {
      range(0, plan_.batch());
    }
    if (!plan_.bias && !plan_.relu) return;
    const float* bias = plan_.bias ? buffers.inputs[2] : nullptr;
    parallel_for(plan_.batch() * plan_.rows, kMatmulGrain / plan_.columns + 1,
                 [&](std::int64_t begin, std::int64_t end) {
                   float* y = buffers.output + begin * plan_.columns;
                   finish_rows({end - begin, 0, plan_.columns}, y, 1, bias, plan_.relu, 0, plan_.columns, y);
                 });
  }

 private:
  void multiply(const Buffers& buffers, std::size_t i) const {
    float* y = buffers.output + static_cast<std::int64_t>(i) * plan_.rows * plan_.columns;
    const dnnl_status_t status =
        dnnl_sgemm(plan_.transpose_a ? 'T' : 'N', plan_.transpose_b ? 'T' : 'N', plan_.rows, plan_.columns, plan_.inner,
                   1.0f, buffers.inputs[0] + plan_.a_offsets[i], plan_.transpose_a ? plan_.rows : plan_.inner,
                   buffers.inputs[1] + plan_.b_offsets[i], plan_.transpose_b ? plan_.inner : plan_.columns, 0.0f, y,
                   plan_.columns);
    // Out of memory inside oneDNN. There is no way to throw here; NaN cannot be taken for a result.
    if (status != dnnl_success) std::fill_n(y, plan_.rows * plan_.columns, std::numeric_limits<float>::quiet_NaN());
  }

  MatmulPlan plan_;
};

std::string reject_matmul(const Problem& problem) {
  for (const graph::Type& type : problem.inputs) {
    if (element_count(type.shape) == 0) return "an operand is empty";
  }
  return "";
}

std::string reject_gemm(const Problem& problem) {
  if (!problem.node.attrs.text("weights").empty()) return "the weights are transformed while they are read";
  return reject_matmul(problem);
}

std::string reject_thin(const Problem& problem) {
  if (std::string reason = reject_matmul(problem); !reason.empty()) return reason;
  const MatmulPlan plan = plan_matmul(problem);
  if (plan.batch() != 1) return "several right-hand matrices";
  if (plan.transpose_a) return "the left matrix is transposed";
  // sgemm would have to transpose the weights as it packs them.
  const std::int64_t most = plan.transpose_b ? passes::kManyRows : kThinRows;
  return plan.rows > most ? "more than " + std::to_string(most) + " rows" : "";
}

}  // namespace

std::vector<Implementation> matmuls() {
  const auto thin = [](const Problem& problem, PackedWeights&) -> std::unique_ptr<Kernel> {
    return std::make_unique<ThinMatmul>(plan_matmul(problem));
  };
  const auto gemm = [](const Problem& problem, PackedWeights&) -> std::unique_ptr<Kernel> {
    return std::make_unique<GemmMatmul>(plan_matmul(problem));
  };
  return {{"matmul", "streaming", reject_thin, thin}, {"matmul", "oneDNN sgemm", reject_gemm, gemm}};
}

}  // namespace signxai::cpu
