// The version, from the build.
#include "signxai/explainer.h"

namespace signxai {

std::string version() { return SIGNXAI_VERSION; }

}  // namespace signxai
