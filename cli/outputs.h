// Output files of `explain` and `predict`: all paths are decided and checked before anything is computed.
#pragma once

#include <string>
#include <vector>

#include "inputs.h"
#include "pictures.h"
#include "signxai/explainer.h"

namespace signxai::cli {

/// Where results go, as the user gave it; empty: nowhere.
struct OutputOptions {
  std::string pictures;  ///< a folder, or a file ending in .png for the panel of one sample
  std::string raw;       ///< .npz
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
/// read-only folders; kInvalidArgument when two samples would have the same file.
/// `maps` are the names of the maps, `neurons` is how many neurons of each sample get maps of their own.
OutputPlan plan_outputs(const OutputOptions& options, const Inputs& inputs, const std::vector<std::string>& maps,
                        std::int64_t neurons);

/// One float32 array per map under its name (METHOD as typed, or METHOD/PLACE), and int64 `targets`.
void write_raw(const OutputPlan& plan, const Explanation& explanation);

/// Draws and writes all pictures of the plan; each file is written whole or not at all.
void write_pictures(const OutputPlan& plan, const Painter& painter);

/// Checks that a single output file can be written, as plan_outputs does.
void check_writable(const std::string& path, bool overwrite);

}  // namespace signxai::cli
