// The child's side: walks an HDF5 file with libhdf5 and lists what it contains. Runs in a sandboxed process only
// (sandbox.h), one scan per process: libhdf5 is known to crash, loop and over-allocate on damaged files.
//
// Only what a Keras file needs is accepted. Links that are not hard links, second hard links (cycles among them),
// virtual datasets and external storage are refused for the whole file: they could make a model depend on another file,
// or be read for ever. Element types and filters that are not supported are noted per dataset (Dataset::refusal), so
// that a file is not useless because of one dataset that nobody asks for.
//
// Contiguous datasets are listed by their place in the file. Chunked and compact ones are decoded, in their stored
// type, into a memory file that the parent owns.
//
// libhdf5 is given the mapped bytes instead of a name: no file is opened, and none can be.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "importers/hdf5/listing.h"

namespace signxai::hdf5 {

struct ScanRequest {
  std::span<const std::byte> file;      ///< the whole file, mapped
  int decoded = -1;                     ///< descriptor of an empty memory file for decoded elements
  std::uint64_t max_decoded_bytes = 0;  ///< size to which that file may grow
};

/// Throws signxai::Error; its subject is empty.
Object scan(const ScanRequest& request);

}  // namespace signxai::hdf5
