// The call of a user's method, and checks of what it returns.
#include "explain/call/user_maps.h"

#include <algorithm>
#include <cmath>
#include <mutex>

#include <fmt/format.h>

#include "signxai/error.h"

namespace signxai::explain {
namespace {

[[noreturn]] void refuse(const methods::Resolved& method, const std::string& message) {
  throw Error(ErrorCode::kInvalidArgument, "method", method.name, message);
}

/// What the method asked for on its way.
struct Asked {
  std::mutex mutex;
  std::vector<Shape> shapes;
  std::vector<std::string> notes, quirks;
};

void add_once(std::vector<std::string>& list, const std::string& text) {
  if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(text);
}

void remember(Asked& asked, const Explanation& explanation) {
  const std::lock_guard lock(asked.mutex);
  for (const MethodMap& map : explanation.maps) {
    asked.shapes.push_back(map.map.shape);
    for (const std::string& note : map.notes) add_once(asked.notes, map.name() + ": " + note);
    for (const std::string& quirk : map.quirks) add_once(asked.quirks, quirk);
  }
}

void check_shape(const methods::Resolved& method, const Shape& input, const Tensor& map,
                 const std::vector<Shape>& known) {
  const bool has_channels = input.size() > 2;
  const Shape flat(input.begin(), input.end() - (has_channels ? 1 : 0));
  const bool whole = static_cast<std::int64_t>(map.data.size()) == element_count(map.shape);
  const bool fits =
      map.shape == input || map.shape == flat || std::find(known.begin(), known.end(), map.shape) != known.end();
  if (whole && fits) return;
  refuse(method, fmt::format("returned a map of shape {}; expected {}{}, or the shape of a map that it asked for",
                             to_string(map.shape), to_string(input), has_channels ? " or " + to_string(flat) : ""));
}

void check_finite(const methods::Resolved& method, const Tensor& map) {
  const auto at = std::find_if(map.data.begin(), map.data.end(), [](float value) { return !std::isfinite(value); });
  if (at == map.data.end()) return;
  const auto size = static_cast<std::ptrdiff_t>(map.data.size()) / map.shape.front(), index = at - map.data.begin();
  refuse(method, fmt::format("returned a map with {} at element {} of sample {}; expected finite numbers", *at,
                             index % size, index / size));
}

}  // namespace

UserMaps user_maps(const methods::Resolved& method, const Model& model, const Batch& part, const Explanation& found,
                   const OtherMethods& other) {
  Asked asked;
  MethodCall call{model, method.parameters, {}, found.targets, found.targets_shape, {}};
  for (std::size_t i = 0; i < part.shapes.size(); ++i) call.inputs.emplace_back(part.shapes[i], part.data[i]);
  call.explain = [&](const std::vector<MethodRequest>& requests, const std::vector<TensorView>& at) {
    Explanation explanation = other(requests, at);
    remember(asked, explanation);
    return explanation;
  };
  UserMaps result{method.user->maps(call), {}, {}};
  if (result.maps.size() != part.shapes.size()) {
    refuse(method, fmt::format("returned {} maps; expected one for each of the {} inputs of the network",
                               result.maps.size(), part.shapes.size()));
  }
  for (std::size_t i = 0; i < result.maps.size(); ++i) {
    check_shape(method, part.shapes[i], result.maps[i], asked.shapes);
    check_finite(method, result.maps[i]);
  }
  result.notes = std::move(asked.notes);
  result.quirks = std::move(asked.quirks);
  return result;
}

void add_notes(MethodMap& map, const UserMaps& found) {
  for (const std::string& note : found.notes) add_once(map.notes, note);
  for (const std::string& quirk : found.quirks) add_once(map.quirks, quirk);
}

void check_recursion(const methods::Resolved& method, const std::vector<std::string>& chain) {
  if (!method.user || std::find(chain.begin(), chain.end(), method.name) == chain.end()) return;
  refuse(method, fmt::format("asks for itself: {} -> {}", fmt::join(chain, " -> "), method.name));
}

}  // namespace signxai::explain
