// Comma-separated series: rows are time steps, columns are leads.
#include <charconv>
#include <cmath>
#include <new>
#include <string_view>

#include "base/input_file.h"
#include "signxai/array_file.h"
#include "signxai/error.h"

namespace signxai {
namespace {

constexpr std::uint64_t kMaxFile = std::uint64_t{4} << 30;

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

// A finite decimal number and nothing else.
bool parse_number(std::string_view field, float& value) {
  if (field.size() > 1 && field.front() == '+' && field[1] != '-') field.remove_prefix(1);
  double number = 0;
  const auto [end, status] = std::from_chars(field.data(), field.data() + field.size(), number);
  value = static_cast<float>(number);
  return status == std::errc() && end == field.data() + field.size() && std::isfinite(value);
}

class CsvReader {
 public:
  CsvReader(std::string path, std::string_view text, const ReadLimits& limits)
      : path_(std::move(path)), rest_(text), limits_(limits) {
    if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);
  }

  Series read() {
    std::string_view line;
    if (!next_line(line) || trim(line).empty()) fail(1, "is empty; expected a line of names or numbers");
    separator_ = line.find(',') != line.npos ? ',' : line.find(';') != line.npos ? ';' : '\t';
    first_line(line);
    while (next_line(line)) {
      if (trim(line).empty()) {
        expect_only_blank_lines();
        break;
      }
      numbers(line);
    }
    const auto columns = static_cast<std::int64_t>(columns_);
    const std::int64_t rows = static_cast<std::int64_t>(values_.size()) / columns;
    if (rows == 0) fail(line_, "has no row of numbers");
    series_.values = Tensor({rows, columns}, std::move(values_));
    return std::move(series_);
  }

 private:
  [[noreturn]] void fail(std::size_t line, const std::string& what) const {
    throw Error(ErrorCode::kCorruptFile, "array", path_ + ":" + std::to_string(line), what);
  }

  bool next_line(std::string_view& line) {
    if (rest_.empty()) return false;
    const std::size_t end = rest_.find('\n');
    line = rest_.substr(0, end);
    rest_.remove_prefix(end == rest_.npos ? rest_.size() : end + 1);
    ++line_;
    return true;
  }

  void expect_only_blank_lines() {
    const std::size_t blank = line_;
    for (std::string_view line; next_line(line);) {
      if (!trim(line).empty()) fail(blank, "is an empty line between rows");
    }
  }

  template <class Visit>
  std::size_t split(std::string_view line, Visit visit) const {
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    std::size_t count = 0;
    for (;;) {
      const std::size_t end = line.find(separator_);
      visit(trim(line.substr(0, end)), ++count);
      if (end == line.npos) return count;
      line.remove_prefix(end + 1);
    }
  }

  void first_line(std::string_view line) {
    std::size_t parsed = 0;
    columns_ = split(line, [&](std::string_view field, std::size_t) {
      float ignored = 0;
      if (parse_number(field, ignored)) ++parsed;
    });
    if (parsed == columns_) return numbers(line);
    if (parsed > 0) fail(line_, "mixes names and numbers; expected one or the other");
    split(line, [&](std::string_view field, std::size_t column) {
      if (field.size() >= 2 && field.front() == '"' && field.back() == '"') field = field.substr(1, field.size() - 2);
      if (field.empty()) {
        fail(line_,
             "column " + std::to_string(column) + " has no name; an index column is no lead, try writing without it");
      }
      series_.columns.emplace_back(field);
    });
  }

  void numbers(std::string_view line) {
    const std::size_t count = split(line, [&](std::string_view field, std::size_t column) {
      float value = 0;
      if (!parse_number(field, value)) {
        fail(line_, "column " + std::to_string(column) + " is not a finite number; got '" +
                        std::string(field.substr(0, 40)) + "'");
      }
      values_.push_back(value);
    });
    if (count != columns_) {
      fail(line_, "has a different number of columns than the first line; got " + std::to_string(count) +
                      ", expected " + std::to_string(columns_));
    }
    if (static_cast<std::int64_t>(values_.size() * sizeof(float)) > limits_.max_bytes) {
      throw Error(
          ErrorCode::kOutOfMemory, "array", path_,
          "is larger than the limit; expected at most " + std::to_string(limits_.max_bytes) + " bytes as float32");
    }
  }

  std::string path_;
  std::string_view rest_;
  ReadLimits limits_;
  char separator_ = ',';
  std::size_t line_ = 0, columns_ = 0;
  std::vector<float> values_;
  Series series_;
};

}  // namespace

Series read_csv(const std::string& path, const ReadLimits& limits) try {
  const std::string text = base::read_whole_file(path, "array", kMaxFile);
  return CsvReader(path, text, limits).read();
} catch (const std::bad_alloc&) {
  throw Error(ErrorCode::kOutOfMemory, "array", path, "does not fit into memory");
}

}  // namespace signxai
