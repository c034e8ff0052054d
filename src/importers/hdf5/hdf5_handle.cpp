// Error reporting of the scan.
#include "importers/hdf5/hdf5_handle.h"

namespace signxai::hdf5 {
namespace {

// The first entry upwards is where the failure arose; the outer ones only say "can't open object".
std::string innermost_reason() {
  std::string reason;
  H5Ewalk2(
      H5E_DEFAULT, H5E_WALK_UPWARD,
      [](unsigned, const H5E_error2_t* entry, void* target) -> herr_t {
        auto& text = *static_cast<std::string*>(target);
        if (text.empty() && entry->desc != nullptr) text = entry->desc;
        return 0;
      },
      &reason);
  return reason;
}

std::string quoted(std::string_view path) { return path.empty() ? "" : "'" + std::string(path) + "' "; }

}  // namespace

void refuse(ErrorCode code, std::string_view path, std::string_view message) {
  throw Error(code, "import", "", quoted(path).append(message));
}

void refuse_damaged(std::string_view path, std::string_view message) {
  const std::string reason = innermost_reason();
  refuse(ErrorCode::kCorruptFile, path,
         std::string(message) + (reason.empty() ? "" : " (libhdf5: " + reason + ")") + "; the file is damaged");
}

Handle checked(hid_t id, Handle::Close close, std::string_view path, std::string_view message) {
  if (id < 0) refuse_damaged(path, message);
  return Handle(id, close);
}

}  // namespace signxai::hdf5
