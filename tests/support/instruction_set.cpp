// SIGNXAI_TEST_ISA=avx2 runs the tests as on a machine without AVX-512: oneDNN and our kernels leave it alone.
#include <gtest/gtest.h>
#include <hwy/highway.h>

#include <cstdlib>
#include <dnnl.hpp>
#include <string_view>

namespace signxai {
namespace {

class InstructionSet : public testing::Environment {
 public:
  void SetUp() override {
    const char* wanted = std::getenv("SIGNXAI_TEST_ISA");
    if (wanted == nullptr || *wanted == '\0') return;
    ASSERT_EQ(std::string_view(wanted), "avx2") << "SIGNXAI_TEST_ISA knows no other";
    ASSERT_NE(hwy::SupportedTargets() & HWY_AVX2, 0) << "this machine has no AVX2";
    ASSERT_EQ(dnnl::set_max_cpu_isa(dnnl::cpu_isa::avx2), dnnl::status::success) << "oneDNN was used before";
    hwy::SetSupportedTargetsForTest(HWY_AVX2);
  }
};

const auto* const kInstructionSet = testing::AddGlobalTestEnvironment(new InstructionSet);

}  // namespace
}  // namespace signxai
