// Reading and parsing of the shared graphs.
#include "support/graph_case.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <sstream>

#include "graph/text.h"

namespace signxai::test {
namespace {

const std::filesystem::path kRoot = SIGNXAI_SOURCE_DIR;
const std::filesystem::path kCases = kRoot / "tests/graph/cases";

graph::Literal random_literal(std::string_view name, const Shape& shape) {
  std::vector<std::uint32_t> seed(name.begin(), name.end());
  std::seed_seq sequence(seed.begin(), seed.end());
  std::mt19937 random(sequence);
  std::vector<float> values(static_cast<std::size_t>(element_count(shape)));
  for (float& v : values) v = static_cast<float>(static_cast<double>(random()) / 4294967296.0 * 2 - 1);
  return {shape, std::move(values), std::string(name)};
}

}  // namespace

std::vector<std::string> case_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kCases)) names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

std::string read_source(const std::string& path) {
  std::ifstream file(kRoot / path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string read_case(const std::string& name) { return read_source("tests/graph/cases/" + name + ".txt"); }

graph::Graph parse_case(const std::string& text) {
  std::map<std::pair<std::string, Shape>, graph::Literal> made;
  return graph::from_text(text, [&](std::string_view name, const Shape& shape) -> std::optional<graph::Literal> {
    auto& literal = made[{std::string(name), shape}];
    if (!literal.data()) literal = random_literal(name, shape);
    return literal;
  });
}

std::string without_comments(const std::string& text) {
  std::istringstream lines(text);
  std::string line, rest;
  while (std::getline(lines, line)) {
    if (line.rfind("#", 0) != 0) rest += line + "\n";
  }
  return rest;
}

}  // namespace signxai::test
