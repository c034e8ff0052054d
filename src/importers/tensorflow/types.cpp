// Names and sizes of types, and the two ways in which constants hold their numbers.
#include "importers/tensorflow/types.h"

#include <array>
#include <limits>
#include <vector>

#include "importers/corrupt.h"
#include "signxai/error.h"

namespace signxai::tensorflow {
namespace {

using hdf5::ElementType;

struct NumberType {
  int type;
  const char* name;
  ElementType element = ElementType::kOther;
  bool integer = false;
};

constexpr NumberType kTypes[] = {
    {1, "float32", ElementType::kFloat32},
    {2, "float64", ElementType::kFloat64},
    {3, "int32", ElementType::kInt32, true},
    {4, "uint8", ElementType::kUInt8, true},
    {5, "int16", ElementType::kInt16, true},
    {6, "int8", ElementType::kInt8, true},
    {7, "string"},
    {8, "complex64"},
    {9, "int64", ElementType::kInt64, true},
    {10, "bool", ElementType::kUInt8, true},
    {11, "qint8"},
    {12, "quint8"},
    {13, "qint32"},
    {14, "bfloat16", ElementType::kBFloat16},
    {15, "qint16"},
    {16, "quint16"},
    {17, "uint16", ElementType::kUInt16, true},
    {18, "complex128"},
    {19, "float16", ElementType::kFloat16},
    {20, "resource"},
    {21, "variant"},
    {22, "uint32", ElementType::kUInt32, true},
    {23, "uint64", ElementType::kUInt64, true},
};

const NumberType* find(int type) {
  for (const NumberType& entry : kTypes) {
    if (entry.type == type) return &entry;
  }
  return nullptr;
}

/// Largest number of elements of a constant that is stored as one number.
constexpr std::int64_t kMaxRepeated = std::int64_t{1} << 26;

template <typename Values>
std::vector<float> numbers(const Values& values) {
  std::vector<float> result;
  result.reserve(static_cast<std::size_t>(values.size()));
  for (const auto value : values) result.push_back(static_cast<float>(value));
  return result;
}

/// float16 and bfloat16 are kept as the bits of integers.
std::vector<float> half_numbers(const messages::TensorProto& tensor) {
  std::vector<float> result(static_cast<std::size_t>(tensor.half_val_size()));
  for (int i = 0; i < tensor.half_val_size(); ++i) {
    const auto bits = static_cast<std::uint16_t>(tensor.half_val(i));
    const std::array<std::byte, 2> bytes{static_cast<std::byte>(bits & 0xff), static_cast<std::byte>(bits >> 8)};
    hdf5::convert_to_float32(bytes.data(), element_of(tensor.dtype()), false,
                             {&result[static_cast<std::size_t>(i)], 1});
  }
  return result;
}

std::vector<float> listed_numbers(const messages::TensorProto& tensor) {
  switch (tensor.dtype()) {
    case 1: return numbers(tensor.float_val());
    case 2: return numbers(tensor.double_val());
    case kInt64: return numbers(tensor.int64_val());
    case kBool: return numbers(tensor.bool_val());
    case 14:
    case 19: return half_numbers(tensor);
    case 22: return numbers(tensor.uint32_val());
    case 23: return numbers(tensor.uint64_val());
    default: return numbers(tensor.int_val());
  }
}

}  // namespace

ElementType element_of(int type) {
  const NumberType* found = find(type);
  return found ? found->element : ElementType::kOther;
}

std::string type_name(int type) {
  const NumberType* found = find(type);
  return found ? found->name : "number type " + std::to_string(type);
}

bool is_integer(int type) {
  const NumberType* found = find(type);
  return found && found->integer;
}

Shape shape_of(const messages::TensorShapeProto& shape, const std::string& subject) {
  if (shape.unknown_rank()) corrupt(subject, "has a shape of unknown rank; expected its extents");
  if (shape.dim_size() > 16) corrupt(subject, "has " + std::to_string(shape.dim_size()) + " axes");
  Shape extents;
  for (const auto& dim : shape.dim()) {
    if (dim.size() < -1 || dim.size() > std::numeric_limits<std::int32_t>::max()) {
      corrupt(subject, "has the impossible extent " + std::to_string(dim.size()));
    }
    extents.push_back(dim.size());
  }
  return extents;
}

std::int64_t count_of(const Shape& shape, const std::string& subject) {
  constexpr std::int64_t kMost = std::int64_t{1} << 46;
  std::int64_t count = 1;
  for (const std::int64_t extent : shape) {
    if (extent < 0) corrupt(subject, "has an open extent, " + signxai::to_string(shape) + "; expected numbers");
    if (extent > 0 && count > kMost / extent) corrupt(subject, "has the impossible shape " + signxai::to_string(shape));
    count *= extent;
  }
  return count;
}

graph::Literal literal_of(const messages::TensorProto& tensor, const std::string& name, const std::string& subject) {
  const ElementType element = element_of(tensor.dtype());
  if (element == ElementType::kOther) {
    throw Error(ErrorCode::kUnsupported, "import", subject, "is a constant of " + type_name(tensor.dtype()));
  }
  const Shape shape = shape_of(tensor.tensor_shape(), subject);
  const std::int64_t count = count_of(shape, subject);
  const std::string& content = tensor.tensor_content();
  if (!content.empty()) {
    const std::size_t size = hdf5::element_size(element);
    if (content.size() / size != static_cast<std::size_t>(count) || content.size() % size != 0) {
      corrupt(subject, "is a constant of " + std::to_string(content.size()) + " bytes; expected " +
                           signxai::to_string(shape) + " of " + type_name(tensor.dtype()));
    }
    std::vector<float> values(static_cast<std::size_t>(count));
    hdf5::convert_to_float32(reinterpret_cast<const std::byte*>(content.data()), element, false, values);
    return {shape, std::move(values), name};
  }
  std::vector<float> values = listed_numbers(tensor);
  if (static_cast<std::int64_t>(values.size()) > count) {
    corrupt(subject, "is a constant with " + std::to_string(values.size()) + " numbers; its shape is " +
                         signxai::to_string(shape));
  }
  if (count > kMaxRepeated)
    corrupt(subject, "is a constant of the shape " + signxai::to_string(shape) + " with few numbers");
  values.resize(static_cast<std::size_t>(count), values.empty() ? 0.0f : values.back());  // the last one is repeated
  return {shape, std::move(values), name};
}

}  // namespace signxai::tensorflow
