// Window geometry: TensorFlow's numbers, and refusals.
#include "graph/window.h"

#include <gtest/gtest.h>

#include "signxai/error.h"
#include "support/window_case.h"

namespace signxai::graph {
namespace {

using test::WindowCase;

std::vector<WindowAxis> windows(const WindowCase& c) {
  Shape x{1}, w = c.window;
  x.insert(x.end(), c.extents.begin(), c.extents.end());
  x.push_back(1);
  w.insert(w.end(), {1, 1});
  return conv_windows("conv", c.conv_attrs(1), x, w);
}

std::string refusal(const WindowCase& c) {
  try {
    windows(c);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
    EXPECT_EQ(error.subject(), "conv");
    return error.message();
  }
  return {};
}

TEST(Window, SamePadsMoreBehind) {
  // ResNet's stem: 224 -> 112 with a window of 7 and pads 2+3; an even window of 2 at stride 1 pads 0+1.
  EXPECT_EQ(windows({{224}, {7}, {2}, {1}, {}, "same"})[0], (WindowAxis{224, 112, 7, 2, 1, 2, 3}));
  EXPECT_EQ(windows({{5}, {2}, {1}, {1}, {}, "same"})[0], (WindowAxis{5, 5, 2, 1, 1, 0, 1}));
  EXPECT_EQ(windows({{5}, {3}, {2}, {1}, {}, "same"})[0], (WindowAxis{5, 3, 3, 2, 1, 1, 1}));
  EXPECT_EQ(windows({{6}, {3}, {2}, {1}, {}, "same"})[0], (WindowAxis{6, 3, 3, 2, 1, 0, 1}));
  EXPECT_EQ(windows({{7}, {3}, {1}, {2}, {}, "same"})[0], (WindowAxis{7, 7, 3, 1, 2, 2, 2}));
}

TEST(Window, SameNeverPadsWhenStridesSkip) {
  EXPECT_EQ(windows({{5}, {1}, {3}, {1}, {}, "same"})[0], (WindowAxis{5, 2, 1, 3, 1, 0, 0}));
}

TEST(Window, ValidDropsTheRest) {
  EXPECT_EQ(windows({{224}, {7}, {2}, {1}, {}, "valid"})[0], (WindowAxis{224, 109, 7, 2, 1, 0, 0}));
  EXPECT_EQ(windows({{5}, {3}, {1}, {2}, {}, "valid"})[0], (WindowAxis{5, 1, 3, 1, 2, 0, 0}));
}

TEST(Window, ExplicitPads) {
  const auto axes = windows({{4, 5}, {3, 3}, {1, 2}, {2, 1}, {4, 0, 1, 1}, "explicit"});  // first axis: causal
  EXPECT_EQ(axes[0], (WindowAxis{4, 4, 3, 1, 2, 4, 0}));
  EXPECT_EQ(axes[1], (WindowAxis{5, 3, 3, 2, 1, 1, 1}));
}

TEST(Window, AgreesWithTensorFlowsDocumentation) {
  std::mt19937 random(1);
  for (int i = 0; i < 600; ++i) {
    const WindowCase c = test::random_window(1 + i % 3, i % 2 ? "same" : "explicit", i % 5 != 0, random);
    const auto axes = windows(c);
    for (std::size_t d = 0; d < axes.size(); ++d) {
      SCOPED_TRACE(c.text());
      EXPECT_EQ(axes[d].out, c.out(d));
      EXPECT_EQ(axes[d].pad_lo, c.pad_before(d));
      EXPECT_EQ(axes[d].pad_lo + axes[d].pad_hi,
                c.padding == "same" ? c.same_total(d) : c.pads[2 * d] + c.pads[2 * d + 1]);
    }
  }
}

TEST(Window, OpenExtentsStayOpen) {
  const auto axes = windows({{kOpen, 8}, {3, 3}, {2, 2}, {1, 1}, {}, "same"});
  EXPECT_EQ(axes[0].out, kOpen);
  EXPECT_EQ(axes[1].out, 4);
}

TEST(Window, RefusesWhatDoesNotFit) {
  EXPECT_NE(refusal({{2}, {3}, {1}, {1}, {}, "valid"}).find("does not fit"), std::string::npos);
  EXPECT_NE(refusal({{4}, {3}, {1}, {2}, {}, "valid"}).find("expected at least 5"), std::string::npos);
  EXPECT_NE(refusal({{0}, {1}, {1}, {1}, {}, "same"}).find("spatial extents"), std::string::npos);
  EXPECT_NE(refusal({{-2}, {1}, {1}, {1}, {}, "same"}).find("spatial extents"), std::string::npos);
}

TEST(Window, RefusesBadAttributes) {
  EXPECT_NE(refusal({{4}, {3}, {0}, {1}, {}, "valid"}).find("strides"), std::string::npos);
  EXPECT_NE(refusal({{4}, {3}, {1}, {-1}, {}, "valid"}).find("dilations"), std::string::npos);
  EXPECT_NE(refusal({{4}, {3}, {1, 1}, {1}, {}, "valid"}).find("strides"), std::string::npos);
  EXPECT_NE(refusal({{4}, {3}, {1}, {}, {}, "valid"}).find("dilations"), std::string::npos);
  EXPECT_NE(refusal({{4}, {0}, {1}, {1}, {}, "valid"}).find("window"), std::string::npos);
  EXPECT_NE(refusal({{4}, {3}, {1}, {1}, {}, "full"}).find("'full'"), std::string::npos);
  EXPECT_NE(refusal({{4}, {3}, {1}, {1}, {1}, "explicit"}).find("pads"), std::string::npos);
  EXPECT_NE(refusal({{4}, {3}, {1}, {1}, {-1, 1}, "explicit"}).find("pads"), std::string::npos);
  EXPECT_NE(refusal({{4}, {3}, {1}, {1}, {1, 1}, "same"}).find("pads"), std::string::npos);
}

TEST(Window, RefusesAbsurdNumbersBeforeTheyOverflow) {
  const std::int64_t huge = std::int64_t{1} << 62;
  EXPECT_FALSE(refusal({{huge}, {3}, {1}, {1}, {}, "same"}).empty());
  EXPECT_FALSE(refusal({{4}, {huge}, {1}, {1}, {}, "same"}).empty());
  EXPECT_FALSE(refusal({{4}, {3}, {huge}, {1}, {}, "same"}).empty());
  EXPECT_FALSE(refusal({{4}, {3}, {1}, {huge}, {}, "same"}).empty());
  EXPECT_FALSE(refusal({{4}, {3}, {1}, {1}, {huge, huge}, "explicit"}).empty());
}

TEST(Window, WalksTapsInRowMajorOrderWithoutPadding) {
  const auto axes = windows({{2, 2}, {2, 2}, {1, 1}, {1, 1}, {}, "same"});
  std::vector<Ints> seen;
  for_each_tap(axes, [&](auto out, auto in, auto tap) { seen.push_back({out, in, tap}); });
  const std::vector<Ints> expected = {{0, 0, 0}, {0, 1, 1}, {0, 2, 2}, {0, 3, 3}, {1, 1, 0},
                                      {1, 3, 2}, {2, 2, 0}, {2, 3, 1}, {3, 3, 0}};
  EXPECT_EQ(seen, expected);
}

}  // namespace
}  // namespace signxai::graph
