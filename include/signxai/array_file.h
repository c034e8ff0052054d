// Files of numbers: NumPy .npy and .npz, .csv series, and HDF5 for writing. Reading never executes anything (pickled
// objects are refused) and checks every size a file claims against the file before memory is allocated. Writing is
// whole or not at all.
//
// All functions are free of shared state and may be called from several threads. Errors: kNotFound, kIo,
// kInvalidArgument (not a regular file), kCorruptFile (damaged, truncated, contradicts itself), kUnsupported
// (well-formed, but objects, text, encrypted members ...), kOutOfMemory (above ReadLimits or what the machine has).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
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

/// Names of the arrays of a .npz archive, in its order.
SIGNXAI_API std::vector<std::string> npz_names(const std::string& path);

/// An array read piece by piece along its first axis, so that a file may be larger than the memory. One object belongs
/// to one thread.
class SIGNXAI_API ArrayReader {
 public:
  /// A .npy file, or with a `member` that array of a .npz archive. `limits` hold for each piece.
  explicit ArrayReader(const std::string& path, const std::string& member = {}, const ReadLimits& limits = {});
  ~ArrayReader();
  ArrayReader(ArrayReader&&) noexcept;
  ArrayReader& operator=(ArrayReader&&) noexcept;

  /// Of the whole array.
  const Shape& shape() const;
  /// The next rows (fewer at the end): (rows, ...). Arrays in Fortran order are held whole from the first call on.
  Tensor read(std::int64_t rows);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Writes one float32 array in C order. An existing file is replaced only with `overwrite` (otherwise kIo).
SIGNXAI_API void write_npy(const std::string& path, const TensorView& tensor, bool overwrite = false);

/// Writes an uncompressed archive that np.load reads: `arrays` as float32, `integers` as int64. Names must be
/// non-empty, distinct and without control characters; '/' makes folders (kInvalidArgument). An existing file is
/// replaced only with `overwrite`.
SIGNXAI_API void write_npz(const std::string& path, const std::vector<NamedView>& arrays,
                           const std::vector<NamedIntegers>& integers = {}, bool overwrite = false);

/// An array that will be written row by row.
struct ArrayPlan {
  std::string name;
  Shape shape;                                      ///< whole, rows first
  bool integers = false;                            ///< int64; otherwise float32
  std::map<std::string, std::string> attributes{};  ///< texts beside it, where the format has a place (.h5)
};

/// A file of arrays that will be written row by row.
struct ArrayFilePlan {
  std::vector<ArrayPlan> arrays;
  /// A JSON text that says how the arrays were made: attribute `provenance` in .h5, member `provenance.json` in .npz;
  /// .npy has no place for it. Empty: none.
  std::string provenance{};
  /// Names of the rows: dataset `inputs` in .h5, no place elsewhere.
  std::vector<std::string> rows{};
};

/// Writes arrays row by row, so that they need not be in memory: .npy (one array), .npz, .h5 or .hdf5, by the ending of
/// the name. The same arrays give the same bytes. The file appears when it is complete, and not at all otherwise;
/// an .npz archive needs twice its size on the disk while it is written. One object belongs to one thread.
class SIGNXAI_API ArrayWriter {
 public:
  /// kInvalidArgument: another ending, names that cannot be, several arrays for .npy. kIo: see write_npy.
  static std::unique_ptr<ArrayWriter> create(const std::string& path, ArrayFilePlan plan, bool overwrite = false);
  virtual ~ArrayWriter() = default;

  /// Appends rows to the array of that index. kInvalidArgument for more rows than planned and for the other type.
  void append(std::size_t array, const float* values, std::int64_t rows);
  void append(std::size_t array, const std::int64_t* values, std::int64_t rows);
  /// Makes the file visible. kInvalidArgument unless all rows are there.
  void commit();
  /// Where the numbers of an array begin in the committed file, in bytes, little-endian and without gaps, so that it
  /// can be mapped; -1 before that, and for formats that do not say (.npz).
  virtual std::int64_t offset(std::size_t array) const;

  /// Checks the ending of a name, as create() does.
  static void check_name(const std::string& path, std::size_t arrays);

 protected:
  explicit ArrayWriter(std::string path, ArrayFilePlan plan);
  virtual void put(std::size_t array, const void* values, std::int64_t first, std::int64_t rows) = 0;
  virtual void finish() = 0;
  std::size_t row_bytes(std::size_t array) const;

  const std::string path_;
  const ArrayFilePlan plan_;

 private:
  void append_any(std::size_t array, bool integers, const void* values, std::int64_t rows);

  std::vector<std::int64_t> written_;
};

}  // namespace signxai
