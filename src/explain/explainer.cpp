// The Explainer: checks a call, compiles or reuses executables, streams samples through them.
#include "signxai/explainer.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>

#include <fmt/format.h>

#include "base/threads.h"
#include "explain/checks.h"
#include "explain/chunk.h"
#include "explain/compile.h"
#include "explain/embedded.h"
#include "explain/expanded.h"
#include "explain/ledger.h"
#include "explain/sampled.h"
#include "explain/user_maps.h"
#include "graph/op.h"
#include "graph/text.h"
#include "runtime/arena_pool.h"
#include "signxai/error.h"

namespace signxai {

using explain::Compiled;
using explain::Request;

struct Explainer::Impl {
  Model model;
  ExplainerOptions options;
  std::shared_ptr<explain::ModelCache> cache;  ///< the model's, or with a memory limit one of its own
  std::shared_ptr<runtime::ArenaPool> arenas = std::make_shared<runtime::ArenaPool>();
  std::optional<graph::Network> cut;  ///< for methods that move the vectors behind token ids
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<const Compiled>> compiled;

  Impl(Model m, ExplainerOptions o)
      : model(std::move(m)),
        options(std::move(o)),
        cache(options.max_memory > 0 ? std::make_shared<explain::ModelCache>(options.max_memory) : model.cache()),
        cut(explain::cut_at_embeddings(network())) {}

  const graph::Network& network() const { return *model.network(); }

