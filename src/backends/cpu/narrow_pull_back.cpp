// The kernel of backward data into few channels: when it applies, which columns go together, how weights are laid out.
#include "backends/cpu/narrow_pull_back.h"

#include <algorithm>
#include <numeric>

#include "backends/cpu/families.h"
#include "base/threads.h"

namespace signxai::cpu {
namespace {

/// Taps that serve the same columns together, in the order in which their cells lie: for one column, descending.
std::vector<std::int64_t> order_taps(const graph::WindowAxis& axis) {
  std::vector<std::int64_t> taps(static_cast<std::size_t>(axis.window)), places(taps.size());
  std::iota(taps.begin(), taps.end(), 0);
  const auto phase = [&axis](std::int64_t k) { return k * axis.dilation % axis.stride; };
  std::sort(taps.begin(), taps.end(),
            [&](auto a, auto b) { return phase(a) != phase(b) ? phase(a) < phase(b) : a > b; });
  for (std::size_t i = 0; i < taps.size(); ++i)
    places[static_cast<std::size_t>(taps[i])] = static_cast<std::int64_t>(i);
  return places;
}

std::vector<Segment> find_segments(const TapLists& lists, std::int64_t column,
                                   const std::vector<std::int64_t>& places) {
  std::vector<Segment> segments;
  for (const Tap* tap = lists.begin(column); tap != lists.end(column); ++tap) {
    const std::int64_t place = places[static_cast<std::size_t>(tap->tap)];
    Segment* last = segments.empty() ? nullptr : &segments.back();
    if (last != nullptr && tap->cell == last->cell + last->count && place == last->tap + last->count) {
      ++last->count;
    } else {
      segments.push_back({tap->cell, place, 1});
    }
  }
  return segments;
}

/// Whether list `other` is list `first` with all cells moved on by `shift`.
bool is_moved(const TapLists& lists, std::int64_t first, std::int64_t other, std::int64_t shift) {
  return std::equal(lists.begin(first), lists.end(first), lists.begin(other), lists.end(other),
                    [=](const Tap& a, const Tap& b) { return b.tap == a.tap && b.cell == a.cell + shift; });
}

std::vector<ColumnBlock> group_columns(const TapLists& lists, std::int64_t columns, std::int64_t stride,
                                       const std::vector<std::int64_t>& places) {
  std::vector<ColumnBlock> blocks;
  for (std::int64_t phase = 0; phase < std::min(stride, columns); ++phase) {
    for (std::int64_t first = phase; first < columns;) {
      bool together = first + (kNarrowColumns - 1) * stride < columns;
      for (std::int64_t p = 1; together && p < kNarrowColumns; ++p) {
        together = is_moved(lists, first, first + p * stride, p);
      }
      const std::int64_t count = together ? kNarrowColumns : 1;
      blocks.push_back({first, count, find_segments(lists, first, places)});
      first += count * stride;
    }
  }
  std::sort(blocks.begin(), blocks.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return blocks;
}

NarrowPlan plan_narrow(const ConvShape& shape) {
  NarrowPlan plan{plan_direct(shape, true), shape.axes.back().stride, order_taps(shape.axes.back()), {}};
  plan.blocks = group_columns(plan.direct.taps[2], plan.direct.to[2], plan.stride, plan.tap_order);
  return plan;
}

class NarrowPullBack : public Kernel {
 public:
  NarrowPullBack(const Problem& problem, PackedWeights& store) : plan_(plan_narrow(conv_shape(problem))) {
    if (problem.constants[1] == nullptr || problem.packs_in_scratch) return;
    const graph::Literal& weights = *problem.constants[1];
    std::string layout = "narrow";
    for (const std::int64_t place : plan_.tap_order) layout += " " + std::to_string(place);
    packed_ = store.get(weights, layout, bytes_of_weights(),
                        [&](std::byte* bytes) { pack_narrow(plan_, weights.data(), reinterpret_cast<float*>(bytes)); });
  }

  void run(const Buffers& buffers) const noexcept override {
    const float* weights = reinterpret_cast<const float*>(packed_ ? packed_.get() : buffers.scratch);
    if (!packed_) pack_narrow(plan_, buffers.inputs[1], reinterpret_cast<float*>(buffers.scratch));
    const std::int64_t grain = 400'000 / std::max<std::int64_t>(plan_.direct.row_work(), 1) + 1;
    parallel_for(plan_.direct.rows(), grain, [&](std::int64_t begin, std::int64_t end) {
      run_narrow(plan_, buffers.inputs[0], weights, buffers.output, begin, end);
    });
  }

  std::size_t scratch_bytes() const override { return packed_ ? 0 : bytes_of_weights(); }

 private:
  std::size_t bytes_of_weights() const { return static_cast<std::size_t>(plan_.weights_size()) * sizeof(float); }

  NarrowPlan plan_;
  backends::AlignedBytes packed_;
};

std::string reject_narrow_pull_back(const Problem& problem) {
  if (problem.inputs[1].rank() > 5) return "more than three spatial axes";
  const ConvShape shape = conv_shape(problem);
  if (shape.lowered) return "bfloat16";
  if (shape.groups != 1) return "has groups";
  if (shape.channels > kNarrowChannels) return "more than " + std::to_string(kNarrowChannels) + " channels";
  return shape.outputs < 8 ? "too few outputs to fill vectors" : "";
}

std::unique_ptr<Kernel> make_narrow_pull_back(const Problem& problem, PackedWeights& store) {
  return std::make_unique<NarrowPullBack>(problem, store);
}

}  // namespace

std::int64_t NarrowPlan::weights_size() const {
  return direct.windows[0] * direct.windows[1] * direct.windows[2] * direct.from_channels * direct.to_channels;
}

void pack_narrow(const NarrowPlan& plan, const float* weights, float* packed) {
  const DirectPlan& p = plan.direct;
  const std::int64_t outputs = p.from_channels, channels = p.to_channels, window = p.windows[2];
  for (std::int64_t line = 0; line < p.windows[0] * p.windows[1]; ++line) {
    for (std::int64_t k = 0; k < window; ++k) {
      for (std::int64_t c = 0; c < channels; ++c) {
        const std::int64_t place = plan.tap_order[static_cast<std::size_t>(k)];
        const float* from = weights + ((line * window + k) * channels + c) * outputs;
        std::copy_n(from, outputs, packed + ((line * channels + c) * window + place) * outputs);
      }
    }
  }
}

std::vector<Implementation> narrow_pull_backs() {
  return {{"conv_backward_data", "narrow", reject_narrow_pull_back, make_narrow_pull_back}};
}

}  // namespace signxai::cpu
