// The file of --raw, filled while chunks of samples come in.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "provenance.h"
#include "signxai/array_file.h"
#include "signxai/explainer.h"

namespace signxai::cli {

/// One array of a chunk: floats or integers, samples first.
struct RawArray {
  std::string name;
  Shape shape;
  const float* floats = nullptr;
  const std::int64_t* integers = nullptr;
  std::map<std::string, std::string> attributes{};
};

class RawOutput {
 public:
  /// Nothing is written to an empty path. `samples` are the names of all samples. `provenance` must outlive this.
  RawOutput(std::string path, bool overwrite, const Provenance& provenance, std::vector<std::string> samples);

  /// Every chunk brings the same arrays with more samples; .npy takes one array, and integers are left out of it.
  void add(std::vector<RawArray> chunk);
  void commit();

 private:
  std::string path_;
  const Provenance& provenance_;
  bool overwrite_;
  std::vector<std::string> samples_;
  std::unique_ptr<ArrayWriter> writer_;
};

/// Throws kInvalidArgument when the ending is not known, or when `arrays` do not fit into one file of that kind.
void check_raw(const std::string& path, std::size_t arrays);

}  // namespace signxai::cli
