// Reading of HDF5 files as Keras writes them: groups, attributes and weights as float32. First stage of the importers.
//
// The process itself never calls libhdf5. It opens and maps the file once; a forked child with limits reads the
// structure out of that mapping (scan.h, sandbox.h) and sends a listing; weights that are stored plainly are then used
// where they lie in the mapping, not copied. Replacing the path meanwhile has no effect, and a file modified meanwhile
// is refused (base/mapped_file.h says what a later modification does). A File is immutable: const use from several
// threads is safe, and arrays outlive it.
#pragma once

#include <memory>
#include <string>

#include "base/mapped_file.h"
#include "importers/hdf5/listing.h"
#include "importers/hdf5/sandbox.h"
#include "signxai/tensor.h"

namespace signxai::hdf5 {

/// Elements in row-major order. `data` keeps the memory it points into alive; null when there are no elements.
struct Float32Array {
  Shape shape;
  std::shared_ptr<const float> data;
};

class File {
 public:
  /// The limits that suit a file of that size: time grows with it, and so does what it may decompress to.
  static SandboxLimits default_limits(std::uint64_t file_bytes);

  /// Throws kNotFound, kIo, kInvalidArgument (not a regular file), kCorruptFile (damaged, hostile, not HDF5),
  /// kUnsupported (links, virtual or external storage), kOutOfMemory (decompresses to too much).
  static File open(const std::string& path);
  /// `limits.file_bytes` is the total to which compressed datasets may expand.
  static File open(const std::string& path, const SandboxLimits& limits);

  /// A file inside another one, already in memory; `path` names it in messages.
  static File open(const base::Bytes& bytes, const std::string& path);

  const std::string& path() const noexcept { return path_; }
  const Object& root() const noexcept { return root_; }

  /// The object at a path from the root; throws kNotFound.
  const Object& at(std::string_view object_path) const;

  /// The elements as float32: mapped if is_mapped(), else converted into new memory. Throws kUnsupported for groups and
  /// for the types and filters that are not supported. `dataset` must belong to this file.
  Float32Array read(const Object& dataset) const;
  Float32Array read(std::string_view dataset_path) const { return read(at(dataset_path)); }

  /// Whether read() returns a pointer into the file: native float32, contiguous, on a multiple of 4 bytes.
  bool is_mapped(const Object& dataset) const noexcept;

 private:
  static File open(const base::MappableFile& input, const SandboxLimits& limits);
  static File open(const base::Bytes& bytes, const std::string& path, const SandboxLimits& limits);
  File(std::string path, Object root, base::Bytes file, base::Bytes decoded);

  const base::Bytes& storage_of(const Dataset& dataset) const noexcept;
  const std::byte* bytes_of(const Dataset& dataset) const noexcept;
  void check(const Object& object) const;

  std::string path_;
  Object root_;
  base::Bytes file_, decoded_;
};

}  // namespace signxai::hdf5
