// Chunks of samples through executables, and what becomes of their outputs.
#include "explain/call/run.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <memory>
#include <mutex>

#include "base/threads.h"
#include "explain/checks.h"
#include "explain/embedded.h"
#include "explain/ledger.h"
#include "signxai/error.h"

namespace signxai {

using explain::Compiled;
using explain::Request;

namespace {

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

/// Points that the method evaluates of one sample.
std::int64_t points_of(const methods::Resolved& method) {
  return !method.user && method.def->sampling ? method.def->sampling(method.parameters).count : 1;
}

}  // namespace

/// Samples that are computed together, and how far their outputs have been taken: methods take theirs in their order.
struct Explainer::Run::Chunk {
  explain::Batch samples;
  std::int64_t first;  ///< of the call's samples
  std::int64_t size;   ///< how many points of methods that evaluate several are computed together
  const Progress& progress;

  std::shared_ptr<const Compiled> executable{};  ///< of all methods that are one graph
  std::vector<Tensor> outputs{};
  std::vector<Tensor> logits{};
  std::size_t output = 0, compiled_slot = 0;           ///< the next ones of the executable
  std::size_t joint = 0;                               ///< number of the next method in the executable
  std::size_t slot = 0, account = 0;                   ///< the next ones of the explanation
  std::map<std::size_t, std::vector<Tensor>> ready{};  ///< maps by index of a method that shared another's points

