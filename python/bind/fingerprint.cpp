// Whether the weights of a live model are those that were seen before.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <array>

#include "arrays.h"
#include "bind.h"

namespace nb = nanobind;

namespace signxai::python {
namespace {

nb::bytes fingerprint(const FloatInput& array) {
  XXH128_hash_t hash;
  {
    const nb::gil_scoped_release unlocked;
    hash = XXH3_128bits(array.data(), array.size() * sizeof(float));
  }
  const std::array<std::uint64_t, 2> words = {hash.low64, hash.high64};
  return nb::bytes(words.data(), sizeof(words));
}

}  // namespace

void bind_fingerprint(nb::module_& module) {
  module.def("fingerprint", &fingerprint, nb::arg("array"), "128 bits that tell whether the numbers are the same (XXH3).");
}

}  // namespace signxai::python
