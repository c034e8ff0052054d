// Fuzzes the ONNX importer: any bytes as a model in memory. The result must be a network that holds its invariants, or
// an Error.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "graph/verify.h"
#include "importers/onnx/load.h"
#include "signxai/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace signxai;
  try {
    const graph::Network network = onnx::make_model({reinterpret_cast<const char*>(data), size}, "fuzz");
    graph::verify(network.graph);
    graph::verify(network.probabilities);
    for (const graph::LayerCall& call : network.calls) {
      if (!call.output || !call.kernel_output || call.inputs.size() != call.producers.size()) std::abort();
    }
  } catch (const Error& e) {
    if (e.code() == ErrorCode::kInternal) std::abort();
  }
  return 0;
}
