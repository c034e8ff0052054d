// The lexer of the text form.
#include "graph/text/lexer.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "graph/text/scalar.h"
#include "signxai/error.h"

namespace signxai::graph {
namespace {

bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }
bool is_name(char c) { return is_word(c) || c == '.' || c == '/' || c == ':' || c == '-'; }
bool is_name_or_hash(char c) { return is_name(c) || c == '#'; }
bool is_number(char c) { return is_word(c) || c == '.' || c == '+' || c == '-' || c == '(' || c == ')'; }

}  // namespace

bool is_plain_name(std::string_view name) { return !name.empty() && std::all_of(name.begin(), name.end(), is_name); }

char Lexer::peek() {
  while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\r')) ++at_;
  return at_ < text_.size() ? text_[at_] : '\0';
}

bool Lexer::at_end() {
  peek();
  return at_ >= text_.size();
}

bool Lexer::accept(char symbol) {
  if (peek() != symbol) return false;
  ++at_;
  return true;
}

void Lexer::expect(char symbol) {
  if (!accept(symbol)) fail(std::string("'") + symbol + "'");
}

std::string_view Lexer::take_while(bool (*belongs)(char)) {
  peek();
  const std::size_t begin = at_;
  while (at_ < text_.size() && belongs(text_[at_])) ++at_;
  return text_.substr(begin, at_ - begin);
}

std::string Lexer::word(std::string_view what) {
  const std::string_view found = take_while(is_word);
  if (found.empty()) fail(std::string(what));
  return std::string(found);
}

std::string Lexer::quoted(std::string_view what) {
  if (!accept('"')) fail(std::string(what) + " in quotes");
  const std::size_t begin = at_;
  while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\n') at_ += text_[at_] == '\\' ? 2 : 1;
  if (at_ >= text_.size() || text_[at_] != '"') {
    at_ = std::min(at_, text_.size());
    fail("a closing quote");
  }
  std::string plain;
  if (!unescape(text_.substr(begin, at_ - begin), plain)) refuse("unknown escape; expected \\n, \\\", \\\\ or \\x1f");
  ++at_;
  return plain;
}

std::string Lexer::constant_name() {
  if (peek() == '"') return quoted("a name");
  const std::string_view name = take_while(is_name_or_hash);
  if (name.empty()) fail("the name of a constant");
  return std::string(name);
}

std::int64_t Lexer::integer() {
  const std::size_t begin = (peek(), at_);
  const std::string_view digits = take_while(is_number);
  if (digits == "end") return std::numeric_limits<std::int64_t>::max();
  std::int64_t value = 0;
  const auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (status == std::errc() && !digits.empty() && end == digits.data() + digits.size()) return value;
  at_ = begin;
  fail("an integer");
}

template <typename T>
T Lexer::number() {
  const std::size_t begin = (peek(), at_);
  T value;
  if (read_number(take_while(is_number), value)) return value;
  at_ = begin;
  fail("a number");
}

template float Lexer::number<float>();
template double Lexer::number<double>();

std::string Lexer::end_of_line() {
  std::string comment;
  if (accept('#')) {
    if (at_ < text_.size() && text_[at_] == ' ') ++at_;
    const std::size_t end = std::min(text_.find('\n', at_), text_.size());
    if (!unescape(text_.substr(at_, end - at_), comment)) comment = text_.substr(at_, end - at_);
    at_ = end;
  }
  if (peek() != '\n' && !at_end()) fail("the end of the line");
  if (at_ < text_.size()) ++at_, ++line_;
  return comment;
}

void Lexer::skip_empty_lines() {
  while (peek() == '\n' || peek() == '#') end_of_line();
}

std::string_view Lexer::here() const {
  const std::size_t end = std::min({text_.find('\n', at_), at_ + 24, text_.size()});
  return text_.substr(at_, end - at_);
}

void Lexer::fail(const std::string& expected) {
  peek();
  refuse("expected " + expected + "; got " +
         (here().empty() ? "the end of the line" : "'" + std::string(here()) + "'"));
}

void Lexer::refuse(const std::string& why) const {
  throw Error(ErrorCode::kInvalidArgument, "text", "line " + std::to_string(line_), why);
}

}  // namespace signxai::graph
