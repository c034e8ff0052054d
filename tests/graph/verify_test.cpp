// The verifier finds every invariant that is broken behind the Builder's back.
#include "graph/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/builder.h"
#include "graph/op.h"
#include "graph/text.h"
#include "signxai/error.h"

namespace signxai::graph {
namespace {

using testing::HasSubstr;

constexpr const char* kGood = R"(
%x = input "x" : f32[2,3]
%a = relu %x
%b = reduce_sum %a {axes=[1]}
%s = scan %b %x {carries=1, sequences=1}
  body {
    %0 = input "a" : f32[2]
    %1 = input "x" : f32[2]
    %2 = add %0 %1
    output "a" %2
  }
%y = get %s {index=0}
output "y" %y
)";

/// Graphs cannot be changed, except by a test that wants them broken.
Node& node_of(const Graph& graph, std::size_t index) { return const_cast<Node&>(graph.nodes()[index]); }

template <typename Break>
std::string finding(Break&& break_it) {
  const Graph graph = from_text(kGood);
  verify(graph);
  break_it(graph);
  try {
    verify(graph);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInternal);
    EXPECT_EQ(error.stage(), "verify");
    return error.what();
  }
  return "";
}

TEST(Verify, Operations) {
  const OpDef copy = find_op("relu");
  EXPECT_THAT(finding([](auto& g) { node_of(g, 1).op = nullptr; }), HasSubstr("%1: has no operation"));
  EXPECT_THAT(finding([&](auto& g) { node_of(g, 1).op = &copy; }), HasSubstr("%1 (relu): is no entry of the op table"));
}

TEST(Verify, Operands) {
  EXPECT_THAT(finding([](auto& g) { node_of(g, 1).inputs.push_back(Value{0}); }), HasSubstr("has 2 operands"));
  EXPECT_THAT(finding([](auto& g) { node_of(g, 1).inputs[0] = Value{1}; }), HasSubstr("%1 does not stand before it"));
  EXPECT_THAT(finding([](auto& g) { node_of(g, 2).inputs[0] = Value{99}; }), HasSubstr("%99 does not stand before"));
  EXPECT_THAT(finding([](auto& g) { node_of(g, 2).inputs[0] = Value{}; }), HasSubstr("%-1 does not stand before"));
}

TEST(Verify, Attributes) {
  EXPECT_THAT(finding([](auto& g) { node_of(g, 2).attrs = {}; }), HasSubstr("attribute 'axes' is missing"));
  EXPECT_THAT(finding([](auto& g) { node_of(g, 2).attrs.set("axes", 1.0); }), HasSubstr("'axes' has the wrong type"));
  EXPECT_THAT(finding([](auto& g) { node_of(g, 1).attrs.set("axes", Ints{}); }), HasSubstr("unknown attribute 'axes'"));
  EXPECT_THAT(finding([](auto& g) { node_of(g, 3).attrs.set("body", Region{}); }), HasSubstr("'body' is missing"));
}

TEST(Verify, Types) {
  EXPECT_THAT(finding([](auto& g) { node_of(g, 1).type.shape[0] = kOpen; }),
              HasSubstr("%1 (relu): is stored as f32[?,3]; expected f32[2,3]"));
  EXPECT_THAT(finding([](auto& g) { node_of(g, 2).attrs.set("axes", Ints{7}); }),
              HasSubstr("does not fit its operands"));
}

TEST(Verify, Regions) {
  EXPECT_THAT(finding([](auto& g) { node_of(node_of(g, 3).attrs.region("body"), 2).inputs[0] = Value{5}; }),
              HasSubstr("%3.body %2 (add): operand %5"));
  EXPECT_THAT(finding([](auto& g) {
                const Graph& body = node_of(g, 3).attrs.region("body");
                for (std::size_t i = 0; i < 3; ++i) node_of(body, i).type = Type(Shape{kOpen});
                for (std::size_t i = 0; i < 2; ++i) node_of(body, i).attrs.set("shape", Ints{kOpen});
              }),
              HasSubstr("its region does not take its operands"));
}

TEST(Verify, InputsAndOutputs) {
  EXPECT_THAT(finding([](auto& g) { const_cast<std::vector<Value>&>(g.inputs()).clear(); }),
              HasSubstr("list of inputs"));
  EXPECT_THAT(finding([](auto& g) { const_cast<std::vector<Output>&>(g.outputs())[0].value = Value{}; }),
              HasSubstr("output 'y' is no value"));
}

}  // namespace
}  // namespace signxai::graph
