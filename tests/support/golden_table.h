// The table that a run of the golden tests ends with: case | maps right / all | worst deviation | pending.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "support/compare.h"

namespace signxai::golden {

struct Row {
  std::string name;
  int right = 0, all = 0;                ///< maps; what is pending or left out is not among them
  int left_out = 0;                      ///< maps of the set that contradict others of it
  double fraction = 0, deviation = 0;    ///< worst over all finite deviations: of the tolerance, and absolute
  std::string worst{};                   ///< label of the map with the worst fraction
  std::map<std::string, int> pending{};  ///< what this version does not compute -> number of maps
  std::vector<std::string> failures{};

  void add(const std::string& label, const Comparison& comparison);
};

class Table {
 public:
  void add(Row row) { rows_.push_back(std::move(row)); }
  std::string text() const;
  /// Writes the text to "golden_table.txt" in the current directory.
  void write() const;

 private:
  std::vector<Row> rows_;
};

}  // namespace signxai::golden
