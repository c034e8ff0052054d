// The table of quirks.
#include "reverse/semantics.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "signxai/error.h"

namespace signxai::reverse {
namespace {

constexpr QuirkInfo kQuirks[] = {
    {Quirk::kMixedNeurons, "Q1",
     "the target max is taken separately of every quantity of the rule at the head, so that neurons mix"},
    {Quirk::kValueSeed, "Q2", "the backward signal begins with the value of the output instead of 1"},
    {Quirk::kCopiedSeed, "Q3",
     "behind a softmax that is a layer of its own, LRP begins with the selected value at every output"},
    {Quirk::kShapeDispatch, "Q6",
     "a layer that moves values but keeps the shape (square Permute, pooling with stride 1) passes relevance on "
     "unmoved"},
    {Quirk::kFullBias, "Q7", "alpha-beta puts the whole bias into both denominators, where each has only a part of it"},
    {Quirk::kGamma, "Q9", "the gamma rule is gamma A - B, which conserves nothing"},
    {Quirk::kBlockedInputRule, "Q10",
     "the rule of the input layer is dropped when another layer stands before the first kernel"},
    {Quirk::kSignThreshold, "Q13", "a mu that is not above the lower value turns the sign map into all high"},
    {Quirk::kGradCamLevels, "Q15", "the Grad-CAM map is stretched to 8 bits, and height and width change places"},
    {Quirk::kGradCamNaN, "Q16", "a Grad-CAM series without positive values becomes NaN"},
    {Quirk::kGuidedGradCam, "Q17",
     "the guided factor explains the sum of the layer's outputs, and not the class, and leaves out the first layer"},
    {Quirk::kPoolTies, "Q20", "tied maxima of a 3-D pooling window each get the whole gradient"},
    {Quirk::kMovingTarget, "Q21", "the largest output is found anew at every point, so the target may change"},
    {Quirk::kWholeLayers, "Q31",
     "layers without a kernel that compute with values of several places (recurrence, attention, normalisation, "
     "products, reductions) give their derivative or pass relevance on, which conserves nothing"},
};

std::vector<std::string_view> pieces_of(std::string_view text) {
  std::vector<std::string_view> pieces;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    pieces.push_back(text.substr(at, comma - at));
    at = comma + 1;
  }
  return pieces;
}

}  // namespace

std::span<const QuirkInfo> quirk_table() { return kQuirks; }

Semantics Semantics::parse(std::string_view text) {
  Semantics semantics;
  if (text == "signxai") return semantics;
  if (text == "literal") {
    semantics.fixed_ = 0;
    return semantics;
  }
  for (const std::string_view piece : pieces_of(text)) {
    bool known = false;
    for (const QuirkInfo& info : kQuirks) {
      if (text != "sound" && piece != info.id) continue;
      semantics.fixed_ |= bit(info.quirk);
      known = true;
    }
    if (known) continue;
    std::vector<std::string_view> ids;
    for (const QuirkInfo& info : kQuirks) ids.push_back(info.id);
    throw Error(ErrorCode::kInvalidArgument, "explain", "semantics",
                fmt::format("'{}' is not known; expected signxai, sound, literal, or a list of {}", text,
                            fmt::join(ids, ", ")));
  }
  return semantics;
}

}  // namespace signxai::reverse
