// Graphs in text form that tests share: tests/graph/cases/*.txt, which docs/graph.md shows as well.
#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"

namespace signxai::test {

/// "lstm", "attention", ...: in alphabetical order.
std::vector<std::string> case_names();
std::string read_case(const std::string& name);
/// A file of the repository.
std::string read_source(const std::string& path);
/// Constants are random, the same for the same name and shape in every graph.
graph::Graph parse_case(const std::string& text);
/// Without the lines that are comments alone.
std::string without_comments(const std::string& text);

}  // namespace signxai::test
