// Reading of the attributes of one object.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "importers/hdf5/hdf5_handle.h"
#include "importers/hdf5/listing.h"

namespace signxai::hdf5 {

/// What all attributes of a file together may still hold.
struct AttributeBudget {
  std::size_t items;
  std::size_t bytes;
};

std::vector<Attribute> read_attributes(hid_t object, const std::string& path, AttributeBudget& budget);

}  // namespace signxai::hdf5
