// What an Explainer holds: model, options, and the executables that its calls share.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "explain/compile.h"
#include "explain/model_cache.h"
#include "graph/network.h"
#include "methods/method.h"
#include "runtime/arena_pool.h"
#include "signxai/explainer.h"

namespace signxai {

struct Explainer::Impl {
  Model model;
  ExplainerOptions options;
  std::shared_ptr<explain::ModelCache> cache;  ///< the model's, or with a memory limit one of its own
  std::shared_ptr<runtime::ArenaPool> arenas = std::make_shared<runtime::ArenaPool>();
  std::optional<graph::Network> cut;  ///< for methods that move the vectors behind token ids
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<const explain::Compiled>> compiled;

  Impl(Model model, ExplainerOptions options);

  const graph::Network& network() const { return *model.network(); }

  /// Throws Error(kInvalidArgument) for unknown methods and parameters.
  std::vector<methods::Resolved> resolve(const std::vector<MethodRequest>& requests) const;
  /// The same for what only methods of the graph have: Error(kUnsupported) for functions of the caller's.
  std::vector<methods::Resolved> resolve_compiled(const std::vector<MethodRequest>& requests) const;

  /// Adds the time of a compilation to `seconds`; nothing when the executable is there already. Thread safe.
  std::shared_ptr<const explain::Compiled> get(const explain::Request& request, double& seconds);

  /// Gives back what an executable takes of the budget; nothing when it was not finished. Thread safe.
  void drop(const std::string& key);

  /// Whether a call with a plain target is one run of one executable, and the only one.
  bool runs_once(std::int64_t samples, const std::vector<methods::Resolved>& methods) const;
};

}  // namespace signxai
