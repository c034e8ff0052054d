// The .npy format, apart from where its bytes come from: shared by .npy files and the members of .npz archives.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

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

/// An array that is read from the start of a source, all at once or along its first axis. Magic, header and size are
/// checked at once. One object belongs to one thread.
class NpyStream {
 public:
  explicit NpyStream(ByteSource source);

  const Shape& shape() const { return header_.shape; }
  /// Extent of the first axis; 1 for a scalar.
  std::int64_t rows() const { return header_.shape.empty() ? 1 : header_.shape.front(); }
  bool at_end() const { return next_ == rows(); }
  /// The next `count` rows (fewer at the end) as (rows, ...). kOutOfMemory when they are more than `limits` allow.
  Tensor read(std::int64_t count, const ReadLimits& limits);

 private:
  /// Arrays in Fortran order cannot be read along the first axis: they are turned when the first rows are asked for.
  std::vector<float> turned_rows(std::size_t count, std::size_t row);

  ByteSource source_;
  NpyHeader header_;
  std::size_t elements_ = 0;
  std::int64_t next_ = 0;
  std::vector<float> turned_;
};

/// The whole array.
Tensor read_npy_stream(ByteSource source, const ReadLimits& limits);

/// The member of an archive that says how its arrays were made; no array.
inline constexpr std::string_view kProvenanceMember = "provenance.json";

/// Magic and header for an array in C order; `descr` is "<f4" or "<i8".
std::string npy_preamble(const std::string& descr, const Shape& shape);

}  // namespace signxai::base
