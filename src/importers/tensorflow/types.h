// Number types, shapes and tensors as TensorFlow's messages have them. Part of the importer of SavedModels.
#pragma once

#include <string>

#include "graph/types.h"
#include "importers/hdf5/element_type.h"
#include "importers/tensorflow/messages.pb.h"

namespace signxai::tensorflow {

namespace messages = ::signxai::tensorflow_messages;

inline constexpr int kString = 7, kInt32 = 3, kInt64 = 9, kBool = 10, kResource = 20;

/// How elements of a type are stored; kOther for strings, complex and quantized numbers, resources.
hdf5::ElementType element_of(int type);
/// "float32", "string", "resource" ...
std::string type_name(int type);
/// Whether values of that type are whole numbers, or true and false.
bool is_integer(int type);

/// Extents with -1 for those that are not known; all must be possible. Throws Error(kCorruptFile).
Shape shape_of(const messages::TensorShapeProto& shape, const std::string& subject);

/// The number of elements of a shape without open extents. Throws Error(kCorruptFile) where that is impossible.
std::int64_t count_of(const Shape& shape, const std::string& subject);

/// The numbers of a constant as float32. Throws Error(kCorruptFile, kUnsupported).
graph::Literal literal_of(const messages::TensorProto& tensor, const std::string& name, const std::string& subject);

}  // namespace signxai::tensorflow
