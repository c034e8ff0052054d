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

std::string Table::text() const {
  std::size_t width = 5;
  for (const Row& row : rows_) width = std::max(width, row.name.size());
  std::string text = fmt::format("{:<{}}  maps right / all  worst: of tolerance, absolute, map\n", "case", width);
  Row total{.name = "all"};
  const auto line = [&](const Row& row) {
    const int pending = [&] {
      int count = 0;
      for (const auto& entry : row.pending) count += entry.second;
      return count;
    }();
    text += fmt::format("{:<{}}  {:>10} / {:<4} {:>13.3f}  {:>8.2g}  {}{}\n", row.name, width, row.right, row.all,
                        row.fraction, row.deviation, row.worst, pending ? fmt::format("  ({} pending)", pending) : "");
  };
  for (const Row& row : rows_) {
    line(row);
    total.right += row.right, total.all += row.all;
    if (row.fraction > total.fraction) total.fraction = row.fraction, total.worst = row.name + " " + row.worst;
    total.deviation = std::max(total.deviation, row.deviation);
    for (const auto& [what, count] : row.pending) total.pending[what] += count;
  }
  line(total);
  if (!total.pending.empty()) text += "pending in this version:";
  for (const auto& [what, count] : total.pending) text += fmt::format(" {} ({} maps)", what, count);
  return total.pending.empty() ? text : text + "\n";
}

void Table::write() const { std::ofstream("golden_table.txt") << text(); }

}  // namespace signxai::golden
