// Shortest round-trip numbers, and escapes.
#include "graph/text/scalar.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace signxai::graph {
namespace {

constexpr std::string_view kNanBits = "nan(0x";

template <typename T>
using BitsOf = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;

template <typename T>
std::string print(T value) {
  char buffer[64];
  if (std::isnan(value)) {
    const auto bits = std::bit_cast<BitsOf<T>>(value);
    if (bits == std::bit_cast<BitsOf<T>>(std::numeric_limits<T>::quiet_NaN())) return "nan";
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, bits, 16).ptr;
    return std::string(kNanBits) + std::string(buffer, end) + ")";
  }
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr};
}

template <typename T>
bool read_nan(std::string_view text, T& value) {
  if (!text.ends_with(")")) return false;
  const char *first = text.data() + kNanBits.size(), *last = text.data() + text.size() - 1;
  BitsOf<T> bits = 0;
  const auto [end, status] = std::from_chars(first, last, bits, 16);
  value = std::bit_cast<T>(bits);
  return status == std::errc() && end == last && std::isnan(value);
}

template <typename T>
bool read(std::string_view text, T& value) {
  if (text.starts_with(kNanBits)) return read_nan(text, value);
  if (text == "nan") {
    value = std::numeric_limits<T>::quiet_NaN();
    return true;
  }
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  return status == std::errc() && end == text.data() + text.size() && !std::isnan(value);
}

constexpr std::string_view kHex = "0123456789abcdef";

/// The character behind "\x" and two hexadecimal digits at `at`, or -1.
int hex_escape(std::string_view text, std::size_t at) {
  if (at + 2 >= text.size()) return -1;
  const std::size_t high = kHex.find(text[at + 1]), low = kHex.find(text[at + 2]);
  return high == kHex.npos || low == kHex.npos ? -1 : static_cast<int>(high * 16 + low);
}

}  // namespace

std::string print_number(float value) { return print(value); }
std::string print_number(double value) { return print(value); }
bool read_number(std::string_view text, float& value) { return read(text, value); }
bool read_number(std::string_view text, double& value) { return read(text, value); }

std::string escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (c == '\n') {
      out += "\\n";
    } else if (code < 0x20 || code == 0x7f) {
      out += {'\\', 'x', kHex[code / 16], kHex[code % 16]};
    } else {
      out += c;
    }
  }
  return out;
}

bool unescape(std::string_view text, std::string& plain) {
  plain.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      plain += text[i];
      continue;
    }
    if (++i == text.size()) return false;
    int code = text[i] == 'n' ? '\n' : text[i] == '"' || text[i] == '\\' ? text[i] : -1;
    if (text[i] == 'x') {
      code = hex_escape(text, i);
      i += 2;
    }
    if (code < 0) return false;
    plain += static_cast<char>(code);
  }
  return true;
}

}  // namespace signxai::graph
