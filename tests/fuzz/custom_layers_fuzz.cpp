// Any text as a file of compositions, used for a layer of each class that it states.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "graph/verify.h"
#include "importers/importer.h"
#include "signxai/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace signxai;
  try {
    const CustomLayers layers = CustomLayers::parse({reinterpret_cast<const char*>(data), size});
    for (const std::string& name : layers.class_names()) {
      if (name.find_first_of("\"\\") != std::string::npos) continue;
      const std::string text = R"({"class_name": "Sequential", "config": {"name": "m", "layers": [
        {"class_name": "InputLayer", "config": {"name": "in", "batch_shape": [null, 4, 4, 2]}},
        {"class_name": ")" + name +
                               R"(", "config": {"name": "c", "filters": 2, "units": 2, "project": true}}]}})";
      try {
        graph::verify(make_network(text, {}, {{}, layers}).graph);
      } catch (const Error& e) {
        if (e.code() == ErrorCode::kInternal) std::abort();
      }
    }
  } catch (const Error& e) {
    if (e.code() != ErrorCode::kInvalidArgument) std::abort();
  }
  return 0;
}
