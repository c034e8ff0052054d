// Convolutions of 3 x 3 windows by Winograd's algorithm F(2 x 2, 3 x 3) (Lavin and Gray 2016), both ways: a tile of
// 4 x 4 cells becomes 16 parts, each part of all tiles is multiplied by its part of the weights, and the products
// become 2 x 2 results. 16 multiplications where the direct sum has 36; roundings differ, and zeros need not stay zero.
#pragma once

#include "backends/cpu/geometry.h"

namespace signxai::cpu {

constexpr std::int64_t kWinogradParts = 16;
constexpr std::int64_t kWinogradChannels = 16;  ///< channels on both sides are multiples of it

/// y[cell] = sum over taps of x[tap's cell] times the tap's matrix. Forward, x and y are those of the convolution;
/// backward they have changed places and the window is turned round.
struct WinogradPlan {
  std::int64_t batch;
  std::int64_t from[2], to[2], pad[2];
  std::int64_t from_channels, to_channels;
  std::int64_t tiles[2];  ///< down and across, of a sample
  bool relu;

  std::int64_t all_tiles() const { return batch * tiles[0] * tiles[1]; }
};

WinogradPlan plan_winograd(const ConvShape& shape, bool backward);

/// parts[part][t][channel] of tiles first + t, t < count, where a part has room for `block` tiles. `zeros` are
/// from_channels of them. These three dispatch on the instruction set.
void gather_tiles(const WinogradPlan& plan, const float* x, const float* zeros, std::int64_t first, std::int64_t count,
                  std::int64_t block, float* parts);
/// The results of those tiles, from their parts. `bias` may be null.
void scatter_tiles(const WinogradPlan& plan, const float* parts, const float* bias, std::int64_t first,
                   std::int64_t count, std::int64_t block, float* y);
/// One part of `size` weights, which lie as [3][3][size]; `turned` turns the window round.
void transform_weights(const float* weights, std::int64_t size, bool turned, std::int64_t part, float* to);

}  // namespace signxai::cpu
