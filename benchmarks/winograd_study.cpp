// Is Winograd worth having? 3 x 3 convolutions of VGG16, F(2x2) and F(4x4) (Lavin and Gray 2016), beside oneDNN's
// direct kernels: seconds and the largest error, of the largest value, against double precision. Every thread
// transforms blocks of tiles, multiplies them by oneDNN's sgemm, and transforms back, so that a block stays in its
// cache.
//   winograd_study [REPEATS]
#include <dnnl.h>
#include <omp.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <dnnl.hpp>
#include <random>
#include <vector>

namespace {

using Floats = std::vector<float>;

struct Layer {
  std::int64_t side, in, out;
};

/// The matrices of F(m x m, 3 x 3): input, kernel and output transforms.
template <int m>
struct Transform;

template <>
struct Transform<2> {
  static constexpr float kInput[4][4] = {{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, 1, 0, -1}};
  static constexpr float kKernel[4][3] = {{1, 0, 0}, {0.5f, 0.5f, 0.5f}, {0.5f, -0.5f, 0.5f}, {0, 0, 1}};
  static constexpr float kOutput[2][4] = {{1, 1, 1, 0}, {0, 1, -1, -1}};
};

template <>
struct Transform<4> {
  static constexpr float kInput[6][6] = {{4, 0, -5, 0, 1, 0},  {0, -4, -4, 1, 1, 0}, {0, 4, -4, -1, 1, 0},
                                         {0, -2, -1, 2, 1, 0}, {0, 2, -1, -2, 1, 0}, {0, 4, 0, -5, 0, 1}};
  static constexpr float kKernel[6][3] = {{1.0f / 4, 0, 0},
                                          {-1.0f / 6, -1.0f / 6, -1.0f / 6},
                                          {-1.0f / 6, 1.0f / 6, -1.0f / 6},
                                          {1.0f / 24, 1.0f / 12, 1.0f / 6},
                                          {1.0f / 24, -1.0f / 12, 1.0f / 6},
                                          {0, 0, 1}};
  static constexpr float kOutput[4][6] = {
      {1, 1, 1, 1, 1, 0}, {0, 1, -1, 2, -2, 0}, {0, 1, 1, 4, 4, 0}, {0, 1, -1, 8, -8, 1}};
};

constexpr int kLanes = 16;  // channels that are transformed side by side

/// to[r][s] = sum over a, b of left[r][a] left[s][b] from[a][b], for kLanes channels.
template <int rows, int columns>
__attribute__((always_inline)) inline void sandwich(const float (&left)[rows][columns],
                                                    const float (&from)[columns][columns][kLanes],
                                                    float (&to)[rows][rows][kLanes]) {
  float half[rows][columns][kLanes] = {};
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r) {
#pragma GCC unroll 8
    for (int a = 0; a < columns; ++a) {
      if (left[r][a] == 0) continue;
#pragma GCC unroll 8
      for (int b = 0; b < columns; ++b) {
#pragma omp simd
        for (int c = 0; c < kLanes; ++c) half[r][b][c] += left[r][a] * from[a][b][c];
      }
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r) {
#pragma GCC unroll 8
    for (int s = 0; s < rows; ++s) {
      float sum[kLanes] = {};
#pragma GCC unroll 8
      for (int b = 0; b < columns; ++b) {
        if (left[s][b] == 0) continue;
#pragma omp simd
        for (int c = 0; c < kLanes; ++c) sum[c] += left[s][b] * half[r][b][c];
      }
#pragma omp simd
      for (int c = 0; c < kLanes; ++c) to[r][s][c] = sum[c];
    }
  }
}

template <int m>
class Winograd {
 public:
  static constexpr int kTile = m + 2, kParts = kTile * kTile;

  Winograd(const Layer& layer, const Floats& kernel) : l_(layer), across_((layer.side + m - 1) / m) {
    const std::int64_t bytes = kParts * (l_.in + l_.out) * static_cast<std::int64_t>(sizeof(float));
    block_ = std::clamp<std::int64_t>((std::int64_t{3} << 18) / bytes, 8, 96);
    kernel_.resize(static_cast<std::size_t>(kParts * l_.in * l_.out));
    for (std::int64_t i = 0; i < l_.in * l_.out; ++i) {
      for (int r = 0; r < kTile; ++r) {
        for (int s = 0; s < kTile; ++s) {
          double sum = 0;
          for (int a = 0; a < 3; ++a) {
            for (int b = 0; b < 3; ++b) {
              sum += static_cast<double>(Transform<m>::kKernel[r][a]) * Transform<m>::kKernel[s][b] *
                     kernel[static_cast<std::size_t>((a * 3 + b) * l_.in * l_.out + i)];
            }
          }
          kernel_[static_cast<std::size_t>((r * kTile + s) * l_.in * l_.out + i)] = static_cast<float>(sum);
        }
      }
    }
  }

