// Any bytes as the files of a SavedModel: saved_model.pb, keras_metadata.pb, the table of variables and one file of
// data, each behind its length in four bytes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "graph/verify.h"
#include "importers/tensorflow/load.h"
#include "signxai/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::map<std::string, signxai::base::Bytes> files;
  for (const char* name : {"saved_model.pb", "keras_metadata.pb", "variables/variables.index",
                           "variables/variables.data-00000-of-00001"}) {
    std::uint32_t length = 0;
    if (size < sizeof length) break;
    std::memcpy(&length, data, sizeof length);
    data += sizeof length, size -= sizeof length;
    const std::size_t count = length < size ? length : size;
    const std::shared_ptr<std::byte> bytes(new std::byte[count + 1], std::default_delete<std::byte[]>());
    std::memcpy(bytes.get(), data, count);
    data += count, size -= count;
    if (count > 0) files[name] = {bytes, count};
  }
  const auto open = [&](const std::string& name) -> std::optional<signxai::base::Bytes> {
    const auto it = files.find(name);
    return it == files.end() ? std::nullopt : std::optional(it->second);
  };
  try {
    signxai::graph::verify(signxai::tensorflow::load_saved_model(open, "fuzz", {}).graph);
  } catch (const signxai::Error& e) {
    if (e.code() == signxai::ErrorCode::kInternal) std::abort();
  }
  return 0;
}
