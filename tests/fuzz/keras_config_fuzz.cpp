// Fuzzes the Keras importer behind the container: any text as a model's configuration, with weights of whatever shape
// is asked for. The result must be a network that holds its invariants, or an Error.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "graph/verify.h"
#include "importers/keras/assemble.h"
#include "signxai/error.h"

namespace signxai::keras {
namespace {

/// Zeros of every shape that fits into a small file.
class SmallWeights : public WeightSource {
 public:
  graph::Literal read(const WeightOwner& owner, std::size_t, const std::string& role, const Shape& expected) override {
    constexpr std::int64_t kMost = 1 << 16;
    std::int64_t room = kMost;
    for (const std::int64_t extent : expected) {
      if (extent < 1 || extent > room) throw Error(ErrorCode::kCorruptFile, "import", owner.subject, "too large");
      room /= extent;
    }
    return graph::Literal(expected, std::vector<float>(static_cast<std::size_t>(element_count(expected))),
                          owner.path + "/" + role);
  }
  void finish(const WeightOwner&, std::size_t) override {}
};

}  // namespace
}  // namespace signxai::keras

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace signxai;
  try {
    keras::SmallWeights weights;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const graph::Network network = keras::build_network(text, weights, "fuzz");
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
