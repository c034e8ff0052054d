// How every importer says that a file is damaged.
#pragma once

#include <string>

#include "signxai/error.h"

namespace signxai {

/// `subject` names the file and the place in it.
[[noreturn]] inline void corrupt(const std::string& subject, const std::string& message) {
  throw Error(ErrorCode::kCorruptFile, "import", subject, message);
}

}  // namespace signxai
