// The one exception of the library. Everything that can fail for a user's reason throws signxai::Error while a model is
// loaded or an explanation is compiled; running a compiled explanation on a checked input does not throw.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "signxai/export.h"

namespace signxai {

/// What sort of failure it is. The command line maps codes to exit codes, Python to exception types.
enum class ErrorCode {
  kInvalidArgument,  ///< a value the caller gave is wrong: shape, parameter, target, unknown method
  kNotFound,         ///< a file, layer or dataset that was named does not exist
  kUnsupported,      ///< well-formed, but not something this version can compute
  kCorruptFile,      ///< a file is damaged, truncated or contradicts itself
  kOutOfMemory,      ///< a memory budget or an allocation limit would be exceeded
  kIo,               ///< reading or writing failed: permissions, full disk, existing output
  kCancelled,        ///< a progress callback asked to stop
  kInternal,         ///< a defect of this library; please report it
};

/// `what()` reads "[stage] subject: what is wrong; got ..., expected ...; try ...". `stage` is the pipeline stage
/// ("import", "method", "plan", "image" ...); `subject` names the file, layer or node and may be empty.
class SIGNXAI_API Error : public std::runtime_error {
 public:
  Error(ErrorCode code, std::string_view stage, std::string_view subject, std::string_view message);

  ErrorCode code() const noexcept { return code_; }
  const std::string& stage() const noexcept { return stage_; }
  const std::string& subject() const noexcept { return subject_; }
  /// The message without stage and subject.
  const std::string& message() const noexcept { return message_; }

 private:
  ErrorCode code_;
  std::string stage_, subject_, message_;
};

/// "invalid_argument", "not_found", ...: stable names for logs and JSON.
SIGNXAI_API std::string_view to_string(ErrorCode code) noexcept;

}  // namespace signxai
