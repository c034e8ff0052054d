// INPUT files of the command line as one batch for the network.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "signxai/image.h"
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

/// All samples with the values the network gets: shape (samples, *sample shape).
struct Inputs {
  Tensor values;
  std::vector<Sample> samples;

  Shape sample_shape() const { return {values.shape.begin() + 1, values.shape.end()}; }
  TensorView value_of(std::size_t sample) const;
};

/// Reads PNG and JPEG (through `preprocess_name`: a preset or a JSON file), .npy and .npz (FILE.npz:NAME picks an
/// array) and .csv. Arrays and tables may hold one sample or a batch. What was applied is said on stderr. Errors of the
/// readers, and kInvalidArgument for shapes that do not fit `sample_shape` (-1: open) or each other, and for values
/// that are not finite.
Inputs read_inputs(const std::vector<std::string>& paths, const std::string& preprocess_name,
                   const Shape& sample_shape);

}  // namespace signxai::cli
