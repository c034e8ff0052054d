// Texts with relevance: sums, colours, runs of padding, and what does not fit.
#include <gtest/gtest.h>

#include "signxai/error.h"
#include "signxai/image.h"

namespace signxai {
namespace {

const std::vector<std::string> kWords = {"not", "so", "bad", "p", "p", "p", "p"};

/// (7, 2): the sums are 1, -2, 0.5 and four zeros.
Tensor relevance() { return Tensor({7, 2}, {0.5, 0.5, -1, -1, 0.75, -0.25, 0, 0, 0, 0, 0, 0, 0, 0}); }

TEST(Tokens, AreSummedAndColouredOnTheirScale) {
  const Tensor map = relevance();
  const std::vector<ShadedToken> tokens = shade_tokens(kWords, map);
  ASSERT_EQ(tokens.size(), 4U);
  EXPECT_EQ(tokens[0].relevance, 1);
  EXPECT_EQ(tokens[1].relevance, -2);
  EXPECT_EQ(tokens[2].relevance, 0.5F);
  EXPECT_EQ(tokens[1].color, colors(ColorMap::kSeismic).front());
  EXPECT_EQ(tokens[0].color, colors(ColorMap::kSeismic)[192]);
  EXPECT_EQ(tokens[3].color, colors(ColorMap::kSeismic)[128]);
}

TEST(Tokens, JoinPaddingWithoutRelevanceOnly) {
  Tensor map = relevance();
  EXPECT_EQ(shade_tokens(kWords, map).back().count, 4);
  map.data.back() = 0.1F;
  EXPECT_EQ(shade_tokens(kWords, map).size(), 7U);
}

TEST(Tokens, KeepTheStyle) {
  const Tensor map = relevance();
  MapStyle style(ColorMap::kViridis);
  style.aggregate = Aggregate::kMaxAbs;
  style.positive = true;
  const std::vector<ShadedToken> tokens = shade_tokens(kWords, map, style);
  EXPECT_EQ(tokens[1].relevance, 0);
  EXPECT_EQ(tokens[2].relevance, 0.75F);
  EXPECT_EQ(tokens[2].color, colors(ColorMap::kViridis).back());
}

TEST(Tokens, WrapIntoLinesAndMaps) {
  const Tensor map = relevance();
  const TokenPanel one{"review", "class 1", kWords, {{"lrp_z", "", map}}};
  const std::vector<std::string> many(400, "word");
  const Tensor flat({400}, std::vector<float>(400, 1));
  const TokenPanel longer{"review", "class 1", many, {{"lrp_z", "", flat}}};
  EXPECT_EQ(draw_tokens(one).width, draw_tokens(longer).width);
  EXPECT_GT(draw_tokens(longer).height, draw_tokens(one).height + 10 * 30);
  const TokenPanel two{"review", "class 1", kWords, {{"lrp_z", "", map}, {"gradient", "", map}}};
  EXPECT_GT(draw_tokens(two).height, draw_tokens(one).height + 30);
}

TEST(Tokens, BecomePagesThatNothingEscapesFrom) {
  const Tensor map({2}, {1, -1});
  const TokenPanel panel{"<review>", "", {"</span><script>", "a\"b&c\xff"}, {{"lrp_z", "", map}}};
  const std::string page = encode_picture(panel, ".html", {"t", R"({"a": "</script><b>"})"});
  EXPECT_NE(page.find("&lt;/span&gt;&lt;script&gt;"), std::string::npos);
  EXPECT_NE(page.find("a\"b&amp;c?"), std::string::npos);
  EXPECT_EQ(page.find("</script><b>"), std::string::npos);
  EXPECT_EQ(page.find("<review>"), std::string::npos);
}

TEST(Tokens, RefuseWhatDoesNotFit) {
  const Tensor map = relevance();
  EXPECT_THROW(shade_tokens({"one"}, map), Error);
  EXPECT_THROW(shade_tokens({}, TensorView{{0, 2}, nullptr}), Error);
  const Image image{1, 1, 1, {0}, {}};
  EXPECT_THROW(encode_picture(image, "html"), Error);
}

}  // namespace
}  // namespace signxai
