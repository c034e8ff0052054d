// What the program says: results on stdout, messages on stderr, exit codes. Used by every verb; single-threaded.
#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "signxai/error.h"

namespace signxai::cli {

/// The exit code of a failure, as docs/cli.md lists them; all are below 126.
int exit_code(ErrorCode code) noexcept;

/// Thrown when nobody reads stdout any more (`signxai methods | head -1`): the program ends quietly.
struct ReaderLeft : std::exception {
  const char* what() const noexcept override { return "stdout was closed by its reader"; }
};

/// Writes results to stdout and flushes. Throws kIo when they do not arrive, ReaderLeft when the pipe is closed.
void print(std::string_view text);
/// One JSON document, indented, with a line break at its end. Bytes that are not UTF-8 are replaced.
void print_json(const nlohmann::ordered_json& document);

/// One line on stderr: "signxai: <text>".
void say(std::string_view text);
/// The line "signxai: error: <text>".
void say_error(std::string_view text);
/// say("note: ...") for each.
void say_notes(const std::vector<std::string>& notes);

/// A number with four significant digits.
std::string short_number(double value);

/// Rows as columns that are aligned and two blanks apart; the first row is the head.
std::string table(const std::vector<std::vector<std::string>>& rows);

}  // namespace signxai::cli
