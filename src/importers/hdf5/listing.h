// What an HDF5 file contains: a tree of groups and datasets with their attributes, without the bulk data. The child
// process makes it (scan.h), it travels over a pipe (wire.h), and File (hdf5_file.h) hands it out. Plain values; a
// const tree is safe to share between threads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "importers/hdf5/element_type.h"
#include "signxai/tensor.h"

namespace signxai::hdf5 {

struct Attribute {
  enum class Kind : std::uint8_t { kStrings, kNumbers, kOther };

  std::string name;
  Kind kind = Kind::kOther;
  bool is_scalar = false;
  std::vector<std::string> strings;  ///< as stored, without padding; not checked to be UTF-8
  std::vector<double> numbers;       ///< floats and integers alike
  std::string type_name;             ///< for messages
};

struct Dataset {
  enum class Storage : std::uint8_t {
    kNone,     ///< no elements, or not readable: see `refusal`
    kFile,     ///< `offset` counts from the start of the file
    kDecoded,  ///< `offset` counts from the start of the memory the child decoded into
  };

  ElementType element = ElementType::kOther;
  bool big_endian = false;
  std::string type_name;  ///< "float32", "int64 (big-endian)", "variable-length string" ...
  Shape shape;
  Storage storage = Storage::kNone;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  std::string refusal;  ///< why the elements cannot be read: a type or filter that is not supported; empty if they can
};

/// A group, or a dataset when `dataset` is set.
struct Object {
  std::string name;  ///< the last part of the path; empty for the root
  std::string path;  ///< "/model_weights/dense/dense/kernel:0"; "/" for the root
  std::vector<Attribute> attributes;
  std::vector<Object> children;
  std::optional<Dataset> dataset;

  bool is_group() const noexcept { return !dataset.has_value(); }

  /// The object at a path relative to this one ("dense/kernel:0"; slashes in excess are ignored), or null.
  const Object* find(std::string_view relative_path) const noexcept;
  const Attribute* find_attribute(std::string_view attribute_name) const noexcept;

  /// A text, or nothing if there is no such attribute. Keras splits what exceeds 64 kB into `name0`, `name1`, ...:
  /// these are joined. Throws kUnsupported when the attribute is not one text.
  std::optional<std::string> string_attribute(std::string_view attribute_name) const;

  /// A list of texts (a single text is a list of one), split attributes joined likewise. An empty array of any type
  /// is an empty list: Keras stores "no weights" as an empty float64 array.
  std::optional<std::vector<std::string>> string_list(std::string_view attribute_name) const;

  /// A scalar or list of numbers, or nothing. Integers beyond 2^53 are rounded.
  std::optional<std::vector<double>> number_list(std::string_view attribute_name) const;
};

}  // namespace signxai::hdf5
