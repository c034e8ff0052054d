// Executables by request, made once.
#include "explain/explainer_impl.h"

#include <algorithm>
#include <chrono>

#include "base/threads.h"
#include "explain/embedded.h"
#include "explain/ledger.h"
#include "signxai/error.h"

namespace signxai {

using explain::Compiled;

Explainer::Impl::Impl(Model m, ExplainerOptions o)
    : model(std::move(m)),
      options(std::move(o)),
      cache(options.max_memory > 0 ? std::make_shared<explain::ModelCache>(options.max_memory) : model.cache()),
      cut(explain::cut_at_embeddings(network())) {}

std::vector<methods::Resolved> Explainer::Impl::resolve(const std::vector<MethodRequest>& requests) const {
  std::vector<methods::Resolved> resolved;
  for (const MethodRequest& request : requests) {
    resolved.push_back(methods::resolve(request.name, request.parameters, options.extensions.get()));
    resolved.back().ledger = request.ledger;
    if (request.ledger) explain::check_ledger(resolved.back());
  }
  return resolved;
}

std::vector<methods::Resolved> Explainer::Impl::resolve_compiled(const std::vector<MethodRequest>& requests) const {
  std::vector<methods::Resolved> resolved = resolve(requests);
  for (const methods::Resolved& method : resolved) {
    if (!method.user) continue;
    throw Error(ErrorCode::kUnsupported, "method", method.name,
                "is a function of the caller's, which has no compiled steps; try the methods that it asks for");
  }
  return resolved;
}

std::shared_ptr<const Compiled> Explainer::Impl::get(const explain::Request& request, double& seconds) {
  const std::lock_guard lock(mutex);
  const ThreadScope threads(options.threads);  // kernels are made for the thread count they run with
  std::shared_ptr<const Compiled>& entry = compiled[request.key()];
  if (!entry) {
    const auto start = std::chrono::steady_clock::now();
    entry = std::make_shared<const Compiled>(request.embedded ? *cut : network(), request, options, *cache, arenas);
    seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  return entry;
}

void Explainer::Impl::drop(const std::string& key) {
  const std::lock_guard lock(mutex);
  compiled.erase(key);
  cache->constants.prune();
}

bool Explainer::Impl::runs_once(std::int64_t samples, const std::vector<methods::Resolved>& methods) const {
  const auto samples_points = [](const methods::Resolved& method) { return method.user || method.def->sampling; };
  return options.single_call && samples == 1 && std::none_of(methods.begin(), methods.end(), samples_points);
}

}  // namespace signxai
