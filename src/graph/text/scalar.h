// Numbers and strings in the text form of a graph: shortest digits that give back the same bits, and quoting.
#pragma once

#include <string>
#include <string_view>

namespace signxai::graph {

/// Shortest decimal that reads back to the same bits: "0.1", "-0", "inf", "nan"; other NaNs as "nan(0x7fc00001)".
std::string print_number(float value);
std::string print_number(double value);
/// Inverse of print_number. False when `text` is no number, or one that is out of range.
bool read_number(std::string_view text, float& value);
bool read_number(std::string_view text, double& value);

/// Escapes quotes, backslashes and control characters; bytes above 127 stay.
std::string escape(std::string_view text);
/// Inverse of escape; false on an unknown escape.
bool unescape(std::string_view text, std::string& plain);

}  // namespace signxai::graph
