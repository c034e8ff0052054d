// The SIMD loops of Winograd's transforms.
#include "backends/cpu/winograd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backends/cpu/simd/winograd_run.cpp"
#include <hwy/foreach_target.h>
// Highway's header comes after foreach_target.h.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace signxai::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Lanes = hn::CappedTag<float, kWinogradChannels>;
using Vector = hn::Vec<Lanes>;

/// The transform of the input along one axis: four cells to four parts.
HWY_INLINE void split(const Vector (&x)[4], Vector (&parts)[4]) {
  parts[0] = hn::Sub(x[0], x[2]);
  parts[1] = hn::Add(x[1], x[2]);
  parts[2] = hn::Sub(x[2], x[1]);
  parts[3] = hn::Sub(x[1], x[3]);
}

/// The transform of the output along one axis: four parts to two cells.
HWY_INLINE void join(const Vector (&parts)[4], Vector (&y)[2]) {
  y[0] = hn::Add(hn::Add(parts[0], parts[1]), parts[2]);
  y[1] = hn::Sub(hn::Sub(parts[1], parts[2]), parts[3]);
}

/// Where a tile is: its sample and the first cell of its results.
struct Place {
  std::int64_t sample, row, column;

  Place(const WinogradPlan& plan, std::int64_t tile)
      : sample(tile / plan.tiles[1] / plan.tiles[0]),
        row(tile / plan.tiles[1] % plan.tiles[0] * 2),
        column(tile % plan.tiles[1] * 2) {}
};

void GatherTiles(const WinogradPlan& plan, const float* x, const float* zeros, std::int64_t first, std::int64_t count,
                 std::int64_t block, float* parts) {
  const Lanes d;
  const std::int64_t channels = plan.from_channels, part = block * channels;
  for (std::int64_t t = 0; t < count; ++t) {
    const Place place(plan, first + t);
    const float* cells[4][4];
    for (int i = 0; i < 4; ++i) {
      for (int j = 0; j < 4; ++j) {
        const std::int64_t row = place.row - plan.pad[0] + i, column = place.column - plan.pad[1] + j;
        const bool inside = row >= 0 && row < plan.from[0] && column >= 0 && column < plan.from[1];
        cells[i][j] = inside ? x + ((place.sample * plan.from[0] + row) * plan.from[1] + column) * channels : zeros;
      }
    }
    for (std::int64_t c = 0; c < channels; c += static_cast<std::int64_t>(hn::Lanes(d))) {
      Vector half[4][4];  // [column of cells][row of parts]
#pragma GCC unroll 4
      for (int j = 0; j < 4; ++j) {
        const Vector column[4] = {hn::LoadU(d, cells[0][j] + c), hn::LoadU(d, cells[1][j] + c),
                                  hn::LoadU(d, cells[2][j] + c), hn::LoadU(d, cells[3][j] + c)};
        split(column, half[j]);
      }
      float* to = parts + t * channels + c;
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i) {
        const Vector row[4] = {half[0][i], half[1][i], half[2][i], half[3][i]};
        Vector all[4];
        split(row, all);
#pragma GCC unroll 4
        for (int j = 0; j < 4; ++j) hn::StoreU(all[j], d, to + (4 * i + j) * part);
      }
    }
  }
}

void ScatterTiles(const WinogradPlan& plan, const float* parts, const float* bias, std::int64_t first,
                  std::int64_t count, std::int64_t block, float* y) {
  const Lanes d;
  const std::int64_t channels = plan.to_channels, part = block * channels;
  for (std::int64_t t = 0; t < count; ++t) {
    const Place place(plan, first + t);
    float* cell = y + ((place.sample * plan.to[0] + place.row) * plan.to[1] + place.column) * channels;
    const bool below = place.row + 1 < plan.to[0], beside = place.column + 1 < plan.to[1];
    for (std::int64_t c = 0; c < channels; c += static_cast<std::int64_t>(hn::Lanes(d))) {
      const float* from = parts + t * channels + c;
      Vector half[4][2];  // [column of parts][row of cells]
#pragma GCC unroll 4
      for (int j = 0; j < 4; ++j) {
        const Vector column[4] = {hn::LoadU(d, from + j * part), hn::LoadU(d, from + (4 + j) * part),
                                  hn::LoadU(d, from + (8 + j) * part), hn::LoadU(d, from + (12 + j) * part)};
        join(column, half[j]);
      }
#pragma GCC unroll 2
      for (int i = 0; i < 2; ++i) {
        const Vector row[4] = {half[0][i], half[1][i], half[2][i], half[3][i]};
        Vector cells[2];
        join(row, cells);
#pragma GCC unroll 2
        for (int j = 0; j < 2; ++j) {
          if (bias != nullptr) cells[j] = hn::Add(cells[j], hn::LoadU(d, bias + c));
          if (plan.relu) cells[j] = hn::Max(cells[j], hn::Zero(d));
          if ((i == 0 || below) && (j == 0 || beside)) {
            hn::StoreU(cells[j], d, cell + (i * plan.to[1] + j) * channels + c);
          }
        }
      }
    }
  }
}

/// What the three taps along an axis count in each part.
constexpr float kWeights[4][3] = {{1, 0, 0}, {0.5f, 0.5f, 0.5f}, {0.5f, -0.5f, 0.5f}, {0, 0, 1}};

void TransformWeights(const float* weights, std::int64_t size, bool turned, std::int64_t part, float* to) {
  const Lanes d;
  const auto& down = kWeights[part / 4];
  const auto& across = kWeights[part % 4];
  for (std::int64_t at = 0; at < size; at += static_cast<std::int64_t>(hn::Lanes(d))) {
    Vector sum = hn::Zero(d);
    for (std::int64_t tap = 0; tap < 9; ++tap) {
      const float factor = down[tap / 3] * across[tap % 3];
      if (factor == 0) continue;
      sum = hn::MulAdd(hn::Set(d, factor), hn::LoadU(d, weights + (turned ? 8 - tap : tap) * size + at), sum);
    }
    hn::StoreU(sum, d, to + at);
  }
}

}  // namespace signxai::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace signxai::cpu {
HWY_EXPORT(GatherTiles);
HWY_EXPORT(ScatterTiles);
HWY_EXPORT(TransformWeights);

void gather_tiles(const WinogradPlan& plan, const float* x, const float* zeros, std::int64_t first, std::int64_t count,
                  std::int64_t block, float* parts) {
  HWY_DYNAMIC_DISPATCH(GatherTiles)(plan, x, zeros, first, count, block, parts);
}

void scatter_tiles(const WinogradPlan& plan, const float* parts, const float* bias, std::int64_t first,
                   std::int64_t count, std::int64_t block, float* y) {
  HWY_DYNAMIC_DISPATCH(ScatterTiles)(plan, parts, bias, first, count, block, y);
}

void transform_weights(const float* weights, std::int64_t size, bool turned, std::int64_t part, float* to) {
  HWY_DYNAMIC_DISPATCH(TransformWeights)(weights, size, turned, part, to);
}

}  // namespace signxai::cpu
#endif
