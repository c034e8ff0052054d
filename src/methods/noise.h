// NumPy's legacy random numbers (MT19937 with an integer seed), which the reference draws from: the same seed gives the
// same numbers. Not safe for concurrent use.
#pragma once

#include <optional>
#include <random>

namespace signxai::methods {

class LegacyRandom {
 public:
  explicit LegacyRandom(std::uint32_t seed) : bits_(seed) {}

  /// Uniform in [0, 1), with 53 bits.
  double uniform() {
    const double high = bits_() >> 5, low = bits_() >> 6;
    return (high * 67108864.0 + low) / 9007199254740992.0;
  }

  /// Standard normal, by the polar method, which yields numbers in pairs.
  double normal();

 private:
  std::mt19937 bits_;
  std::optional<double> kept_;
};

}  // namespace signxai::methods
