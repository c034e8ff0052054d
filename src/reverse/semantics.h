// The semantics: `signxai` gives the numbers of the reference package with its quirks, `sound` puts every quirk right
// that is defined but wrong, `literal` also has those that give a map no meaning. Each quirk can be switched alone,
// which shows what it does to a map.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace signxai::reverse {

enum class Quirk : std::uint32_t {
  kMixedNeurons,      ///< Q1
  kValueSeed,         ///< Q2
  kCopiedSeed,        ///< Q3, put right unless the semantics are `literal`
  kShapeDispatch,     ///< Q6
  kFullBias,          ///< Q7
  kGamma,             ///< Q9
  kBlockedInputRule,  ///< Q10
  kSignThreshold,     ///< Q13
  kGradCamLevels,     ///< Q15
  kGradCamNaN,        ///< Q16
  kGuidedGradCam,     ///< Q17
  kPoolTies,          ///< Q20
  kMovingTarget,      ///< Q21
  kWholeLayers,       ///< Q31
};

/// A row of docs/semantics.md.
struct QuirkInfo {
  Quirk quirk;
  std::string_view id;      ///< "Q7"
  std::string_view effect;  ///< what the reference does
};

std::span<const QuirkInfo> quirk_table();

/// A set of quirks, for `touched`.
using QuirkSet = std::uint32_t;
constexpr QuirkSet bit(Quirk quirk) { return QuirkSet{1} << static_cast<std::uint32_t>(quirk); }

/// Which quirks are put right. A walk asks `fixes` where a quirk would change its result, and what was not put right is
/// remembered in `touched`. Not safe for concurrent use.
class Semantics {
 public:
  Semantics() = default;  ///< `signxai`
  /// "signxai", "sound", "literal", or the quirks to put right: "Q1,Q7". Throws Error(kInvalidArgument).
  static Semantics parse(std::string_view text);

  bool fixes(Quirk quirk) const {
    const bool fixed = (fixed_ & bit(quirk)) != 0;
    if (!fixed && touched) *touched |= bit(quirk);
    return fixed;
  }

  QuirkSet* touched = nullptr;

 private:
  QuirkSet fixed_ = bit(Quirk::kCopiedSeed);
};

}  // namespace signxai::reverse
