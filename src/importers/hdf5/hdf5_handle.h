// What the parts of the scan share: owning libhdf5 identifiers, and errors that carry libhdf5's own reason.
#pragma once

// The calls keep the signatures of HDF5 1.10 when built against a later version.
#define H5_USE_110_API
#include <hdf5.h>

#include <string>
#include <string_view>
#include <utility>

#include "signxai/error.h"

namespace signxai::hdf5 {

/// Throws; the message reads "'/path' message".
[[noreturn]] void refuse(ErrorCode code, std::string_view path, std::string_view message);

/// Throws kCorruptFile; adds the innermost reason on libhdf5's error stack.
[[noreturn]] void refuse_damaged(std::string_view path, std::string_view message);

/// Owns an identifier.
class Handle {
 public:
  using Close = herr_t (*)(hid_t);

  Handle(hid_t id, Close close) noexcept : id_(id), close_(close) {}
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Handle& operator=(Handle&&) = delete;
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }

  hid_t get() const noexcept { return id_; }
  bool is_valid() const noexcept { return id_ >= 0; }

 private:
  hid_t id_;
  Close close_;
};

/// Owns `id`; throws as refuse_damaged does when libhdf5 gave none.
Handle checked(hid_t id, Handle::Close close, std::string_view path, std::string_view message);

}  // namespace signxai::hdf5
