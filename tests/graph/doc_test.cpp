// docs/graph.md says what the code does: its table of primitives, its examples, and the design cases.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "graph/op.h"
#include "graph/text.h"
#include "graph/text/scalar.h"
#include "graph/verify.h"
#include "support/graph_case.h"

namespace signxai::graph {
namespace {

const char* name_of(OpKind kind) {
  static constexpr const char* kNames[] = {"leaf", "pointwise", "linear", "pool", "reduce", "shape", "control"};
  return kNames[static_cast<std::size_t>(kind)];
}

const char* name_of(AttrType type) {
  static constexpr const char* kNames[] = {"integer", "number", "text", "ints", "literal", "region"};
  return kNames[static_cast<std::size_t>(type)];
}

std::string print_fallback(const Attr& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return std::to_string(*integer);
  if (const auto* number = std::get_if<double>(&value)) return print_number(*number);
  if (const auto* text = std::get_if<std::string>(&value)) return "\"" + *text + "\"";
  EXPECT_TRUE(std::get<Ints>(value).empty()) << "print it here and in docs/graph.md";
  return "[]";
}

/// The op's row up to its last column, which people write.
std::string row_of(const OpDef& op) {
  std::string attrs;
  for (const AttrSpec& spec : op.attrs) {
    attrs += (attrs.empty() ? "" : ", ") + spec.name + ": " + name_of(spec.type);
    if (spec.fallback) attrs += " = " + print_fallback(*spec.fallback);
  }
  const std::string most = op.max_inputs == op.min_inputs ? "" : " to " + std::to_string(op.max_inputs);
  return "| `" + op.name + "` | " + name_of(op.kind) + " | " + std::to_string(op.min_inputs) + most + " | " + attrs +
         (attrs.empty() ? "| " : " | ");
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> graph_blocks(const std::string& doc) {
  const std::string open = "```graph\n", close = "```\n";
  std::vector<std::string> blocks;
  for (std::size_t at = doc.find(open); at != doc.npos; at = doc.find(open, at)) {
    at += open.size();
    const std::size_t end = doc.find(close, at);
    blocks.push_back(doc.substr(at, end - at));
  }
  return blocks;
}

TEST(GraphDoc, ListsEveryPrimitive) {
  const auto lines = lines_of(test::read_source("docs/graph.md"));
  const std::string head = "| name | kind | operands | attributes | meaning |";
  const auto begin = std::find(lines.begin(), lines.end(), head);
  ASSERT_NE(begin, lines.end());
  auto row = begin + 2;
  for (const OpDef* op : op_table()) {
    ASSERT_NE(row, lines.end());
    EXPECT_THAT(*row, testing::StartsWith(row_of(*op)));
    EXPECT_GT(row->size(), row_of(*op).size() + 3) << "no meaning is given for " << op->name;
    ++row;
  }
  EXPECT_TRUE(row == lines.end() || row->empty()) << "not in the op table: " << *row;
}

TEST(GraphDoc, ExamplesParseVerifyAndRoundTrip) {
  const auto blocks = graph_blocks(test::read_source("docs/graph.md"));
  EXPECT_GE(blocks.size(), 10u);
  for (const std::string& block : blocks) {
    const Graph graph = test::parse_case(block);
    verify(graph);
    EXPECT_EQ(to_text(graph), test::without_comments(block));
  }
}

TEST(GraphDoc, ShowsTheDesignCasesVerbatim) {
  const auto blocks = graph_blocks(test::read_source("docs/graph.md"));
  for (const std::string& name : test::case_names()) {
    EXPECT_THAT(blocks, testing::Contains(test::read_case(name))) << name;
  }
}

}  // namespace
}  // namespace signxai::graph
