// INPUT files of the command line as one batch for the network.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "signxai/image.h"
#include "signxai/model.h"
#include "signxai/tensor.h"

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
  std::vector<std::string> names;  ///< of the network's inputs
  std::vector<Tensor> values;      ///< one per input of the network
  std::vector<Sample> samples;     ///< as the first input's files name them

  Shape sample_shape(std::size_t input = 0) const;
  TensorView value_of(std::size_t sample, std::size_t input = 0) const;
  /// Index of the input of that name; 0 where there is none.
  std::size_t index_of(const std::string& name) const;
  std::vector<TensorView> views() const { return {values.begin(), values.end()}; }
};

/// INPUT..., --input and --preprocess.
struct InputOptions {
  std::vector<std::string> files, named;
  std::string preprocess;

  void add_to(CLI::App& verb);
};

/// Reads PNG and JPEG (through `preprocess_name`: a preset or a JSON file), .npy and .npz (FILE.npz:NAME picks an
/// array), .csv and folders of such files. Arrays and tables may hold one sample or a batch. What was applied is said on
/// stderr. Errors of the readers, and kInvalidArgument for shapes that do not fit the network or each other, for values
/// that are not finite, and for inputs that are missing.
Inputs read_inputs(const InputOptions& options, const Model& model);

}  // namespace signxai::cli
