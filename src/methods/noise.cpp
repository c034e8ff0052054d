// Normal numbers of the legacy generator.
#include "methods/noise.h"

#include <cmath>

#include "base/threads.h"

namespace signxai::methods {

void LegacyRandom::normals(std::span<double> numbers) {
  if (numbers.empty()) return;
  if (kept_) {
    numbers.front() = *kept_;
    kept_.reset();
    numbers = numbers.subspan(1);
  }
  // Only what decides how many bits are drawn is done one after the other.
  drawn_.resize((numbers.size() + 1) / 2);
  for (Drawn& pair : drawn_) {
    do {
      pair.a = 2 * uniform() - 1;
      pair.b = 2 * uniform() - 1;
      pair.square = pair.a * pair.a + pair.b * pair.b;
    } while (pair.square >= 1 || pair.square == 0);
  }
  const auto factor = [](const Drawn& pair) { return std::sqrt(-2 * std::log(pair.square) / pair.square); };
  constexpr std::int64_t kGrain = 1024;
  parallel_for(static_cast<std::int64_t>(numbers.size() / 2), kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
      const double scale = factor(drawn_[i]);
      numbers[2 * i] = scale * drawn_[i].b;
      numbers[2 * i + 1] = scale * drawn_[i].a;
    }
  });
  if (numbers.size() % 2 == 1) {
    const double scale = factor(drawn_.back());
    numbers.back() = scale * drawn_.back().b;
    kept_ = scale * drawn_.back().a;
  }
}

}  // namespace signxai::methods
