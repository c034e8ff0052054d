// Texts on the terminal and in documents.
#include "texts.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "console.h"
#include "pictures.h"

namespace signxai::cli {
namespace {

constexpr std::size_t kLineWidth = 100;

/// A vocabulary may hold anything; a terminal must not obey it.
std::string printable(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }, '?');
  return text;
}

std::string colored_token(const std::string& text, const Rgb& color) {
  const bool dark = 0.299 * color[0] + 0.587 * color[1] + 0.114 * color[2] < 128;
  return fmt::format("\x1b[48;2;{};{};{}m\x1b[{}m{}\x1b[0m", color[0], color[1], color[2], dark ? 97 : 30, text);
}

bool is_set(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' && std::string(value) != "0";
}

}  // namespace

bool stdout_has_colors() { return is_set("CLICOLOR_FORCE") || (!is_set("NO_COLOR") && isatty(STDOUT_FILENO) == 1); }

TensorView Texts::ids(std::size_t row, std::size_t map) const {
  return inputs_.value_of(row / rows_per_sample(explanation_), inputs_.index_of(explanation_.maps[map].place));
}

bool Texts::is_text(std::size_t row, std::size_t map) const {
  const std::size_t input = inputs_.index_of(explanation_.maps[map].place);
  if (!vocabulary_ || inputs_.embeddings[input].empty()) return false;
  const Shape sample = inputs_.sample_shape(input), values = row_of(explanation_, map, row).shape;
  return sample.size() == 1 && !values.empty() && values.size() <= 2 && values[0] == sample[0];
}

std::vector<std::string> Texts::tokens(std::size_t row, std::size_t map) const {
  const TensorView view = ids(row, map);
  std::vector<std::string> tokens;
  for (std::int64_t i = 0; i < view.shape[0]; ++i) {
    tokens.push_back(vocabulary_.token(static_cast<std::int64_t>(view.data[i])));
  }
  return tokens;
}

std::string Texts::line(std::size_t row, std::size_t map, const MapStyle& style, bool colored) const {
  std::string text;
  std::size_t width = 0;
  for (const ShadedToken& token : shade_tokens(tokens(row, map), row_of(explanation_, map, row), style)) {
    std::string shown = printable(token.text) + (token.count > 1 ? fmt::format(" x {}", token.count) : "");
    if (!colored) shown += fmt::format("({})", short_number(token.relevance));
    if (width > 0 && width + shown.size() + 1 > kLineWidth) text += '\n', width = 0;
    text += (width > 0 ? " " : "") + (colored ? colored_token(shown, token.color) : shown);
    width += shown.size() + 1;
  }
  return text + '\n';
}

nlohmann::ordered_json Texts::document(std::size_t row, std::size_t map) const {
  const TensorView view = ids(row, map), values = row_of(explanation_, map, row);
  const std::vector<std::string> names = tokens(row, map);
  const std::int64_t features = values.shape.size() == 2 ? values.shape[1] : 1;
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < names.size(); ++i) {
    double sum = 0;
    for (std::int64_t f = 0; f < features; ++f) sum += values.data[static_cast<std::int64_t>(i) * features + f];
    list.push_back({{"id", static_cast<std::int64_t>(view.data[i])}, {"token", names[i]}, {"relevance", sum}});
  }
  return list;
}

}  // namespace signxai::cli