  void run(const float* x, float* y) const {
    const std::int64_t tiles = across_ * across_, blocks = (tiles + block_ - 1) / block_;
#pragma omp parallel
    {
      Floats v(static_cast<std::size_t>(kParts * block_ * l_.in)),
          p(static_cast<std::size_t>(kParts * block_ * l_.out));
#pragma omp for schedule(dynamic)
      for (std::int64_t b = 0; b < blocks; ++b) {
        const std::int64_t first = b * block_, count = std::min(block_, tiles - first);
        for (std::int64_t t = 0; t < count; ++t) gather(x, first + t, t, count, v.data());
        for (std::int64_t part = 0; part < kParts; ++part) {
          dnnl_sgemm('N', 'N', count, l_.out, l_.in, 1.0f, v.data() + part * count * l_.in, l_.in,
                     kernel_.data() + part * l_.in * l_.out, l_.out, 0.0f, p.data() + part * count * l_.out, l_.out);
        }
        for (std::int64_t t = 0; t < count; ++t) scatter(p.data(), first + t, t, count, y);
      }
    }
  }

 private:
  void gather(const float* x, std::int64_t tile, std::int64_t t, std::int64_t count, float* v) const {
    const std::int64_t top = tile / across_ * m - 1, left = tile % across_ * m - 1;
    for (std::int64_t c = 0; c < l_.in; c += kLanes) {
      float from[kTile][kTile][kLanes], to[kTile][kTile][kLanes];
      for (int a = 0; a < kTile; ++a) {
        for (int b = 0; b < kTile; ++b) {
          const std::int64_t row = top + a, column = left + b;
          const bool inside = row >= 0 && row < l_.side && column >= 0 && column < l_.side;
          const float* at = x + (row * l_.side + column) * l_.in + c;
          for (int k = 0; k < kLanes; ++k) from[a][b][k] = inside ? at[k] : 0.0f;
        }
      }
      sandwich(Transform<m>::kInput, from, to);
      for (int part = 0; part < kParts; ++part) {
        std::copy_n(to[part / kTile][part % kTile], kLanes, v + (part * count + t) * l_.in + c);
      }
    }
  }

  void scatter(const float* p, std::int64_t tile, std::int64_t t, std::int64_t count, float* y) const {
    const std::int64_t top = tile / across_ * m, left = tile % across_ * m;
    for (std::int64_t c = 0; c < l_.out; c += kLanes) {
      float from[kTile][kTile][kLanes], to[m][m][kLanes];
      for (int part = 0; part < kParts; ++part) {
        std::copy_n(p + (part * count + t) * l_.out + c, kLanes, from[part / kTile][part % kTile]);
      }
      sandwich(Transform<m>::kOutput, from, to);
      for (int a = 0; a < m && top + a < l_.side; ++a) {
        for (int b = 0; b < m && left + b < l_.side; ++b) {
          std::copy_n(to[a][b], kLanes, y + ((top + a) * l_.side + left + b) * l_.out + c);
        }
      }
    }
  }

  Layer l_;
  std::int64_t across_, block_;
  Floats kernel_;
};

class Direct {
 public:
  Direct(const Layer& l, const Floats& kernel) : engine_(dnnl::engine::kind::cpu, 0), stream_(engine_) {
    using dnnl::memory;
    const auto f32 = memory::data_type::f32;
    const memory::desc x({1, l.in, l.side, l.side}, f32, memory::format_tag::nhwc),
        y({1, l.out, l.side, l.side}, f32, memory::format_tag::nhwc),
        any({l.out, l.in, 3, 3}, f32, memory::format_tag::any);
    const dnnl::convolution_forward::primitive_desc descriptor(engine_, dnnl::prop_kind::forward_inference,
                                                               dnnl::algorithm::convolution_direct, x, any, y, {1, 1},
                                                               {1, 1}, {1, 1});
    memory given({{l.out, l.in, 3, 3}, f32, memory::format_tag::hwio}, engine_, const_cast<float*>(kernel.data()));
    packed_ = memory(descriptor.weights_desc(), engine_);
    dnnl::reorder(given, packed_).execute(stream_, given, packed_);
    x_ = memory(x, engine_, nullptr), y_ = memory(y, engine_, nullptr);
    primitive_ = dnnl::convolution_forward(descriptor);
  }

