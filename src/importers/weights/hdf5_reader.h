// Literals from an HDF5 file, with a record of the number formats that had to be converted.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "graph/types.h"
#include "importers/hdf5/hdf5_file.h"

namespace signxai::keras {

class Hdf5Reader {
 public:
  explicit Hdf5Reader(hdf5::File file) : file_(std::move(file)) {}

  const hdf5::File& file() const { return file_; }
  graph::Literal read(const hdf5::Object& dataset, const std::string& name);
  /// "the weights are stored as float16 ...", if any were not of float32.
  std::vector<std::string> notes() const;

 private:
  hdf5::File file_;
  std::set<std::string> converted_;
};

}  // namespace signxai::keras