  /// Adds the time of a compilation to `seconds`; nothing when the executable is there already.
  std::shared_ptr<const Compiled> get(const Request& request, double& seconds) {
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

  /// Whether a call with a plain target is one run of one executable, and the only one.
  bool runs_once(std::int64_t samples, const std::vector<methods::Resolved>& methods) const {
    const auto samples_points = [](const methods::Resolved& method) { return method.user || method.def->sampling; };
    return options.single_call && samples == 1 && std::none_of(methods.begin(), methods.end(), samples_points);
  }

  /// Gives back what an executable takes of the budget; nothing when it was not finished.
  void drop(const std::string& key) {
    const std::lock_guard lock(mutex);
    compiled.erase(key);
    cache->constants.prune();
  }
};

namespace {

std::vector<methods::Resolved> resolve_all(const std::vector<MethodRequest>& requests,
                                           const ExplainerOptions& options) {
  std::vector<methods::Resolved> resolved;
  for (const MethodRequest& request : requests) {
    resolved.push_back(methods::resolve(request.name, request.parameters, options.extensions.get()));
    resolved.back().ledger = request.ledger;
    if (request.ledger) explain::check_ledger(resolved.back());
  }
  return resolved;
}

/// The same for what only methods of the graph have.
std::vector<methods::Resolved> resolve_compiled(const std::vector<MethodRequest>& requests,
                                                const ExplainerOptions& options) {
  std::vector<methods::Resolved> resolved = resolve_all(requests, options);
  for (const methods::Resolved& method : resolved) {
    if (!method.user) continue;
    throw Error(ErrorCode::kUnsupported, "method", method.name,
                "is a function of the caller's, which has no compiled steps; try the methods that it asks for");
  }
  return resolved;
}

/// Puts `part` (samples first) into `whole` at sample `first`; makes `whole` on the first call.
void place_part(Tensor& whole, Tensor part, std::int64_t first, std::int64_t samples) {
  if (part.shape.front() == samples) {
    whole = std::move(part);
    return;
  }
  if (whole.shape.empty()) {
    Shape shape = part.shape;
    shape.front() = samples;
    whole = Tensor(shape);
  }
  const std::int64_t size = element_count(part.shape) / std::max<std::int64_t>(part.shape.front(), 1);
  std::copy(part.data.begin(), part.data.end(), whole.data.begin() + first * size);
}

/// The map of a method from its raw graph outputs.
Tensor finished(const methods::Resolved& method, std::vector<Tensor> raw, const Shape& sample_shape,
                const reverse::Semantics& semantics) {
  if (!method.def->finish) return std::move(raw.front());
  const methods::Finish finish = method.def->finish(method.parameters, semantics);
  const std::int64_t samples = raw.front().shape.front();
  Tensor whole;
  for (std::int64_t n = 0; n < samples; ++n) {
    std::vector<Tensor> one;
    for (const Tensor& tensor : raw) one.push_back(explain::sample_of(tensor, n));
    Tensor map = finish(one, sample_shape);
    map.shape.insert(map.shape.begin(), 1);
    place_part(whole, std::move(map), n, samples);
  }
  return whole;
}

/// Indices of what is explained, as Explanation describes them.
void set_targets(Explanation& result, const graph::Network& network, const Target& target,
                 const std::vector<Tensor>& logits) {
  const std::int64_t samples = logits.front().shape.front();
  const std::vector<int> heads = explain::heads_of(network, target);
  std::vector<const Tensor*> explained;
  for (int head : heads) {
    const auto at = std::find(network.outputs.begin(), network.outputs.end(), head) - network.outputs.begin();
    explained.push_back(&logits[static_cast<std::size_t>(at)]);
    result.explained.push_back(network.graph.outputs()[static_cast<std::size_t>(at)].name);
  }
  result.targets_shape = {samples};
  if (heads.size() > 1) result.targets_shape.push_back(static_cast<std::int64_t>(heads.size()));
  const bool index = target.kind == Target::Kind::kIndex;
  const std::vector<float> indices = index ? explain::targets_of(target, 0, samples) : std::vector<float>();
  for (std::int64_t n = 0; n < samples; ++n) {
    for (const Tensor* tensor : explained) {
      const auto size = static_cast<std::ptrdiff_t>(tensor->data.size()) / samples;
      const auto row = tensor->data.begin() + n * size;
      const std::int64_t largest = std::max_element(row, row + size) - row;
      const bool max = target.kind == Target::Kind::kMax;
      result.targets.push_back(max               ? largest
                               : indices.empty() ? -1
                                                 : static_cast<std::int64_t>(indices[static_cast<std::size_t>(n)]));
    }
  }
}

}  // namespace

namespace {

/// Rows that a target makes of one sample.
std::int64_t rows_of(const Target& target, const graph::Network& network) {
  if (target.kind != Target::Kind::kTop && target.kind != Target::Kind::kEach) return 1;
  const int head = explain::heads_of(network, target).front();
  const Shape& shape = network.graph.type(network.calls[static_cast<std::size_t>(head)].output).shape;
  const std::int64_t all = std::max<std::int64_t>(element_count(Shape(shape.begin() + 1, shape.end())), 1);
  return target.kind == Target::Kind::kEach ? all : std::min(all, target.count);
}

/// Points that the method evaluates of one sample.
std::int64_t points_of(const methods::Resolved& method) {
  return !method.user && method.def->sampling ? method.def->sampling(method.parameters).count : 1;
}

}  // namespace

/// One call with a target of the plain kinds (not top, not each), already checked.
struct Explainer::Run {
  Impl& impl;
  const explain::Batch& inputs;
  const std::vector<methods::Resolved>& methods;
  const Target& target;
  Explanation result{};
  std::vector<Tensor> logits{};
  bool runs_once = false;            ///< there is one chunk, of one run, and no other call
  std::vector<std::string> open{};   ///< methods of the caller's that this call is part of
  std::vector<std::string> tried{};  ///< keys of what was compiled to see what it needs

  const std::string& semantics() const { return impl.options.semantics; }
  /// Asks for permission to go on: sampling methods compile, or look up, before each part of their points.
  explain::Compile compile(const Progress& progress, std::int64_t done) {
    return [this, &progress, done](const Request& request) {
      report(progress, done);
      return impl.get(request, result.compile_seconds);
    };
  }
  void report(const Progress& progress, std::int64_t done) const {
    if (progress && !progress(done, inputs.samples()))
      throw Error(ErrorCode::kCancelled, "explain", "", "stopped by the caller");
  }

