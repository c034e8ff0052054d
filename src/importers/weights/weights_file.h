// Finding the weights in a file of any of the forms that Keras writes.
#pragma once

#include <memory>
#include <string>

#include "importers/hdf5/hdf5_file.h"
#include "importers/keras/model_def.h"
#include "importers/weights/weight_source.h"
#include "importers/zip/archive.h"

namespace signxai::keras {

/// Throws Error(kUnsupported) unless it is a version of Keras whose files are read; empty: not known, accepted.
void check_version(const std::string& version, const std::string& path);

/// The attribute keras_version, or nothing.
std::string version_of(const hdf5::Object& object);

/// Weights in the form of Keras 2 or in the form called v3, whichever the file holds.
std::unique_ptr<WeightSource> weights_in(hdf5::File file, const ModelDef& model);

/// The same from a path: an HDF5 file, or the one in a .keras archive.
std::unique_ptr<WeightSource> open_weights(const std::string& path, const ModelDef& model);

/// The weights inside a .keras archive.
hdf5::File weights_member(const zip::Archive& archive);

/// Says what an HDF5 file is where a model in it was expected.
[[noreturn]] void refuse_h5(const hdf5::File& file, const std::string& missing);

}  // namespace signxai::keras
