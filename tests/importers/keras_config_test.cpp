// Typed access to configurations: right values, and errors that name layer and key.
#include "importers/keras/config.h"

#include "importers/keras_fixture.h"

namespace signxai::keras {
namespace {

const Json kObject = Json::parse(R"({
  "flag": true, "bit": 1, "number": 2.5, "whole": 3.0, "text": "same", "null": null, "list": [3, 5], "one": 4,
  "tuple": {"class_name": "__tuple__", "items": [7, 8]}, "shape": [null, 28, 1], "pairs": [[1, 2], [3, 4]], "two": [1, 2],
  "zero": 0, "negative": -1, "huge": 18446744073709551615, "large": 2147483648, "words": ["a", "b"]
})");

Config config() { return Config(kObject, "conv (Conv2D)"); }

void expect_wrong(const std::string& key, const std::function<void(const Config&)>& get) {
  expect_error(ErrorCode::kCorruptFile, {"conv (Conv2D)", "'" + key + "'"}, [&] { get(config()); });
}

TEST(KerasConfig, Values) {
  const Config c = config();
  EXPECT_TRUE(c.flag("flag", false));
  EXPECT_TRUE(c.flag("bit", false));
  EXPECT_TRUE(c.flag("missing", true));
  EXPECT_EQ(c.number("number"), 2.5);
  EXPECT_EQ(c.number("null", 9.0), 9.0);
  EXPECT_EQ(c.integer("whole"), 3);
  EXPECT_EQ(c.text("text"), "same");
  EXPECT_EQ(c.choice("missing", {"valid", "same"}, "valid"), "valid");
  EXPECT_EQ(c.integers("tuple"), (graph::Ints{7, 8}));
  EXPECT_EQ(c.integers("one"), (graph::Ints{4}));
  EXPECT_EQ(c.window("list", 2), (graph::Ints{3, 5}));
  EXPECT_EQ(c.window("one", 2), (graph::Ints{4, 4}));
  EXPECT_EQ(c.window("null", 3, 1), (graph::Ints{1, 1, 1}));
  EXPECT_EQ(c.open_shape("shape"), (Shape{graph::kOpen, 28, 1}));
  EXPECT_EQ(c.pairs("one", 2), (graph::Ints{4, 4, 4, 4}));
  EXPECT_EQ(c.pairs("two", 2), (graph::Ints{1, 1, 2, 2}));
  EXPECT_EQ(c.pairs("two", 1), (graph::Ints{1, 2}));
  EXPECT_EQ(c.pairs("pairs", 2), (graph::Ints{1, 2, 3, 4}));
  EXPECT_FALSE(c.has("null"));
}

TEST(KerasConfig, WrongTypesNameLayerAndKey) {
  expect_wrong("text", [](const Config& c) { c.number("text"); });
  expect_wrong("text", [](const Config& c) { c.flag("text", false); });
  expect_wrong("number", [](const Config& c) { c.integer("number"); });
  expect_wrong("number", [](const Config& c) { c.text("number"); });
  expect_wrong("text", [](const Config& c) { c.choice("text", {"valid", "causal"}, "valid"); });
  expect_wrong("missing", [](const Config& c) { c.positive("missing"); });
  expect_wrong("words", [](const Config& c) { c.integers("words"); });
  expect_wrong("words", [](const Config& c) { c.numbers("words"); });
  expect_wrong("list", [](const Config& c) { c.window("list", 3); });
  expect_wrong("one", [](const Config& c) { c.open_shape("one"); });
  expect_wrong("pairs", [](const Config& c) { c.pairs("pairs", 3); });
}

TEST(KerasConfig, AbsurdNumbers) {
  for (const char* key : {"zero", "negative", "huge", "large"}) {
    expect_wrong(key, [&](const Config& c) { c.positive(key); });
  }
  expect_wrong("huge", [](const Config& c) { c.integer("huge"); });
}

TEST(KerasConfig, ParsingHasLimits) {
  EXPECT_EQ(parse_json("[1, 2]", "x").size(), 2u);
  expect_error(ErrorCode::kCorruptFile, {"x.json", "byte"}, [] { parse_json("{\"a\": ", "x.json"); });
  expect_error(ErrorCode::kCorruptFile, {"byte"}, [] { parse_json("{\"a\": NaN}", "x.json"); });
  expect_error(ErrorCode::kCorruptFile, {"out of range"}, [] { parse_json("[1e999]", "x.json"); });
  expect_error(ErrorCode::kCorruptFile, {"nested deeper"}, [] { parse_json(std::string(100000, '['), "x.json"); });
  expect_error(ErrorCode::kCorruptFile, {"byte"}, [] { parse_json("\"\xff\"", "x.json"); });
  expect_error(ErrorCode::kCorruptFile, {"expected an object"}, [] { Config(Json::parse("[1]"), "x.json"); });
}

}  // namespace
}  // namespace signxai::keras
