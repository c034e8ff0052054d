// Recognition of the stored element types.
#pragma once

#include <string>

#include "importers/hdf5/element_type.h"
#include "importers/hdf5/hdf5_handle.h"

namespace signxai::hdf5 {

struct StoredType {
  ElementType element = ElementType::kOther;
  bool big_endian = false;
  std::string name;
};

/// Exact comparison with the standard types: a float of unusual layout or an integer with padding is kOther.
StoredType recognise_type(hid_t type);

}  // namespace signxai::hdf5