  Request joint_request(const explain::Batch& part) const {
    Request request{part.shapes, target, {}, semantics()};
    request.runs_once = runs_once;
    for (const auto& method : methods) {
      if (!method.def->sampling && !method.user) request.methods.push_back(method);
    }
    return request;
  }

  /// What a chunk of so many samples, and of so many points of methods that evaluate several, needs. Rows of one sample
  /// are held together, whatever the chunk.
  explain::ChunkNeed need(std::int64_t samples, std::int64_t points, std::int64_t held) {
    const Request request = joint_request(inputs.part(0, samples));
    tried = {request.key()};
    const auto joint = impl.get(request, result.compile_seconds);
    explain::ChunkNeed need{joint->working_bytes(), 2 * joint->data_bytes() * std::max(samples, held) / samples};
    for (const methods::Resolved& method : methods) {
      if (!method.def->sampling) continue;
      const std::int64_t count = std::min(points, points_of(method));
      const bool index = target.kind == Target::Kind::kIndex;
      Request at{inputs.part(0, count).shapes, index ? Target::index(0) : target, {method}, semantics()};
      if (impl.cut) at.inputs = explain::embedded_shapes(impl.network(), *impl.cut, at.inputs), at.embedded = true;
      tried.push_back(at.key());
      const auto one = impl.get(at, result.compile_seconds);
      need.working = std::max(need.working, one->working_bytes() + 2 * one->data_bytes());
      need.data += 8 * one->data_bytes() / count;  // moments in double precision, and the map
    }
    return need;
  }

  /// How many of `rows` samples, of which each sample of the caller's makes `held`, and how many points of one sample
  /// are computed together.
  std::int64_t chunk_size(std::int64_t rows, std::int64_t held) {
    std::int64_t most = rows;
    for (const methods::Resolved& method : methods) most = std::max(most, points_of(method));
    // One row is one chunk: a small network is explained in less time than its activations are counted.
    const bool chosen = most == 1 || impl.options.batch > 0;
    const std::int64_t wanted = chosen ? std::clamp<std::int64_t>(impl.options.batch, 1, most)
                                       : explain::usual_chunk(impl.network(), inputs.shapes, most);
    const auto drop = [&] {
      for (const std::string& key : tried) impl.drop(key);
    };
    return explain::fit_chunk(
        wanted, impl.cache->budget, [&](std::int64_t count) { return need(std::min(count, rows), count, held); }, drop);
  }

  /// The target of `count` samples from `first`.
  Target part_target(std::int64_t first, std::int64_t count) const {
    if (target.kind == Target::Kind::kWeights) {
      Target part = target;
      const std::int64_t outputs = target.weights->shape.back();
      part.weights = std::make_shared<const Tensor>(Shape{count, outputs}, explain::targets_of(target, first, count));
      return part;
    }
    if (target.kind != Target::Kind::kIndex) return target;
    Target part = Target::per_sample({});
    part.output = target.output;
    for (float t : explain::targets_of(target, first, count)) part.indices.push_back(static_cast<std::int64_t>(t));
    return part;
  }

  /// What is explained of these samples.
  Explanation found_targets(const std::vector<Tensor>& part, std::int64_t first, std::int64_t count) const {
    Explanation found;
    set_targets(found, impl.network(), part_target(first, count), part);
    return found;
  }

  /// The target of other points that stand for the samples: the largest output is that of the samples themselves.
  Target neuron_target(const std::vector<Tensor>& part, std::int64_t first, std::int64_t count) const {
    if (target.kind != Target::Kind::kMax) return part_target(first, count);
    const Explanation found = found_targets(part, first, count);
    if (found.targets_shape.size() > 1) return target;
    Target fixed = Target::per_sample(found.targets);
    fixed.output = target.output;
    return fixed;
  }

