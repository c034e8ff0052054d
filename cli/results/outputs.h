// Output files of `explain` and `predict`: all paths are decided and checked before anything is computed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "inputs.h"
#include "pictures.h"
#include "provenance.h"
#include "raw_output.h"
#include "signxai/explainer.h"

namespace signxai::cli {

/// Where results go, as the user gave it; empty: nowhere.
struct OutputOptions {
  std::string pictures;  ///< a folder, or a file ending in .png, .pdf, .svg or .html for the panel of one sample
  std::string format;    ///< of the files in a folder: "png", "pdf", "svg" or "html"
  std::string raw;       ///< .npz, .npy or .h5
  bool overwrite = false;
};

/// Files of one call.
struct OutputPlan {
  struct Files {
    std::vector<std::string> maps;  ///< one per map; empty when only the panel was asked for
    std::string panel;
  };
  std::string folder;        ///< to be created when it does not exist
  std::vector<Files> files;  ///< one per row (sample, or sample and neuron); empty without pictures
  std::string raw;
  bool overwrite = false;
};

/// Names every file and checks that each can be written: kIo for existing files without `overwrite`, missing or
/// read-only folders; kInvalidArgument when two samples would have the same file, and for endings that are not known.
/// `maps` are the names of the maps, `neurons` is how many neurons of each sample get maps of their own.
OutputPlan plan_outputs(const OutputOptions& options, const std::vector<Sample>& samples,
                        const std::vector<std::string>& maps, std::int64_t neurons);

/// The maps of a chunk as arrays under their names (METHOD as typed, or METHOD/PLACE), and int64 `targets`.
std::vector<RawArray> raw_arrays(const Explanation& explanation, const Provenance& provenance);

/// Draws and writes the pictures of a plan, chunk by chunk. Each file is written whole or not at all; when the object
/// goes before keep(), the files and folders that it made where there were none are removed.
class PictureOutput {
 public:
  PictureOutput(const OutputPlan& plan, const Provenance& provenance);
  ~PictureOutput();
  PictureOutput(const PictureOutput&) = delete;
  PictureOutput& operator=(const PictureOutput&) = delete;

  /// The rows of the painter are those of the plan from `first` on.
  void add(const Painter& painter, std::size_t rows, std::size_t first);
  void keep() {
    made_.clear();
    folders_.clear();
  }

 private:
  void write(const std::string& path, const Painter& painter, std::size_t row, std::optional<std::size_t> map);

  const OutputPlan& plan_;
  const Provenance& provenance_;
  std::vector<std::string> made_;
  std::vector<std::string> folders_;  ///< that were made, innermost first
};

/// Checks that a single output file can be written, as plan_outputs does.
void check_writable(const std::string& path, bool overwrite);

}  // namespace signxai::cli
