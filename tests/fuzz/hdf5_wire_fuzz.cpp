// Any bytes as a message from the child process that reads HDF5 files; what is accepted must survive another trip.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "importers/hdf5/wire.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view message(reinterpret_cast<const char*>(data), size);
  try {
    const signxai::hdf5::Object root = signxai::hdf5::decode_reply(message, "fuzz");
    const std::string once = signxai::hdf5::encode_listing(root);
    if (signxai::hdf5::encode_listing(signxai::hdf5::decode_reply(once, "fuzz")) != once) std::abort();
    for (const auto& attribute : root.attributes) {
      root.string_list(attribute.name);
    }
  } catch (const signxai::Error&) {
  }
  return 0;
}
