// The text form: exact round trips, and errors that name line and expectation.
#include "graph/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "graph/builder.h"
#include "graph/op.h"
#include "graph/text/scalar.h"
#include "graph/verify.h"
#include "signxai/error.h"

namespace signxai::graph {
namespace {

using testing::HasSubstr;

void expect_round_trip(const Graph& graph) {
  const std::string text = to_text(graph);
  const Graph again = from_text(text, constants_of(graph));
  EXPECT_EQ(to_text(again), text);
  EXPECT_TRUE(again == graph) << text;
  verify(again);
}

std::string refusal_of(std::string_view text) {
  try {
    from_text(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
    return error.what();
  }
  return "";
}

TEST(Text, PrintsOneNodePerLine) {
  Builder b;
  const Value x = b.input("x", {kOpen, 28, 28, 1});
  b.set_origin("conv1");
  const Value w = b.constant(Literal({3, 3, 1, 2}, std::vector<float>(18, 0.5f), "conv1/kernel"));
  const Value y =
      b.make("conv", {x, w}, {{"strides", Ints{2, 1}}, {"padding", std::string("same")}, {"dilations", Ints{1, 1}}});
  b.output("y", b.add(y, b.constant(Literal({2}, {1.0f, -0.5f}))));
  EXPECT_EQ(to_text(b.graph()), R"(%0 = input "x" : f32[?,28,28,1]
%1 = const @conv1/kernel : f32[3,3,1,2]  # conv1
%2 = conv %0 %1 {dilations=[1,1], padding="same", strides=[2,1]} : f32[?,14,28,2]  # conv1
%3 = const [1, -0.5] : f32[2]  # conv1
%4 = add %2 %3 : f32[?,14,28,2]  # conv1
output "y" %4
)");
  expect_round_trip(b.graph());
}

TEST(Text, RoundTripsRegionsAndTuples) {
  const std::string text = R"(%0 = input "init" : f32[2]
%1 = input "x" : f32[2,3]
%2 = scan %0 %1 {carries=1, reverse=1, sequences=1} : (f32[2], f32[2,3])  # lstm
  body {
    %0 = input "a" : f32[2]
    %1 = input "x" : f32[2]
    %2 = mul %0 %1 : f32[2]  # step
    output "a" %2
    output "y" %2
  }
%3 = get %2 {index=0} : f32[2]
output "last" %3
)";
  const Graph graph = from_text(text);
  EXPECT_EQ(to_text(graph), text);
  expect_round_trip(graph);
}

TEST(Text, KeepsEveryBitOfSmallConstants) {
  using Limits = std::numeric_limits<float>;
  const std::vector<float> values = {0.0f,
                                     -0.0f,
                                     0.1f,
                                     1e-45f,
                                     -1e-45f,
                                     Limits::min(),
                                     Limits::max(),
                                     Limits::lowest(),
                                     1.0f / 3,
                                     16777216.0f,
                                     Limits::infinity(),
                                     -Limits::infinity(),
                                     Limits::quiet_NaN(),
                                     -Limits::quiet_NaN(),
                                     std::bit_cast<float>(0x7f800001u)};
  Builder b;
  const Value v = b.constant(Literal({static_cast<std::int64_t>(values.size())}, values));
  b.output("scalar", b.constant(-0.0));
  b.output("list", v);
  b.output("cube", b.constant(Literal({2, 1, 2}, {1, 2, 3, 4})));
  b.output("empty", b.constant(Literal({0, 3}, std::vector<float>{})));
  expect_round_trip(b.graph());
  const Graph again = from_text(to_text(b.graph()));
  EXPECT_EQ(std::memcmp(again.literal(v)->data(), values.data(), values.size() * sizeof(float)), 0);
}

TEST(Text, NumbersAreShortest) {
  EXPECT_EQ(print_number(0.1f), "0.1");
  EXPECT_EQ(print_number(0.1), "0.1");
  EXPECT_EQ(print_number(-0.0f), "-0");
  EXPECT_EQ(print_number(1e30f), "1e+30");
  EXPECT_EQ(print_number(std::bit_cast<float>(0x7fc00001u)), "nan(0x7fc00001)");
  for (std::uint64_t seed = 1, i = 0; i < 20000; ++i) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    const auto single = std::bit_cast<float>(static_cast<std::uint32_t>(seed >> 32));
    const auto both = std::bit_cast<double>(seed);
    float f = 0;
    double d = 0;
    ASSERT_TRUE(read_number(print_number(single), f));
    ASSERT_TRUE(read_number(print_number(both), d));
    ASSERT_EQ(std::bit_cast<std::uint32_t>(f), std::bit_cast<std::uint32_t>(single));
    ASSERT_EQ(std::bit_cast<std::uint64_t>(d), std::bit_cast<std::uint64_t>(both));
  }
  float value;
  for (const char* bad : {"", "x", "1e400", "1 ", "0x10", "-nan", "nan(0x3f800000)", "nan(0xg)", "1.5.2"}) {
    EXPECT_FALSE(read_number(bad, value)) << bad;
  }
}

TEST(Text, LargeConstantsWithoutNamesGoByContent) {
  std::vector<float> values(100);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  Builder b;
  b.output("a", b.constant(Literal({100}, values)));
  values[99] = -1;
  b.output("b", b.constant(Literal({100}, values)));
  b.output("c", b.constant(Literal({10, 10}, values)));
  EXPECT_THAT(to_text(b.graph()), testing::ContainsRegex("const @#[0-9a-f]{16} : f32\\[100\\]"));
  expect_round_trip(b.graph());
}

TEST(Text, AwkwardNamesAndOrigins) {
  Builder b;
  b.set_origin("layer \"a\"\n# \\ end");
  const Value w = b.constant(Literal({1}, std::vector<float>{1}, "my layer \"x\"/kernel:0"));
  const Value hash = b.constant(Literal({1}, std::vector<float>{1}, "#0123456789abcdef"));
  b.output("out \"1\"\t\\", b.add(b.add(b.input("in\n\x01", {1}), w), hash));
  expect_round_trip(b.graph());
}

TEST(Text, ToTheEndOfAnAxis) {
  Builder b;
  const auto end = std::numeric_limits<std::int64_t>::max();
  b.output("y", b.make("slice", {b.input("x", {4})}, {{"begin", Ints{1}}, {"end", Ints{end}}}));
  EXPECT_THAT(to_text(b.graph()), HasSubstr("{begin=[1], end=[end]}"));
  expect_round_trip(b.graph());
}

TEST(Text, ReadsWhatPeopleWrite) {
  const Graph graph = from_text(R"(
  # a comment

%picture=input "x":f32[ 2 , 3 ]   # image
%twice =  add %picture %picture
output "y" %twice)");
  EXPECT_EQ(to_text(graph), "%0 = input \"x\" : f32[2,3]  # image\n%1 = add %0 %0 : f32[2,3]\noutput \"y\" %1\n");
  EXPECT_EQ(from_text("").size(), 0);
  EXPECT_EQ(from_text("%x = input \"x\" : f32[]\r\noutput \"x\" %x\r\n").outputs().size(), 1u);
}

TEST(Text, ErrorsNameLineAndExpectation) {
  const std::string x = "%x = input \"x\" : f32[2,3]\n";
  const auto said = [&](const std::string& line) { return refusal_of(x + line); };
  EXPECT_THAT(said("%y = foo %x"), HasSubstr("line 2: 'foo' is not an operation"));
  EXPECT_THAT(said("\n%y = relu %z"), HasSubstr("line 3: there is no value %z"));
  EXPECT_THAT(said("%y = relu"), HasSubstr("line 2: relu: got 0 inputs"));
  EXPECT_THAT(said("%y = relu %x : f32[3,2]"), HasSubstr("got f32[3,2], expected f32[2,3]"));
  EXPECT_THAT(said("%y = relu %x : f64[2]"), HasSubstr("every number is f32"));
  EXPECT_THAT(said("%x = relu %x"), HasSubstr("stands for two values"));
  EXPECT_THAT(said("%y = relu %x %"), HasSubstr("expected a label"));
  EXPECT_THAT(said("%y = relu %x {alpha=1}"), HasSubstr("takes no attribute 'alpha'"));
  EXPECT_THAT(said("%y = transpose %x {perm=1}"), HasSubstr("expected '['; got '1}'"));
  EXPECT_THAT(said("%y = transpose %x {perm=[1,0}"), HasSubstr("expected ']'"));
  EXPECT_THAT(said("%y = transpose %x {perm=[1,0], perm=[1,0]}"), HasSubstr("given twice"));
  EXPECT_THAT(said("%y = transpose %x {perm=[1,99999999999999999999]}"), HasSubstr("expected an integer"));
  EXPECT_THAT(said("%y = transpose %x"), HasSubstr("attribute 'perm' is missing"));
  EXPECT_THAT(said("%c = const @w : f32[2]"), HasSubstr("no constant 'w' of shape (2,)"));
  EXPECT_THAT(said("%c = const [1, 2] : f32[3]"), HasSubstr("got 2 numbers, expected 3"));
  EXPECT_THAT(said("%c = const [1, x] : f32[2]"), HasSubstr("expected a number; got 'x]"));
  EXPECT_THAT(said("%c = const 1 : f32[?]"), HasSubstr("bound extents"));
  EXPECT_THAT(said("%c = const [] : f32[9999999999,9999999999]"), HasSubstr("bound extents"));
  EXPECT_THAT(said("output y %x"), HasSubstr("expected the name of the output in quotes"));
  EXPECT_THAT(said("output \"y %x\n"), HasSubstr("line 2: expected a closing quote"));
  EXPECT_THAT(said("output \"\\q\" %x"), HasSubstr("unknown escape"));
  EXPECT_THAT(said("outputs \"y\" %x"), HasSubstr("expected a node or an output"));
  EXPECT_THAT(said("%y = relu %x ; output"), HasSubstr("expected the end of the line; got '; output'"));
  EXPECT_THAT(said("}"), HasSubstr("line 2: expected a node or an output; got '}'"));
  EXPECT_THAT(said("%y = sweep %x\noutput \"y\" %y"), HasSubstr("line 3: expected 'body {'"));
  EXPECT_THAT(said("%y = sweep %x\nbody {\n"), HasSubstr("expected '}'"));
}

TEST(Text, SurvivesDamage) {
  const std::string text = R"(%0 = input "x" : f32[2,3]
%1 = const [1, -2, nan(0x7fc00001)] : f32[3]  # b
%2 = sweep %0 %1 : f32[2,3]
  body {
    %0 = input "x" : f32[2,3]
    %1 = input "b" : f32[3]
    %2 = add %0 %1 : f32[2,3]
    output "y" %2
  }
%3 = pad %2 {pads=[0,1,1,0], value=0.5} : f32[3,4]
output "y" %3
)";
  ASSERT_EQ(to_text(from_text(text)), text);
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (const char c : {'\0', '\n', '"', '}', '9', '%', '\\', '\xff'}) {
      std::string damaged = text;
      damaged[i] = c;
      for (const std::string& candidate : {damaged, text.substr(0, i) + c}) {
        try {
          verify(from_text(candidate));
        } catch (const Error& error) {
          EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument) << error.what() << "\n" << candidate;
        }
      }
    }
  }
}

TEST(Text, RefusesEndlessNesting) {
  std::string regions, tuples = "%x = relu %x : ";
  for (int i = 0; i < 100; ++i) regions += "%y = sweep\nbody {\n";
  for (int i = 0; i < 100000; ++i) tuples += "(";
  EXPECT_THAT(refusal_of(regions), HasSubstr("nested too deeply"));
  EXPECT_THAT(refusal_of("%x = input \"x\" : " + tuples.substr(15)), HasSubstr("nested too deeply"));
}

}  // namespace
}  // namespace signxai::graph