  /// The target of the samples of a wrapping method: in `sound` semantics the neuron is found at the sample itself and
  /// not anew at each point (SEMANTICS Q21).
  Target fixed_target(const std::vector<Tensor>& part, std::int64_t first, std::int64_t count) const {
    const bool moves = target.kind == Target::Kind::kMax &&
                       !reverse::Semantics::parse(semantics()).fixes(reverse::Quirk::kMovingTarget);
    return moves ? target : neuron_target(part, first, count);
  }

  /// The maps of a method of the caller's for the samples of `part`, which begin at `first`.
  explain::UserMaps user_maps(const methods::Resolved& method, const explain::Batch& part,
                              const std::vector<Tensor>& part_logits, std::int64_t first, const Progress& progress) {
    const std::int64_t count = part.samples();
    std::vector<std::string> chain = open;
    chain.push_back(method.name);
    std::mutex guard;  // the method may ask from several threads
    const auto run = [&](const std::vector<MethodRequest>& requests, const explain::Batch& batch, const Target& at) {
      const Target whole = explain::checked_target(at, impl.network(), batch);
      const std::vector<methods::Resolved> resolved = resolve_all(requests, impl.options);
      for (const methods::Resolved& other : resolved) explain::check_recursion(other, chain);
      const Progress alive = [&](std::int64_t, std::int64_t) {
        const std::lock_guard lock(guard);
        report(progress, first);
        return true;
      };
      Explanation maps = Run{impl, batch, resolved, whole, {}, {}, false, chain}.all(alive);
      const std::lock_guard lock(guard);
      result.compile_seconds += maps.compile_seconds;
      return maps;
    };
    const auto other = [&](const std::vector<MethodRequest>& requests, const std::vector<TensorView>& at) {
      if (at.empty()) return run(requests, part, part_target(first, count));
      return run(requests, explain::checked_batch(impl.model, at), neuron_target(part_logits, first, count));
    };
    return explain::user_maps(method, impl.model, part, found_targets(part_logits, first, count), other);
  }

  /// Adds the maps of one slot of the explanation; makes its entry on the first chunk.
  void keep(std::size_t slot, const methods::Resolved& method, const std::string& place, Tensor map, std::int64_t first,
            reverse::QuirkSet touched) {
    if (result.maps.size() <= slot) {
      result.maps.push_back(
          {method.name, place, {}, method.notes(impl.network(), reverse::Semantics::parse(semantics())), {}});
      for (const reverse::QuirkInfo& info : reverse::quirk_table()) {
        if (touched & reverse::bit(info.quirk)) result.maps.back().quirks.emplace_back(info.id);
      }
    }
    place_part(result.maps[slot].map, std::move(map), first, inputs.samples());
  }

  /// Adds the samples of a chunk to a ledger; makes it on the first chunk.
  void keep_ledger(std::size_t account, const methods::Resolved& method, const std::vector<int>& calls,
                   const Tensor& table) {
    if (result.ledgers.size() <= account) {
      result.ledgers.push_back(
          explain::open_ledger(method, impl.network(), calls, reverse::Semantics::parse(semantics())));
    }
    explain::append_samples(result.ledgers[account], table);
  }

  /// Maps of methods that evaluate the same points, by method and place.
  std::vector<std::vector<Tensor>> sampled(const explain::Batch& part, const std::vector<methods::Resolved>& group,
                                           const Target& fixed, std::int64_t chunk_size,
                                           const explain::Compile& compile) const {
    const std::vector<float> targets = explain::targets_of(fixed, 0, part.samples());
    if (!impl.cut) {
      return explain::sampled({part.shapes, fixed, group, semantics()}, part, targets, chunk_size, compile);
    }
    const explain::Embedded vectors(impl.network(), *impl.cut, part);
    Request points{vectors.batch().shapes, fixed, {}, semantics()};
    for (const methods::Resolved& method : group) {
      points.methods.push_back(explain::Embedded::at_baseline(impl.network(), *impl.cut, part, method));
    }
    points.embedded = true;
    return explain::sampled(points, vectors.batch(), targets, chunk_size, compile);
  }

