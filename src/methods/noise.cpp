// Normal numbers of the legacy generator.
#include "methods/noise.h"

#include <cmath>

namespace signxai::methods {

double LegacyRandom::normal() {
  if (kept_) {
    const double value = *kept_;
    kept_.reset();
    return value;
  }
  for (;;) {
    const double a = 2 * uniform() - 1, b = 2 * uniform() - 1, square = a * a + b * b;
    if (square >= 1 || square == 0) continue;
    const double factor = std::sqrt(-2 * std::log(square) / square);
    kept_ = factor * a;
    return factor * b;
  }
}

}  // namespace signxai::methods