  std::int64_t count() const { return samples.samples(); }
};

Explainer::Run::Run(Impl& impl, const explain::Batch& inputs, const std::vector<methods::Resolved>& methods,
                    const Target& target, bool runs_once, std::vector<std::string> open)
    : impl_(impl), inputs_(inputs), methods_(methods), target_(target), runs_once_(runs_once), open_(std::move(open)) {}

Explanation Explainer::Run::all(const Progress& progress) {
  const ThreadScope threads(impl_.options.threads);
  const std::int64_t samples = inputs_.samples(), size = chunk_size(samples, 1);
  const auto begin = std::chrono::steady_clock::now();
  for (std::int64_t first = 0; first < samples; first += size) {
    Chunk chunk{inputs_.part(first, std::min(size, samples - first)), first, size, progress};
    run_chunk(chunk);
    report(progress, first + chunk.count());
  }
  set_targets(result_, impl_.network(), target_, logits_);
  for (MethodMap& map : result_.maps) {
    if (const auto note = explain::describe_not_finite(map.map)) map.notes.push_back(*note);
  }
  result_.seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count() - result_.compile_seconds;
  return std::move(result_);
}

std::int64_t Explainer::Run::chunk_size(std::int64_t rows, std::int64_t held) {
  std::int64_t most = rows;
  for (const methods::Resolved& method : methods_) most = std::max(most, points_of(method));
  // One row is one chunk: a small network is explained in less time than its activations are counted.
  const bool chosen = most == 1 || impl_.options.batch > 0;
  const std::int64_t wanted = chosen ? std::clamp<std::int64_t>(impl_.options.batch, 1, most)
                                     : explain::usual_chunk(impl_.network(), inputs_.shapes, most);
  const auto drop = [&] {
    for (const std::string& key : tried_) impl_.drop(key);
  };
  return explain::fit_chunk(
      wanted, impl_.cache->budget, [&](std::int64_t count) { return need(std::min(count, rows), count, held); }, drop);
}

void Explainer::Run::run_chunk(Chunk& chunk) {
  chunk.executable = impl_.get(joint_request(chunk.samples), result_.compile_seconds);
  chunk.outputs = chunk.executable->run(chunk.samples.data, explain::targets_of(target_, chunk.first, chunk.count()));
  const std::size_t ends = impl_.network().outputs.size();
  logits_.resize(ends);
  result_.outputs.resize(ends);
  for (std::size_t i = 0; i < ends; ++i) {
    chunk.logits.push_back(std::move(chunk.outputs[i]));
    place_part(logits_[i], chunk.logits[i], chunk.first, inputs_.samples());
    place_part(result_.outputs[i], std::move(chunk.outputs[ends + i]), chunk.first, inputs_.samples());
  }
  chunk.output = 2 * ends;
  for (std::size_t i = 0; i < methods_.size(); ++i) {
    if (methods_[i].user) {
      add_user(chunk, methods_[i]);
    } else if (methods_[i].def->sampling) {
      add_sampled(chunk, i);
    } else {
      add_joint(chunk, methods_[i]);
    }
  }
}

void Explainer::Run::add_joint(Chunk& chunk, const methods::Resolved& method) {
  const auto& slots = chunk.executable->slots();
  for (; chunk.compiled_slot < slots.size() && slots[chunk.compiled_slot].method == chunk.joint;
       ++chunk.compiled_slot) {
    const auto& from = slots[chunk.compiled_slot];
    const auto begin = std::make_move_iterator(chunk.outputs.begin() + static_cast<std::ptrdiff_t>(chunk.output));
    std::vector<Tensor> raw(begin, begin + static_cast<std::ptrdiff_t>(from.values));
    chunk.output += from.values;
    if (!from.ledger.empty()) keep_ledger(chunk.account++, method, from.ledger, chunk.outputs[chunk.output++]);
    const Shape sample_shape(from.shape.begin() + 1, from.shape.end());
    reverse::QuirkSet touched = from.touched;
    reverse::Semantics rest = semantics();
    rest.touched = &touched;
    Tensor map = finished(method, std::move(raw), sample_shape, rest);
    keep(chunk.slot++, method, from.place, std::move(map), chunk.first, touched);
  }
  ++chunk.joint;
}

void Explainer::Run::add_sampled(Chunk& chunk, std::size_t index) {
  const Target fixed = fixed_target(chunk);
  if (chunk.ready.count(index) == 0) chunk.ready.merge(sampled_from(index, chunk, fixed));
  std::vector<Tensor> maps = std::move(chunk.ready.extract(index).mapped());
  const graph::Network& network = impl_.cut ? *impl_.cut : impl_.network();
  const std::vector<int> places = network.input_calls();
  const bool moving = fixed.kind == Target::Kind::kMax;
  const reverse::QuirkSet touched = moving ? reverse::bit(reverse::Quirk::kMovingTarget) : 0;
  for (std::size_t i = 0; i < maps.size(); ++i)
    keep(chunk.slot++, methods_[index], maps.size() > 1 ? network.calls[static_cast<std::size_t>(places[i])].name : "",
         std::move(maps[i]), chunk.first, touched);
}

void Explainer::Run::add_user(Chunk& chunk, const methods::Resolved& method) {
  const explain::UserMaps found = user_maps(chunk, method);
  const std::vector<PortInfo> ports = impl_.model.inputs();
  for (std::size_t i = 0; i < found.maps.size(); ++i) {
    keep(chunk.slot, method, found.maps.size() > 1 ? ports[i].name : "", found.maps[i], chunk.first, 0);
    explain::add_notes(result_.maps[chunk.slot++], found);
  }
}

void Explainer::Run::keep(std::size_t slot, const methods::Resolved& method, const std::string& place, Tensor map,
                          std::int64_t first, reverse::QuirkSet touched) {
  if (result_.maps.size() <= slot) {
    result_.maps.push_back({method.name, place, {}, method.notes(impl_.network(), semantics()), {}});
    for (const reverse::QuirkInfo& info : reverse::quirk_table()) {
      if (touched & reverse::bit(info.quirk)) result_.maps.back().quirks.emplace_back(info.id);
    }
  }
  place_part(result_.maps[slot].map, std::move(map), first, inputs_.samples());
}

void Explainer::Run::keep_ledger(std::size_t account, const methods::Resolved& method, const std::vector<int>& calls,
                                 const Tensor& table) {
  if (result_.ledgers.size() <= account) {
    result_.ledgers.push_back(explain::open_ledger(method, impl_.network(), calls, semantics()));
  }
  explain::append_samples(result_.ledgers[account], table);
}

std::map<std::size_t, std::vector<Tensor>> Explainer::Run::sampled_from(std::size_t index, const Chunk& chunk,
                                                                        const Target& fixed) {
  std::vector<std::size_t> places;
  std::vector<methods::Resolved> group;
  for (std::size_t other = index; other < methods_.size(); ++other) {
    if (other != index && !explain::share_points(methods_[index], methods_[other])) continue;
    places.push_back(other);
    group.push_back(methods_[other]);
  }
  std::vector<std::vector<Tensor>> maps = sampled(chunk, group, fixed);
  std::map<std::size_t, std::vector<Tensor>> found;
  for (std::size_t i = 0; i < places.size(); ++i) found[places[i]] = std::move(maps[i]);
  return found;
}

std::vector<std::vector<Tensor>> Explainer::Run::sampled(const Chunk& chunk,
                                                         const std::vector<methods::Resolved>& group,
                                                         const Target& fixed) {
  // Asks for permission to go on before each part of the points.
  const explain::Compile compile = [&](const Request& request) {
    report(chunk.progress, chunk.first);
    return impl_.get(request, result_.compile_seconds);
  };
  const std::string& semantics = impl_.options.semantics;
  const std::vector<float> targets = explain::targets_of(fixed, 0, chunk.count());
  if (!impl_.cut) {
    return explain::sampled({chunk.samples.shapes, fixed, group, semantics}, chunk.samples, targets, chunk.size,
                            compile);
  }
  const explain::Embedded vectors(impl_.network(), *impl_.cut, chunk.samples);
  Request points{vectors.batch().shapes, fixed, {}, semantics};
  for (const methods::Resolved& method : group) {
    points.methods.push_back(explain::Embedded::at_baseline(impl_.network(), *impl_.cut, chunk.samples, method));
  }
  points.embedded = true;
  return explain::sampled(points, vectors.batch(), targets, chunk.size, compile);
}

explain::UserMaps Explainer::Run::user_maps(const Chunk& chunk, const methods::Resolved& method) {
  std::vector<std::string> chain = open_;
  chain.push_back(method.name);
  std::mutex guard;  // the method may ask from several threads
  const auto run = [&](const std::vector<MethodRequest>& requests, const explain::Batch& batch, const Target& at) {
    const Target whole = explain::checked_target(at, impl_.network(), batch);
    const std::vector<methods::Resolved> resolved = impl_.resolve(requests);
    for (const methods::Resolved& other : resolved) explain::check_recursion(other, chain);
    const Progress alive = [&](std::int64_t, std::int64_t) {
      const std::lock_guard lock(guard);
      report(chunk.progress, chunk.first);
      return true;
    };
    Explanation maps = Run(impl_, batch, resolved, whole, false, chain).all(alive);
    const std::lock_guard lock(guard);
    result_.compile_seconds += maps.compile_seconds;
    return maps;
  };
  const auto other = [&](const std::vector<MethodRequest>& requests, const std::vector<TensorView>& at) {
    if (at.empty()) return run(requests, chunk.samples, part_target(chunk.first, chunk.count()));
    return run(requests, explain::checked_batch(impl_.model, at), neuron_target(chunk));
  };
  return explain::user_maps(method, impl_.model, chunk.samples, found_targets(chunk), other);
}

Target Explainer::Run::part_target(std::int64_t first, std::int64_t count) const {
  if (target_.kind == Target::Kind::kWeights) {
    Target part = target_;
    const std::int64_t outputs = target_.weights->shape.back();
    part.weights = std::make_shared<const Tensor>(Shape{count, outputs}, explain::targets_of(target_, first, count));
    return part;
  }
  if (target_.kind != Target::Kind::kIndex) return target_;
  Target part = Target::per_sample({});
  part.output = target_.output;
  for (float t : explain::targets_of(target_, first, count)) part.indices.push_back(static_cast<std::int64_t>(t));
  return part;
}

Explanation Explainer::Run::found_targets(const Chunk& chunk) const {
  Explanation found;
  set_targets(found, impl_.network(), part_target(chunk.first, chunk.count()), chunk.logits);
  return found;
}

Target Explainer::Run::neuron_target(const Chunk& chunk) const {
  if (target_.kind != Target::Kind::kMax) return part_target(chunk.first, chunk.count());
  const Explanation found = found_targets(chunk);
  if (found.targets_shape.size() > 1) return target_;
  Target fixed = Target::per_sample(found.targets);
  fixed.output = target_.output;
  return fixed;
}

Target Explainer::Run::fixed_target(const Chunk& chunk) const {
  const bool moves = target_.kind == Target::Kind::kMax && !semantics().fixes(reverse::Quirk::kMovingTarget);
  return moves ? target_ : neuron_target(chunk);
}

Request Explainer::Run::joint_request(const explain::Batch& part) const {
  Request request{part.shapes, target_, {}, impl_.options.semantics};
  request.runs_once = runs_once_;
  for (const auto& method : methods_) {
    if (!method.def->sampling && !method.user) request.methods.push_back(method);
  }
  return request;
}

explain::ChunkNeed Explainer::Run::need(std::int64_t samples, std::int64_t points, std::int64_t held) {
  const Request request = joint_request(inputs_.part(0, samples));
  tried_ = {request.key()};
  const auto joint = impl_.get(request, result_.compile_seconds);
  explain::ChunkNeed need{joint->working_bytes(), 2 * joint->data_bytes() * std::max(samples, held) / samples};
  for (const methods::Resolved& method : methods_) {
    if (!method.def->sampling) continue;
    const std::int64_t count = std::min(points, points_of(method));
    const bool index = target_.kind == Target::Kind::kIndex;
    Request at{inputs_.part(0, count).shapes, index ? Target::index(0) : target_, {method}, impl_.options.semantics};
    if (impl_.cut) at.inputs = explain::embedded_shapes(impl_.network(), *impl_.cut, at.inputs), at.embedded = true;
    tried_.push_back(at.key());
    const auto one = impl_.get(at, result_.compile_seconds);
    need.working = std::max(need.working, one->working_bytes() + 2 * one->data_bytes());
    need.data += 8 * one->data_bytes() / count;  // moments in double precision, and the map
  }
  return need;
}

void Explainer::Run::report(const Progress& progress, std::int64_t done) const {
  if (progress && !progress(done, inputs_.samples()))
    throw Error(ErrorCode::kCancelled, "explain", "", "stopped by the caller");
}

}  // namespace signxai
