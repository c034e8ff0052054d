// Words of the text form, with line numbers. Blanks separate words; a newline ends a node; "#" begins a comment, which
// behind a node is its origin.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace signxai::graph {

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  int line() const { return line_; }
  /// The next character behind blanks, 0 at the end of the text.
  char peek();
  bool accept(char symbol);
  void expect(char symbol);
  /// Letters, digits and "_"; `what` names it in the error.
  std::string word(std::string_view what);
  std::string quoted(std::string_view what);
  /// The name of a constant: quoted, or letters, digits and any of "_./:-#".
  std::string constant_name();
  std::int64_t integer();
  float float_number() { return number<float>(); }
  double double_number() { return number<double>(); }
  /// Takes the rest of the line and gives the comment on it.
  std::string end_of_line();
  /// Moves to the next line that holds a word, or to the end of the text.
  void skip_empty_lines();
  bool at_end();
  /// Throws Error(kInvalidArgument, "text", "line N", ...).
  [[noreturn]] void fail(const std::string& expected);
  [[noreturn]] void refuse(const std::string& why) const;

 private:
  template <typename T>
  T number();
  std::string_view take_while(bool (*belongs)(char));
  std::string_view here() const;

  std::string_view text_;
  std::size_t at_ = 0;
  int line_ = 1;
};

/// Whether a constant's name may stand unquoted behind "@".
bool is_plain_name(std::string_view name);

}  // namespace signxai::graph
