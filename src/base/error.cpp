// Composition of the one-line message of signxai::Error.
#include "signxai/error.h"

namespace signxai {
namespace {

std::string compose(std::string_view stage, std::string_view subject, std::string_view message) {
  std::string line = "[" + std::string(stage) + "] ";
  if (!subject.empty()) line.append(subject).append(": ");
  return line.append(message);
}

}  // namespace

Error::Error(ErrorCode code, std::string_view stage, std::string_view subject, std::string_view message)
    : std::runtime_error(compose(stage, subject, message)),
      code_(code),
      stage_(stage),
      subject_(subject),
      message_(message) {}

std::string_view to_string(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::kInvalidArgument: return "invalid_argument";
    case ErrorCode::kNotFound: return "not_found";
    case ErrorCode::kUnsupported: return "unsupported";
    case ErrorCode::kCorruptFile: return "corrupt_file";
    case ErrorCode::kOutOfMemory: return "out_of_memory";
    case ErrorCode::kIo: return "io";
    case ErrorCode::kCancelled: return "cancelled";
    case ErrorCode::kInternal: return "internal";
  }
  return "internal";
}

}  // namespace signxai
