// Provenance: how results were made, so that whoever finds a file can make it again. Goes into every output that has a
// place for it. It holds no date: the same call gives the same bytes.
#pragma once

#include <future>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "signxai/explainer.h"

namespace signxai::cli {

class Provenance {
 public:
  /// Nothing; for calls without outputs.
  Provenance() = default;
  /// Starts to read the model's files for their hashes, while the caller goes on. `preprocessing` may be empty.
  Provenance(const Explainer& explainer, const ExplainerOptions& options, const std::vector<MethodRequest>& methods,
             const std::string& target, const std::string& preprocessing);

  /// Waits for the hashes; throws what went wrong with them, as all that follow but parameters_of.
  nlohmann::ordered_json document() const;
  /// As one line of ASCII; empty if there is nothing.
  std::string text() const;
  /// The same for one picture, with what it shows.
  std::string text_with(const nlohmann::ordered_json& picture) const;
  /// The parameters of a method, resolved, as JSON text.
  std::string parameters_of(const std::string& method) const;

 private:
  nlohmann::ordered_json document_;  ///< but for the model's files
  std::shared_future<nlohmann::ordered_json> files_;
};

}  // namespace signxai::cli
