// sweep: a region of pointwise operations.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backends/reference/evaluate.h"
#include "graph/bind.h"
#include "graph/cost.h"
#include "graph/rewrite.h"
#include "graph/text.h"
#include "graph/verify.h"
#include "signxai/error.h"
#include "support/op_case.h"

namespace signxai::graph {
namespace {

using testing::HasSubstr;

constexpr const char* kSweep = R"(
%x = input "x" : f32[?,3]
%b = const [1, -2, 0] : f32[3]
%y = sweep %x %b
  body {
    %x = input "x" : f32[?,3]
    %b = input "b" : f32[3]
    %s = add %x %b
    %half = const 0.5 : f32[]
    %r = relu %s
    %y = mul %r %half
    output "y" %y
  }
output "y" %y
)";

TEST(Sweep, RunsItsRegion) {
  const Graph graph = from_text(kSweep);
  verify(graph);
  const auto out = reference::evaluate(graph, std::vector<Array>{test::array({2, 3}, {1, 1, 1, 4, 4, 4})});
  test::expect_equal(out[0], test::array({2, 3}, {1, 0, 0.5, 2.5, 1, 2}));
}

TEST(Sweep, BindsItsRegion) {
  const Graph graph = bind_inputs(from_text(kSweep), {{5, 3}});
  verify(graph);
  const Node& sweep = graph[graph.outputs()[0].value];
  EXPECT_EQ(to_string(sweep.type), "f32[5,3]");
  EXPECT_EQ(to_string(sweep.attrs.region("body").type(sweep.attrs.region("body").outputs()[0].value)), "f32[5,3]");
}

TEST(Sweep, TellsTheSignOfItsResult) {
  const Graph graph = from_text(kSweep);
  const Node& sweep = graph[graph.outputs()[0].value];
  const std::vector<Sign> any(2);
  EXPECT_EQ(sweep.op->sign(sweep, any), Sign::non_negative());
}

TEST(Sweep, SeesOperandsThroughViews) {
  const Graph graph = from_text(R"(
%x = input "x" : f32[2,3]
%y = input "y" : f32[2,8]
%s = sweep %x %y
  body {
    %x = input "x" : f32[2,3]
    %y = input "y" : f32[2,8]
    %c = concat %x %x {axis=1}
    %v = slice %y {begin=[0,1], end=[2,7]}
    %s = sub %c %v
    output "s" %s
  }
output "s" %s
)");
  const Value s = graph.outputs()[0].value;
  EXPECT_EQ(graph.type(s).shape, (Shape{2, 6}));
  EXPECT_EQ(cost_of(graph, s).bytes, 4.0 * (12 + 12 + 12));  // not all of y
}

TEST(Sweep, HasNoPullBack) {
  const Graph graph = from_text(kSweep);
  Builder b(graph);
  EXPECT_THROW(pull_back(b, graph.outputs()[0].value, graph.inputs()[0], graph.inputs()), Error);
}

std::string refusal_of(const std::string& body) {
  try {
    from_text("%x = input \"x\" : f32[2,3]\n%y = sweep %x\n  body {\n%x = input \"x\" : f32[2,3]\n" + body + "\n  }\n");
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Sweep, Refusals) {
  EXPECT_EQ(refusal_of("output \"x\" %x"), "");
  EXPECT_THAT(refusal_of("output \"x\" %x\noutput \"y\" %x"), HasSubstr("exactly one output"));
  EXPECT_THAT(refusal_of("%r = reduce_sum %x {axes=[0]}\noutput \"r\" %r"), HasSubstr("'reduce_sum'"));
  EXPECT_THAT(refusal_of("%r = relu %x\n%v = concat %r %x {axis=1}\n%y = neg %v\noutput \"y\" %y"),
              HasSubstr("'concat', which is neither pointwise nor a view"));
  EXPECT_THAT(refusal_of("%s = slice %x {begin=[0,0], end=[1,3]}\n%y = neg %s\noutput \"y\" %y"), HasSubstr("'slice'"));
  EXPECT_THAT(refusal_of("%c = const 1 : f32[]\noutput \"c\" %c"), HasSubstr("broadcast shape f32[2,3]"));
}

}  // namespace
}  // namespace signxai::graph
