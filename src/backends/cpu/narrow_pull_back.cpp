// The kernel of backward data into few channels: when it applies, and which columns go together.
#include "backends/cpu/narrow_pull_back.h"

#include <algorithm>

#include "backends/cpu/families.h"
#include "base/threads.h"

namespace signxai::cpu {
namespace {

/// Whether list `other` is list `first` with all cells moved on by `shift`.
bool is_moved(const TapLists& lists, std::int64_t first, std::int64_t other, std::int64_t shift) {
  return std::equal(lists.begin(first), lists.end(first), lists.begin(other), lists.end(other),
                    [=](const Tap& a, const Tap& b) { return b.tap == a.tap && b.cell == a.cell + shift; });
}

std::vector<ColumnBlock> group_columns(const TapLists& lists, std::int64_t columns, std::int64_t stride) {
  std::vector<ColumnBlock> blocks;
  for (std::int64_t phase = 0; phase < std::min(stride, columns); ++phase) {
    for (std::int64_t first = phase; first < columns;) {
      bool together = first + (kNarrowColumns - 1) * stride < columns;
      for (std::int64_t p = 1; together && p < kNarrowColumns; ++p) {
        together = is_moved(lists, first, first + p * stride, p);
      }
      const std::int64_t count = together ? kNarrowColumns : 1;
      blocks.push_back({first, count});
      first += count * stride;
    }
  }
  std::sort(blocks.begin(), blocks.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return blocks;
}

class NarrowPullBack : public Kernel {
 public:
  explicit NarrowPullBack(const ConvShape& shape)
      : plan_{plan_direct(shape, true), shape.axes.back().stride, {}} {
    plan_.blocks = group_columns(plan_.direct.taps[2], plan_.direct.to[2], plan_.stride);
  }

  void run(const Buffers& buffers) const noexcept override {
    const std::int64_t grain = 200'000 / std::max<std::int64_t>(plan_.direct.row_work(), 1) + 1;
    parallel_for(plan_.direct.rows(), grain, [&](std::int64_t begin, std::int64_t end) {
      run_narrow(plan_, buffers.inputs[0], buffers.inputs[1], buffers.output, begin, end);
    });
  }

 private:
  NarrowPlan plan_;
};

std::string reject(const Problem& problem) {
  if (problem.inputs[1].rank() > 5) return "more than three spatial axes";
  const ConvShape shape = conv_shape(problem);
  if (shape.groups != 1) return "has groups";
  if (shape.channels > kNarrowChannels) return "more than " + std::to_string(kNarrowChannels) + " channels";
  return shape.outputs < 8 ? "too few outputs to fill vectors" : "";
}

std::unique_ptr<Kernel> make(const Problem& problem, PackedWeights&) {
  return std::make_unique<NarrowPullBack>(conv_shape(problem));
}

}  // namespace

std::vector<Implementation> narrow_pull_backs() { return {{"conv_backward_data", "narrow", reject, make}}; }

}  // namespace signxai::cpu
