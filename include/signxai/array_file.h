// Files of numbers: NumPy .npy and .npz, and .csv series. Reading never executes anything (pickled objects are refused)
// and checks every size a file claims against the file before memory is allocated. Writing is whole or not at all.
//
// All functions are free of shared state and may be called from several threads. Errors: kNotFound, kIo,
// kInvalidArgument (not a regular file), kCorruptFile (damaged, truncated, contradicts itself), kUnsupported
// (well-formed, but objects, text, encrypted members ...), kOutOfMemory (above ReadLimits or what the machine has).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "signxai/export.h"
#include "signxai/tensor.h"

namespace signxai {

/// What a file may cost. A compressed archive can claim a thousand times its own size.
struct ReadLimits {
  /// Bytes of float32 data that one call may return.
  std::int64_t max_bytes = std::int64_t{4} << 30;
};

/// An array with the name it has in an archive.
struct NamedTensor {
  std::string name;
  Tensor tensor;
};

/// A borrowed float32 array to be written; the owner must outlive the call.
struct NamedView {
  std::string name;
  TensorView tensor;
};

/// Integers to be written as an int64 array; values.size() == element_count(shape).
struct NamedIntegers {
  std::string name;
  Shape shape;
  std::vector<std::int64_t> values;
};

/// A table of numbers over time. `values` has shape (T, C); `columns` has C names, or none if the file has no header.
struct Series {
  Tensor values;
  std::vector<std::string> columns;
};

/// Reads a .npy file (header versions 1 to 3) of bool, 8- to 64-bit integers or 16- to 64-bit floats in either byte
/// order and either memory order. The result is float32 in C order; values are rounded as a cast in C does.
SIGNXAI_API Tensor read_npy(const std::string& path, const ReadLimits& limits = {});

/// All arrays of a .npz archive in the order of the archive, named without ".npy". Members may be stored or deflated.
SIGNXAI_API std::vector<NamedTensor> read_npz(const std::string& path, const ReadLimits& limits = {});

/// One array of a .npz archive; kNotFound, with the names there are, if it has no such member.
SIGNXAI_API Tensor read_npz_member(const std::string& path, const std::string& name, const ReadLimits& limits = {});

/// Reads a series: one row per time step, one column per lead, separated by commas (or semicolons or tabs, if the first
/// line has no comma). A first line without any number is taken as the names of the columns. Ragged rows, empty fields
/// and anything that is not a finite decimal number are refused with their line.
SIGNXAI_API Series read_csv(const std::string& path, const ReadLimits& limits = {});

/// Writes one float32 array in C order. An existing file is replaced only with `overwrite` (otherwise kIo).
SIGNXAI_API void write_npy(const std::string& path, const TensorView& tensor, bool overwrite = false);

/// Writes an uncompressed archive that np.load reads: `arrays` as float32, `integers` as int64. Names must be
/// non-empty, distinct and without '/' or control characters (kInvalidArgument). An existing file is replaced only with
/// `overwrite`.
SIGNXAI_API void write_npz(const std::string& path, const std::vector<NamedView>& arrays,
                           const std::vector<NamedIntegers>& integers = {}, bool overwrite = false);

}  // namespace signxai
