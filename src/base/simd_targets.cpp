// Which instruction sets Highway may choose from on this machine: the part of Highway that is not in its headers. On
// x86 it is here, because Highway's shared library measures the resolution of the clock whenever it is loaded, which
// takes longer than to compute the maps of a small network. Elsewhere the library is linked.
// Weak, so that programs with this library and Highway's own, both static, have Highway's.
#include <hwy/targets.h>

#if HWY_ARCH_X86
#include <atomic>

#include <cpuid.h>

namespace hwy {
namespace {

std::atomic<std::int64_t> mocked{0};  // by tests

bool has_f16c() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_F16C) != 0;
}

/// What Highway compiles a target for must be there, and registers that the system saves: the compiler's check asks for
/// both.
std::int64_t detect() {
  __builtin_cpu_init();
  std::int64_t targets = HWY_ENABLED_BASELINE;
  if (!__builtin_cpu_supports("sse4.2") || !__builtin_cpu_supports("pclmul") || !__builtin_cpu_supports("aes")) {
    return targets;
  }
  targets |= HWY_SSE4;
  const bool bits = __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
  if (!bits || !__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") || !has_f16c()) return targets;
  targets |= HWY_AVX2;
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd")) {
    targets |= HWY_AVX3;
  }
  return targets;
}

}  // namespace

[[gnu::weak]] std::int64_t SupportedTargets() {
  static const std::int64_t found = detect();
  const std::int64_t wanted = mocked;
  return wanted != 0 ? wanted : found;
}

[[gnu::weak]] void SetSupportedTargetsForTest(std::int64_t targets) { mocked = targets; }

[[gnu::weak]] ChosenTarget& GetChosenTarget() {
  static ChosenTarget chosen;
  return chosen;
}

}  // namespace hwy
#endif
