// The instruction sets that are found are those that oneDNN finds.
#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <cstdlib>
#include <dnnl.hpp>
#include <set>

namespace signxai {
namespace {

TEST(SimdTargets, AreThoseThatOneDnnFinds) {
  if (std::getenv("ONEDNN_MAX_CPU_ISA") != nullptr || std::getenv("SIGNXAI_TEST_ISA") != nullptr) {
    GTEST_SKIP() << "oneDNN was told to find less";
  }
  using dnnl::cpu_isa;
  const std::set<cpu_isa> avx2 = {cpu_isa::avx2, cpu_isa::avx2_vnni, cpu_isa::avx2_vnni_2};
  const std::set<cpu_isa> less = {cpu_isa::sse41, cpu_isa::avx};
  const cpu_isa isa = dnnl::get_effective_cpu_isa();
  const std::int64_t found = hwy::SupportedTargets();
  EXPECT_EQ((found & HWY_AVX3) != 0, !avx2.contains(isa) && !less.contains(isa));
  EXPECT_EQ((found & HWY_AVX2) != 0, !less.contains(isa));
  EXPECT_NE(found & HWY_STATIC_TARGET, 0);
}

TEST(SimdTargets, AreTheMockedOnesInTests) {
  const std::int64_t found = hwy::SupportedTargets();
  hwy::SetSupportedTargetsForTest(HWY_STATIC_TARGET);
  EXPECT_EQ(hwy::SupportedTargets(), HWY_STATIC_TARGET);
  hwy::SetSupportedTargetsForTest(std::getenv("SIGNXAI_TEST_ISA") != nullptr ? found : 0);
  EXPECT_EQ(hwy::SupportedTargets(), found);
}

}  // namespace
}  // namespace signxai
