// One call of an Explainer, with a target of the plain kinds (not top, not each): samples go through the executables in
// chunks, and the maps of all methods are put together.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "explain/batch.h"
#include "explain/call/sampled.h"
#include "explain/call/user_maps.h"
#include "explain/chunk.h"
#include "explain/explainer_impl.h"
#include "methods/method.h"
#include "reverse/semantics.h"
#include "signxai/explainer.h"

namespace signxai {

class Explainer::Run {
 public:
  /// All is checked already, and outlives the run. `runs_once`: there is one chunk, of one run, and no other call.
  /// `open`: methods of the caller's that this call is part of.
  Run(Impl& impl, const explain::Batch& inputs, const std::vector<methods::Resolved>& methods, const Target& target,
      bool runs_once = false, std::vector<std::string> open = {});

  /// Runs, once. Throws Error(kCancelled) where `progress` says so, and what compilation throws.
  Explanation all(const Progress& progress);

  /// How many of `rows` samples, of which each sample of the caller's makes `held`, and how many points of one sample
  /// are computed together.
  std::int64_t chunk_size(std::int64_t rows, std::int64_t held);

 private:
  struct Chunk;

  void run_chunk(Chunk& chunk);
  /// Add the maps of a method to the explanation, in the next slots.
  void add_joint(Chunk& chunk, const methods::Resolved& method);
  void add_sampled(Chunk& chunk, std::size_t index);
  void add_user(Chunk& chunk, const methods::Resolved& method);
  /// Adds a map to a slot of the explanation; makes its entry on the first chunk.
  void keep(std::size_t slot, const methods::Resolved& method, const std::string& place, Tensor map, std::int64_t first,
            reverse::QuirkSet touched);
  /// Adds the samples of a chunk to a ledger; makes it on the first chunk.
  void keep_ledger(std::size_t account, const methods::Resolved& method, const std::vector<int>& calls,
                   const Tensor& table);

  /// Maps by index of the method, of this one and of all that share its points.
  std::map<std::size_t, std::vector<Tensor>> sampled_from(std::size_t index, const Chunk& chunk, const Target& fixed);
  /// Maps of methods that evaluate the same points, by method and place.
  std::vector<std::vector<Tensor>> sampled(const Chunk& chunk, const std::vector<methods::Resolved>& group,
                                           const Target& fixed);
  explain::UserMaps user_maps(const Chunk& chunk, const methods::Resolved& method);

  /// The target of `count` samples from `first`.
  Target part_target(std::int64_t first, std::int64_t count) const;
  /// What is explained of the samples of a chunk.
  Explanation found_targets(const Chunk& chunk) const;
  /// The target of other points that stand for the samples: the largest output is that of the samples themselves.
  Target neuron_target(const Chunk& chunk) const;
  /// The target of the samples of a wrapping method: in `sound` semantics the neuron is found at the sample itself and
  /// not anew at each point (SEMANTICS Q21).
  Target fixed_target(const Chunk& chunk) const;

  explain::Request joint_request(const explain::Batch& part) const;
  /// What a chunk of so many samples, and of so many points of methods that evaluate several, needs. Rows of one sample
  /// are held together, whatever the chunk.
  explain::ChunkNeed need(std::int64_t samples, std::int64_t points, std::int64_t held);

  void report(const Progress& progress, std::int64_t done) const;
  reverse::Semantics semantics() const { return reverse::Semantics::parse(impl_.options.semantics); }

  Impl& impl_;
  const explain::Batch& inputs_;
  const std::vector<methods::Resolved>& methods_;
  const Target& target_;
  bool runs_once_;
  std::vector<std::string> open_;
  Explanation result_;
  std::vector<Tensor> logits_;
  std::vector<std::string> tried_;  ///< keys of what was compiled to see what it needs
};

}  // namespace signxai
