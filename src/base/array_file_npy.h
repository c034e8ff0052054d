// The .npy format, apart from where its bytes come from: shared by .npy files and the members of .npz archives.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "signxai/array_file.h"

namespace signxai::base {

/// Bytes in order, with a total that the header must agree with.
struct ByteSource {
  std::string subject;                           ///< how errors name it
  std::uint64_t size = 0;                        ///< bytes in all
  std::function<void(void*, std::size_t)> read;  ///< exactly that many bytes, or throws
};

/// What the header says. `kind` is NumPy's letter: 'b' bool, 'i' signed, 'u' unsigned, 'f' float.
struct NpyHeader {
  char kind = 'f';
  int item_size = 4;
  bool big_endian = false;
  bool fortran_order = false;
  Shape shape;
};

/// Parses the dictionary of a header, e.g. "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }".
NpyHeader parse_npy_header(const std::string& text, const std::string& subject);

/// Reads magic, header and data from the start of `source`.
Tensor read_npy_stream(const ByteSource& source, const ReadLimits& limits);

/// Magic and header for an array in C order; `descr` is "<f4" or "<i8".
std::string npy_preamble(const std::string& descr, const Shape& shape);

}  // namespace signxai::base
