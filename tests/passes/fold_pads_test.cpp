// Padding that convolutions take over, in text, and the same numbers on the reference backend.
#include <gtest/gtest.h>

#include "passes/rewriting.h"

namespace signxai::passes {
namespace {

TEST(FoldPads, LetsAConvolutionPad) {
  expect_rewrite(fold_pads, R"(
%x = input "x" : f32[2,6,5,3]
%w = const @kernel : f32[3,3,3,4]
%p = pad %x {pads=[0,0,0,1,2,1,0,0]} : f32[2,7,8,3]
%y = conv %p %w {dilations=[1,1], padding="same", strides=[2,2]} : f32[2,4,4,4]
output "y" %y
)",
                 R"(
%x = input "x" : f32[2,6,5,3]
%w = const @kernel : f32[3,3,3,4]
%y = conv %x %w {dilations=[1,1], padding="explicit", pads=[1,2,2,2], strides=[2,2]} : f32[2,4,4,4]
output "y" %y
)");
}

TEST(FoldPads, LeavesTheBorderOutOfAPullBack) {
  expect_rewrite(fold_pads, R"(
%x = input "x" : f32[2,6,5,3]
%r = input "r" : f32[2,3,3,4]
%c = input "c" : f32[3]
%w = const @kernel : f32[3,3,3,4]
%p = pad %x {pads=[0,0,0,1,1,1,0,0]} : f32[2,7,7,3]
%b = conv_backward_data %r %w {dilations=[1,1], input_spatial=[7,7], padding="valid", strides=[2,2]} : f32[2,7,7,3]
%s = mul %b %c
%m = mul %p %s
%y = slice %m {begin=[0,0,1,0], end=[2,6,6,3]} : f32[2,6,5,3]
output "y" %y
)",
                 R"(
%x = input "x" : f32[2,6,5,3]
%r = input "r" : f32[2,3,3,4]
%c = input "c" : f32[3]
%w = const @kernel : f32[3,3,3,4]
%b = conv_backward_data %r %w {dilations=[1,1], input_spatial=[6,5], padding="explicit", pads=[0,1,1,1], strides=[2,2]} : f32[2,6,5,3]
%s = mul %b %c
%m = mul %x %s
output "y" %m
)");
}

TEST(FoldPads, LeavesOtherGroundsOtherBordersAndSharedPullBacks) {
  const std::string text = R"(
%x = input "x" : f32[2,6,5,3]
%r = input "r" : f32[2,3,3,4]
%w = const @kernel : f32[3,3,3,4]
%p = pad %x {pads=[0,0,0,1,1,1,0,0], value=1} : f32[2,7,7,3]
%a = conv %p %w {dilations=[1,1], padding="valid", strides=[2,2]} : f32[2,3,3,4]
%q = pad %x {pads=[0,0,0,1,1,1,0,0]} : f32[2,7,7,3]
%b = conv_backward_data %r %w {dilations=[1,1], input_spatial=[7,7], padding="valid", strides=[2,2]} : f32[2,7,7,3]
%m = mul %q %b
%n = relu %m
%y = slice %m {begin=[0,0,1,0], end=[2,6,6,3]} : f32[2,6,5,3]
%z = slice %n {begin=[0,0,0,0], end=[2,6,5,3]} : f32[2,6,5,3]
output "a" %a
output "y" %y
output "z" %z
)";
  expect_rewrite(fold_pads, text, text);
}

}  // namespace
}  // namespace signxai::passes
