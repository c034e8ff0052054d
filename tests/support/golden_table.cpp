// Rows and layout of the golden table.
#include "support/golden_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>

namespace signxai::golden {

void Row::add(const std::string& label, const Comparison& comparison) {
  ++all;
  if (comparison.right) {
    ++right;
  } else {
    failures.push_back(fmt::format("{}: {} ({:.3g} of the tolerance)", label, comparison.why, comparison.fraction));
  }
  if (comparison.fraction > fraction) fraction = comparison.fraction, worst = label;
  if (std::isfinite(comparison.deviation)) deviation = std::max(deviation, comparison.deviation);
}

namespace {

int count_of(const std::map<std::string, int>& pending) {
  int count = 0;
  for (const auto& entry : pending) count += entry.second;
  return count;
}

std::string line_of(const Row& row, std::size_t width) {
  std::string line = fmt::format("{:<{}}  {:>10} / {:<4} {:>13.3f}  {:>8.2g}  {:>7}  {}", row.name, width, row.right,
                                 row.all, row.fraction, row.deviation, count_of(row.pending), row.worst);
  if (row.left_out > 0) line += fmt::format("  ({} left out)", row.left_out);
  return line + "\n";
}

Row total_of(const std::vector<Row>& rows) {
  Row total{.name = "all"};
  for (const Row& row : rows) {
    total.right += row.right, total.all += row.all, total.left_out += row.left_out;
    if (row.fraction > total.fraction) total.fraction = row.fraction, total.worst = row.name + " " + row.worst;
    total.deviation = std::max(total.deviation, row.deviation);
    for (const auto& [what, count] : row.pending) total.pending[what] += count;
  }
  return total;
}

}  // namespace

std::string Table::text() const {
  std::size_t width = 5;
  for (const Row& row : rows_) width = std::max(width, row.name.size());
  const Row total = total_of(rows_);
  std::string text =
      fmt::format("{:<{}}  maps right / all  worst: of tolerance, absolute  pending  worst map\n", "case", width);
  for (const Row& row : rows_) text += line_of(row, width);
  text += line_of(total, width);
  if (total.pending.empty()) return text;
  text += "pending in this version:";
  for (const auto& [what, count] : total.pending) text += fmt::format(" {} ({} maps)", what, count);
  return text + "\n";
}

void Table::write() const { std::ofstream("golden_table.txt") << text(); }

}  // namespace signxai::golden
