// Suggestions for mistyped names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace signxai {

/// Up to three of `candidates` nearest to `name` by edit distance, as "did you mean a, b or c?"; empty if none is near.
std::string did_you_mean(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace signxai