  /// Maps by index of the method, of this one and of all that share its points.
  std::map<std::size_t, std::vector<Tensor>> sampled_from(std::size_t index, const explain::Batch& part,
                                                          const Target& fixed, std::int64_t chunk_size,
                                                          const explain::Compile& compile) const {
    std::vector<std::size_t> places;
    std::vector<methods::Resolved> group;
    for (std::size_t other = index; other < methods.size(); ++other) {
      if (other != index && !explain::share_points(methods[index], methods[other])) continue;
      places.push_back(other);
      group.push_back(methods[other]);
    }
    std::vector<std::vector<Tensor>> maps = sampled(part, group, fixed, chunk_size, compile);
    std::map<std::size_t, std::vector<Tensor>> found;
    for (std::size_t i = 0; i < places.size(); ++i) found[places[i]] = std::move(maps[i]);
    return found;
  }

  void chunk(std::int64_t first, std::int64_t count, std::int64_t chunk_size, const Progress& progress) {
    const explain::Batch part = inputs.part(first, count);
    const auto executable = impl.get(joint_request(part), result.compile_seconds);
    std::vector<Tensor> outputs = executable->run(part.data, explain::targets_of(target, first, count));
    const std::size_t ends = impl.network().outputs.size();
    logits.resize(ends);
    result.outputs.resize(ends);
    for (std::size_t i = 0; i < ends; ++i) place_part(logits[i], outputs[i], first, inputs.samples());
    for (std::size_t i = 0; i < ends; ++i)
      place_part(result.outputs[i], std::move(outputs[ends + i]), first, inputs.samples());
    std::size_t next = 2 * ends, joint = 0, slot = 0, account = 0;
    auto from = executable->slots().begin();
    const std::vector<Tensor> part_logits(outputs.begin(), outputs.begin() + static_cast<std::ptrdiff_t>(ends));
    const std::vector<PortInfo> ports = impl.model.inputs();
    std::map<std::size_t, std::vector<Tensor>> ready;  // by index of the method
    for (const methods::Resolved& method : methods) {
      if (method.user) {
        const explain::UserMaps found = user_maps(method, part, part_logits, first, progress);
        for (std::size_t i = 0; i < found.maps.size(); ++i) {
          keep(slot, method, found.maps.size() > 1 ? ports[i].name : "", found.maps[i], first, 0);
          explain::add_notes(result.maps[slot++], found);
        }
        continue;
      }
      if (method.def->sampling) {
        const Target fixed = fixed_target(part_logits, first, count);
        const auto index = static_cast<std::size_t>(&method - methods.data());
        if (ready.count(index) == 0) {
          ready.merge(sampled_from(index, part, fixed, chunk_size, compile(progress, first)));
        }
        std::vector<Tensor> maps = std::move(ready.extract(index).mapped());
        const graph::Network& network = impl.cut ? *impl.cut : impl.network();
        const std::vector<int> places = network.input_calls();
        const bool moving = fixed.kind == Target::Kind::kMax;
        const reverse::QuirkSet touched = moving ? reverse::bit(reverse::Quirk::kMovingTarget) : 0;
        for (std::size_t i = 0; i < maps.size(); ++i)
          keep(slot++, method, maps.size() > 1 ? network.calls[static_cast<std::size_t>(places[i])].name : "",
               std::move(maps[i]), first, touched);
        continue;
      }
      for (; from != executable->slots().end() && from->method == joint; ++from) {
        const auto begin = std::make_move_iterator(outputs.begin() + static_cast<std::ptrdiff_t>(next));
        std::vector<Tensor> raw(begin, begin + static_cast<std::ptrdiff_t>(from->values));
        next += from->values;
        if (!from->ledger.empty()) keep_ledger(account++, method, from->ledger, outputs[next++]);
        const Shape sample_shape(from->shape.begin() + 1, from->shape.end());
        reverse::QuirkSet touched = from->touched;
        reverse::Semantics rest = reverse::Semantics::parse(semantics());
        rest.touched = &touched;
        Tensor map = finished(method, std::move(raw), sample_shape, rest);
        keep(slot++, method, from->place, std::move(map), first, touched);
      }
      ++joint;
    }
  }