  void run(const float* x, float* y) {
    x_.set_data_handle(const_cast<float*>(x)), y_.set_data_handle(y);
    primitive_.execute(stream_, {{DNNL_ARG_SRC, x_}, {DNNL_ARG_WEIGHTS, packed_}, {DNNL_ARG_DST, y_}});
    stream_.wait();
  }

 private:
  dnnl::engine engine_;
  dnnl::stream stream_;
  dnnl::memory packed_, x_, y_;
  dnnl::primitive primitive_;
};

/// Every 37th output in double precision.
double error(const Layer& l, const Floats& x, const Floats& kernel, const Floats& y) {
  double worst = 0, largest = 0;
  for (std::int64_t at = 0; at < l.side * l.side * l.out; at += 37) {
    const std::int64_t row = at / l.out / l.side, column = at / l.out % l.side, o = at % l.out;
    double sum = 0;
    for (std::int64_t a = 0; a < 9; ++a) {
      const std::int64_t r = row + a / 3 - 1, c = column + a % 3 - 1;
      if (r < 0 || r >= l.side || c < 0 || c >= l.side) continue;
      for (std::int64_t i = 0; i < l.in; ++i) {
        sum += static_cast<double>(x[static_cast<std::size_t>((r * l.side + c) * l.in + i)]) *
               kernel[static_cast<std::size_t>((a * l.in + i) * l.out + o)];
      }
    }
    worst = std::max(worst, std::fabs(sum - y[static_cast<std::size_t>(at)]));
    largest = std::max(largest, std::fabs(sum));
  }
  return worst / largest;
}

struct Found {
  std::vector<double> seconds;
  double error = 0;
  double median() {
    return std::nth_element(seconds.begin(), seconds.begin() + seconds.size() / 2, seconds.end()),
           seconds[seconds.size() / 2];
  }
};

template <typename Method>
void time_once(Method& method, const Floats& x, Floats& y, Found& found) {
  const auto start = std::chrono::steady_clock::now();
  method.run(x.data(), y.data());
  found.seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
}

void study(const Layer& l, int repeats) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  Floats x(static_cast<std::size_t>(l.side * l.side * l.in)), kernel(static_cast<std::size_t>(9 * l.in * l.out));
  for (float& v : x) v = std::max(0.0f, normal(random));
  for (float& v : kernel) v = normal(random) * std::sqrt(2.0f / static_cast<float>(9 * l.in));
  Floats y(static_cast<std::size_t>(l.side * l.side * l.out));
  Direct direct(l, kernel);
  Winograd<2> two(l, kernel);
  Winograd<4> four(l, kernel);
  Found found[3];
  for (int i = 0; i < repeats; ++i) {  // in turn, so that a slow moment meets all
    time_once(direct, x, y, found[0]);
    if (i == 0) found[0].error = error(l, x, kernel, y);
    time_once(two, x, y, found[1]);
    if (i == 0) found[1].error = error(l, x, kernel, y);
    time_once(four, x, y, found[2]);
    if (i == 0) found[2].error = error(l, x, kernel, y);
  }
  const double base = found[0].median();
  std::printf("| %3ld x %3ld x %3ld | %.2f ms, %.1e | %.2f x, %.1e | %.2f x, %.1e |\n", static_cast<long>(l.side),
              static_cast<long>(l.side), static_cast<long>(l.in), base * 1e3, found[0].error, base / found[1].median(),
              found[1].error, base / found[2].median(), found[2].error);
}

}  // namespace

int main(int argc, char** argv) {
  const int repeats = argc > 1 ? std::max(1, std::atoi(argv[1])) : 15;
  std::printf("| layer | direct, error | F(2x2): faster, error | F(4x4): faster, error |\n|---|---|---|---|\n");
  for (const Layer& layer : {Layer{224, 64, 64}, {112, 128, 128}, {56, 256, 256}, {28, 512, 512}, {14, 512, 512}}) {
    study(layer, repeats);
  }
}
