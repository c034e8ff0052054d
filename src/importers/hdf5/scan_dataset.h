// Examination of one dataset, and decoding of those whose elements do not lie plainly in the file.
#pragma once

#include <cstdint>
#include <string>

#include "importers/hdf5/hdf5_handle.h"
#include "importers/hdf5/listing.h"
#include "importers/hdf5/scan.h"

namespace signxai::hdf5 {

class DatasetScanner {
 public:
  explicit DatasetScanner(const ScanRequest& request) : request_(request) {}

  /// Throws for virtual and external storage and for shapes that contradict the file.
  Dataset scan(hid_t dataset, const std::string& path);

 private:
  void locate(hid_t dataset, const std::string& path, Dataset& result) const;
  void decode(hid_t dataset, hid_t type, const std::string& path, Dataset& result);

  const ScanRequest& request_;
  std::uint64_t decoded_bytes_ = 0;  // of the memory file, so far
};

}  // namespace signxai::hdf5