  Explanation all(const Progress& progress) {
    const ThreadScope threads(impl.options.threads);
    const std::int64_t samples = inputs.samples(), size = chunk_size(samples, 1);
    const auto begin = std::chrono::steady_clock::now();
    for (std::int64_t first = 0; first < samples; first += size) {
      const std::int64_t count = std::min(size, samples - first);
      chunk(first, count, size, progress);
      report(progress, first + count);
    }
    set_targets(result, impl.network(), target, logits);
    for (MethodMap& map : result.maps) {
      if (const auto note = explain::describe_not_finite(map.map)) map.notes.push_back(*note);
    }
    result.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count() - result.compile_seconds;
    return std::move(result);
  }
};

Explainer::Explainer(Model model, ExplainerOptions options)
    : impl_(std::make_unique<Impl>(std::move(model), std::move(options))) {
  explain::check_options(impl_->options);
  if (impl_->options.max_memory > 0) impl_->cache->budget.take(explain::weight_bytes(impl_->network()));
}
Explainer::~Explainer() = default;
Explainer::Explainer(Explainer&&) noexcept = default;
Explainer& Explainer::operator=(Explainer&&) noexcept = default;

const Model& Explainer::model() const { return impl_->model; }

Explanation Explainer::explain(const std::vector<TensorView>& inputs, const std::vector<MethodRequest>& requests,
                               const Target& given, const Progress& progress) const {
  const explain::Batch batch = explain::checked_batch(impl_->model, inputs);
  const Target target = explain::checked_target(given, impl_->network(), batch);
  const std::vector<methods::Resolved> resolved = resolve_all(requests, impl_->options);
  if (target.kind != Target::Kind::kTop && target.kind != Target::Kind::kEach) {
    return Run{*impl_, batch, resolved, target, {}, {}, impl_->runs_once(batch.samples(), resolved)}.all(progress);
  }
  const Explanation scores = Run{*impl_, batch, {}, Target::max()}.all({});
  const explain::Expanded expanded(impl_->network(), batch, target, scores);
  return expanded.folded(Run{*impl_, expanded.batch(), resolved, expanded.target()}.all(progress), scores);
}

std::vector<Tensor> Explainer::predict(const std::vector<TensorView>& inputs) const {
  return explain(inputs, {}).outputs;
}

std::int64_t Explainer::chunk(const std::vector<Shape>& sample, const std::vector<MethodRequest>& requests,
                              const Target& target, std::int64_t samples) const {
  explain::Batch one;  // only its shapes count
  for (Shape shape : sample) {
    shape.insert(shape.begin(), 1);
    one.shapes.push_back(std::move(shape));
    one.data.push_back(nullptr);
  }
  const std::vector<methods::Resolved> resolved = resolve_all(requests, impl_->options);
  const std::int64_t rows = rows_of(target, impl_->network());
  Target plain = target;
  if (rows > 1 || target.kind == Target::Kind::kTop || target.kind == Target::Kind::kEach)
    plain.kind = Target::Kind::kIndex;
  const ThreadScope threads(impl_->options.threads);
  Run run{*impl_, one, resolved, plain, {}, {}, plain.kind == target.kind && impl_->runs_once(samples, resolved)};
  return std::clamp<std::int64_t>(run.chunk_size(samples * rows, rows) / rows, 1, std::max<std::int64_t>(samples, 1));
}

std::vector<std::string> Explainer::map_names(const std::vector<MethodRequest>& requests) const {
  std::vector<std::string> names;
  for (const methods::Resolved& method : resolve_all(requests, impl_->options)) {
    const std::vector<int> places = method.places(impl_->network());
    for (int place : places) {
      const std::string& layer = impl_->network().calls[static_cast<std::size_t>(place)].name;
      names.push_back(places.size() > 1 ? method.name + "/" + layer : method.name);
    }
  }
  return names;
}

std::vector<MethodRequest> Explainer::applicable(const std::vector<Shape>& sample,
                                                 const std::vector<MethodRequest>& requests,
                                                 std::vector<std::pair<std::string, std::string>>* refused) const {
  Request request{{}, Target::max(), {}, impl_->options.semantics};
  for (Shape shape : sample) {
    shape.insert(shape.begin(), 1);
    request.inputs.push_back(std::move(shape));
  }
  std::vector<MethodRequest> fitting;
  for (const MethodRequest& one : requests) {
    try {
      request.methods = resolve_all({one}, impl_->options);
      if (!request.methods.front().user) explain::build_graph(impl_->network(), request);
      fitting.push_back(one);
    } catch (const Error& error) {
      if (refused) refused->emplace_back(one.name, error.message());
    }
  }
  return fitting;
}

std::vector<StepTime> Explainer::profile(const std::vector<TensorView>& sample,
                                         const std::vector<MethodRequest>& requests, const Target& given,
                                         int repeats) const {
  const explain::Batch batch = explain::checked_batch(impl_->model, sample);
  const Target target = explain::checked_target(given, impl_->network(), batch);
  if (impl_->options.backend != "cpu")
    throw Error(ErrorCode::kUnsupported, "explain", "profile", "needs the cpu backend");
  const ThreadScope threads(impl_->options.threads);
  double compile_seconds = 0;
  const auto executable = impl_->get(
      {batch.shapes, target, resolve_compiled(requests, impl_->options), impl_->options.semantics}, compile_seconds);
  const std::vector<float> targets = explain::targets_of(target, 0, batch.samples());
  executable->run(batch.data, targets);
  std::vector<runtime::StepProfile> profile;
  for (int i = 0; i < std::max(repeats, 1); ++i) executable->run(batch.data, targets, &profile);
  std::vector<StepTime> times;
  const graph::Graph& graph = executable->graph();
  for (auto& step : profile) {
    const auto middle = step.seconds.begin() + static_cast<std::ptrdiff_t>(step.seconds.size() / 2);
    std::nth_element(step.seconds.begin(), middle, step.seconds.end());
    times.push_back({graph[step.value].op->name, graph.origin(step.value), std::string(step.kernel), *middle});
  }
  return times;
}

std::vector<std::string> Explainer::layer_rules(const MethodRequest& method) const {
  return methods::layer_treatments(methods::resolve(method.name, method.parameters, impl_->options.extensions.get()),
                                   impl_->network(), reverse::Semantics::parse(impl_->options.semantics));
}

std::string Explainer::graph_text(const std::string& stage, const std::vector<MethodRequest>& requests) const {
  if (stage == "import") return graph::to_text(impl_->network().graph);
  Request request{{}, Target::max(), resolve_compiled(requests, impl_->options), impl_->options.semantics};
  for (const PortInfo& port : impl_->model.inputs()) {
    Shape shape = port.shape;
    if (std::any_of(shape.begin(), shape.end(), [](auto extent) { return extent < 0; })) {
      throw Error(
          ErrorCode::kInvalidArgument, "inspect", stage,
          "the network's input " + to_string(shape) + " has open extents; only the stage 'import' can be shown");
    }
    shape.insert(shape.begin(), 1);
    request.inputs.push_back(std::move(shape));
  }
  if (stage == "graph") return graph::to_text(explain::build_graph(impl_->network(), request));
  if (stage != "plan") {
    throw Error(ErrorCode::kInvalidArgument, "inspect", stage, "is not a stage; expected import, graph or plan");
  }
  double compile_seconds = 0;
  const auto executable = impl_->get(request, compile_seconds);
  const std::string steps = executable->program() ? executable->program()->describe() : "";
  return graph::to_text(executable->graph()) + steps;
}

std::vector<QuirkDescription> quirks() {
  std::vector<QuirkDescription> list;
  for (const reverse::QuirkInfo& info : reverse::quirk_table())
    list.push_back({std::string(info.id), std::string(info.effect)});
  return list;
}

std::string Explainer::instruction_set() { return cpu_path(); }

}  // namespace signxai
