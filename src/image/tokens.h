// Texts with relevance: what their drawings in pixels, vectors and HTML share.
#pragma once

#include "signxai/image.h"

namespace signxai::image {

/// Text that is legible on that colour: black or white.
bool needs_light_text(const Rgb& background);

/// "[PAD] x 90": what is shown of a token.
std::string label_of(const ShadedToken& token);

/// Throws kInvalidArgument where a map does not fit the tokens.
void check(const TokenPanel& panel);

/// "scale +-0.12" of a map, per token.
std::string scale_text(const LabelledMap& map, const MapStyle& style);

/// A page of its own, without scripts or anything from elsewhere.
std::string html_of(const TokenPanel& panel, const PictureTexts& texts);

}  // namespace signxai::image
