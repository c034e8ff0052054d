// Printing, messages and exit codes.
#include "console.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace signxai::cli {
namespace {

/// File names and damaged files may hold line breaks and escape sequences; a message is one harmless line.
std::string one_line(std::string_view text) {
  std::string line(text);
  for (char& c : line) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n' || c == '\t') c = ' ';
    if (byte < 0x20 || byte == 0x7F) c = c == ' ' ? ' ' : '?';
  }
  return line;
}

/// Columns are counted in characters, not in the bytes of UTF-8.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace

int exit_code(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::kInternal: return 1;
    case ErrorCode::kInvalidArgument: return 2;
    case ErrorCode::kNotFound: return 3;
    case ErrorCode::kUnsupported: return 4;
    case ErrorCode::kCorruptFile: return 5;
    case ErrorCode::kOutOfMemory: return 6;
    case ErrorCode::kIo: return 7;
    case ErrorCode::kCancelled: return 8;
  }
  return 1;
}

void print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0) return;
  if (errno == EPIPE) throw ReaderLeft();
  throw Error(ErrorCode::kIo, "output", "stdout", std::string("cannot be written; ") + std::strerror(errno));
}

void print_json(const nlohmann::ordered_json& document) {
  print(document.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
}

void say(std::string_view text) {
  // On a terminal a progress line may stand where the message goes.
  fmt::print(stderr, "{}signxai: {}\n", isatty(STDERR_FILENO) == 1 ? "\x1b[K" : "", one_line(text));
}

void say_error(std::string_view text) { fmt::print(stderr, "signxai: error: {}\n", one_line(text)); }

void say_notes(const std::vector<std::string>& notes) {
  for (const std::string& note : notes) say("note: " + note);
}

std::string short_number(double value) { return fmt::format("{:.4g}", value); }

std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i] + std::string(widths[i] - width_of(row[i]) + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

}  // namespace signxai::cli
