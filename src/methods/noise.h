// NumPy's legacy random numbers (MT19937 with an integer seed), which the reference draws from: the same seed gives the
// same numbers. Not safe for concurrent use.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <vector>

namespace signxai::methods {

class LegacyRandom {
 public:
  explicit LegacyRandom(std::uint32_t seed) : bits_(seed) {}

  /// Uniform in [0, 1), with 53 bits.
  double uniform() {
    const double high = bits_() >> 5, low = bits_() >> 6;
    return (high * 67108864.0 + low) / 9007199254740992.0;
  }

  /// The next standard normal numbers, by the polar method, which yields them in pairs.
  void normals(std::span<double> numbers);

 private:
  struct Drawn {
    double a, b, square;
  };

  // std::mt19937 keeps its words in 64 bits here, which takes twice as long.
  std::mersenne_twister_engine<std::uint32_t, 32, 624, 397, 31, 0x9908b0df, 11, 0xffffffff, 7, 0x9d2c5680, 15,
                               0xefc60000, 18, 1812433253>
      bits_;
  std::vector<Drawn> drawn_;
  std::optional<double> kept_;
};

}  // namespace signxai::methods
