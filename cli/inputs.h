// INPUT files of the command line as one batch for the network.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "signxai/image.h"
#include "signxai/model.h"
#include "signxai/tensor.h"

namespace CLI {
class App;
}

namespace signxai::cli {

/// One sample of the batch, for messages and drawings.
struct Sample {
  std::string name;                ///< "digit.png", or "digits.npy[2]" for the third of a batch
  std::string stem;                ///< "digit", "digits_2": what names of output files begin with
  std::optional<Image> picture;    ///< what the network sees, before scaling; only for PNG and JPEG
  std::vector<std::string> leads;  ///< the columns of a .csv file with a header
  bool series = false;             ///< read from .csv
};

/// All samples with the values the network gets: for each of its inputs an array (samples, *sample shape).
struct Inputs {
  std::vector<std::string> names;                    ///< of the network's inputs
  std::vector<std::vector<std::string>> embeddings;  ///< PortInfo::embeddings of each
  std::vector<Tensor> values;                        ///< one per input of the network
  std::vector<Sample> samples;                       ///< as the first input's files name them

  Shape sample_shape(std::size_t input = 0) const;
  TensorView value_of(std::size_t sample, std::size_t input = 0) const;
  /// Index of the input that maps of that place belong to (MethodMap::place); 0 where it names none.
  std::size_t index_of(const std::string& place) const;
  std::vector<TensorView> views() const { return {values.begin(), values.end()}; }
};

/// INPUT..., --input and --preprocess.
struct InputOptions {
  std::vector<std::string> files, named;
  std::string preprocess;

  void add_to(CLI::App& verb);
};

/// The inputs of one call, read piece by piece so that they need not be in memory together. PNG and JPEG go through
/// --preprocess; .npy and .npz (FILE.npz:NAME picks an array) and .csv may hold one sample or a batch; of a folder all
/// files of these types are taken, by name.
class InputStream {
 public:
  /// Looks at every file, but reads no picture and no data. What was found is said on stderr. Errors of the readers,
  /// and kInvalidArgument for shapes that do not fit the network and for inputs that are missing.
  InputStream(const InputOptions& options, const Model& model);
  ~InputStream();
  InputStream(InputStream&&) noexcept;

  std::size_t size() const { return samples_.size(); }
  /// All samples, without what only reading tells (picture, leads).
  const std::vector<Sample>& samples() const { return samples_; }
  /// Shapes of one sample, one per input of the network; reads the first sample where the network leaves them open.
  std::vector<Shape> shapes();
  /// The next samples, fewer at the end. Errors of the readers, and kInvalidArgument for pictures that do not fit, for
  /// shapes that differ, and for values that are not finite.
  Inputs next(std::size_t count);
  /// How pictures were turned into numbers; empty without pictures.
  const std::string& preprocessing() const { return preprocessing_; }

 private:
  class Port;
  std::vector<std::string> names_;
  std::vector<std::vector<std::string>> embeddings_;
  std::vector<std::unique_ptr<Port>> ports_;
  std::vector<Sample> samples_;
  std::size_t taken_ = 0;
  std::string preprocessing_;
};

/// All inputs at once.
Inputs read_inputs(const InputOptions& options, const Model& model);

}  // namespace signxai::cli
