// Golden cases: a model, inputs and the maps that the reference package computes for them, with the list of calls that
// count. Used by the golden tests; tests/golden/README.md describes the files.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "importers/hdf5/hdf5_file.h"
#include "signxai/explainer.h"

namespace signxai::golden {

/// One call of an explanation method, where its map is found, and how far a map may be from it.
struct Call {
  std::string label;
  std::string path;  ///< of the dataset in golden.h5
  std::string method;
  Parameters parameters;
  Target target;
  std::string per;  ///< one input's map of a network with several inputs, or the target's output of one with several
  double tolerance = 1e-4;  ///< times the largest value of the sample's map
  double absolute = 0;      ///< added to it: one level of maps in 8 bits
};

struct Case {
  std::string name;
  std::string folder;
  std::vector<std::string> files;
  std::vector<Call> calls;

  bool has(const std::string& file) const;
  std::string path(const std::string& file) const { return folder + "/" + file; }
  /// The full model file, or else architecture and weights.
  Model load() const;
};

/// All cases that `folder`/expected.json lists.
std::vector<Case> read_cases(const std::string& folder);
/// The cases of those names.
std::vector<Case> read_cases(const std::string& folder, std::span<const std::string_view> names);

/// The arrays of a case. Immutable.
class Arrays {
 public:
  explicit Arrays(const Case& from) : file_(hdf5::File::open(from.path("golden.h5"))) {}
  bool has(const std::string& path) const { return file_.root().find(path) != nullptr; }
  Tensor read(const std::string& path) const;

 private:
  hdf5::File file_;
};

/// The inputs of a case, one array per input of its network.
std::vector<Tensor> read_inputs(const Arrays& arrays, const Model& model);

/// Number of samples, i.e. the first extent.
std::int64_t samples(const Tensor& batch);
/// A copy of one sample, as a batch of one.
Tensor sample(const Tensor& batch, std::int64_t index);
/// The target of one sample of a batch.
Target sample(const Target& target, std::int64_t index);

}  // namespace signxai::golden
