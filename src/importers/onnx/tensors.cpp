// Numbers of a tensor in each of the forms that files have for them: bytes in the message or in another file, or lists
// of one type or another.
#include <bit>
#include <cstring>
#include <limits>

#include "importers/onnx/document.h"
#include "signxai/error.h"

namespace signxai::onnx {
namespace {

using Message = onnx_messages::Tensor;

constexpr std::int64_t kMostElements = std::int64_t{1} << 33;

float half(std::uint16_t bits) {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000u) << 16, exponent = (bits >> 10) & 0x1Fu;
  const std::uint32_t fraction = bits & 0x3FFu;
  if (exponent == 0) {
    const float small = static_cast<float>(fraction) * 0x1p-24f;
    return sign ? -small : small;
  }
  const std::uint32_t wide = exponent == 31 ? 0xFFu : exponent + 112;
  return std::bit_cast<float>(sign | (wide << 23) | (fraction << 13));
}

float brain(std::uint16_t bits) { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }
double as_half(std::uint16_t bits) { return half(bits); }
double as_brain(std::uint16_t bits) { return brain(bits); }

template <typename T>
double as_number(T value) {
  return static_cast<double>(value);
}

template <typename T, double (*convert)(T)>
std::vector<double> from_bytes(const std::byte* bytes, std::size_t count) {
  std::vector<double> numbers(count);
  for (std::size_t i = 0; i < count; ++i) {
    T value;
    std::memcpy(&value, bytes + i * sizeof(T), sizeof(T));
    numbers[i] = convert(value);
  }
  return numbers;
}

template <typename T>
std::vector<double> from_list(const Message& tensor) {
  std::vector<double> numbers;
  const auto append = [&](const auto& list) {
    for (const auto value : list) numbers.push_back(as_number(value));
  };
  if constexpr (std::is_same_v<T, float>) append(tensor.float_data());
  if constexpr (std::is_same_v<T, double>) append(tensor.double_data());
  if constexpr (std::is_same_v<T, std::int32_t>) append(tensor.int32_data());
  if constexpr (std::is_same_v<T, std::int64_t>) append(tensor.int64_data());
  if constexpr (std::is_same_v<T, std::uint64_t>) append(tensor.uint64_data());
  return numbers;
}

template <float (*convert)(std::uint16_t)>
std::vector<double> from_patterns(const Message& tensor) {
  std::vector<double> numbers;
  for (const std::int32_t bits : tensor.int32_data()) numbers.push_back(convert(static_cast<std::uint16_t>(bits)));
  return numbers;
}

/// A type of elements, by its number in the format.
struct StoredType {
  int number;
  const char* name;
  std::uint64_t width;
  Element element;
  std::vector<double> (*bytes)(const std::byte*, std::size_t);
  std::vector<double> (*list)(const Message&);
};

using enum Element;

constexpr StoredType kElementTypes[] = {
    {1, "float", 4, kFloat, from_bytes<float, as_number<float>>, from_list<float>},
    {2, "uint8", 1, kInteger, from_bytes<std::uint8_t, as_number<std::uint8_t>>, from_list<std::int32_t>},
    {3, "int8", 1, kInteger, from_bytes<std::int8_t, as_number<std::int8_t>>, from_list<std::int32_t>},
    {4, "uint16", 2, kInteger, from_bytes<std::uint16_t, as_number<std::uint16_t>>, from_list<std::int32_t>},
    {5, "int16", 2, kInteger, from_bytes<std::int16_t, as_number<std::int16_t>>, from_list<std::int32_t>},
    {6, "int32", 4, kInteger, from_bytes<std::int32_t, as_number<std::int32_t>>, from_list<std::int32_t>},
    {7, "int64", 8, kInteger, from_bytes<std::int64_t, as_number<std::int64_t>>, from_list<std::int64_t>},
    {9, "bool", 1, kBoolean, from_bytes<std::uint8_t, as_number<std::uint8_t>>, from_list<std::int32_t>},
    {10, "float16", 2, kFloat, from_bytes<std::uint16_t, as_half>, from_patterns<half>},
    {11, "double", 8, kFloat, from_bytes<double, as_number<double>>, from_list<double>},
    {12, "uint32", 4, kInteger, from_bytes<std::uint32_t, as_number<std::uint32_t>>, from_list<std::uint64_t>},
    {13, "uint64", 8, kInteger, from_bytes<std::uint64_t, as_number<std::uint64_t>>, from_list<std::uint64_t>},
    {16, "bfloat16", 2, kFloat, from_bytes<std::uint16_t, as_brain>, from_patterns<brain>},
};

const StoredType& type_of(const Message& tensor, const std::string& subject) {
  for (const StoredType& type : kElementTypes) {
    if (type.number == tensor.data_type()) return type;
  }
  throw Error(ErrorCode::kUnsupported, "import", subject,
              "has elements of type " + std::to_string(tensor.data_type()) +
                  "; supported are floating point types from 16 bits on, integers from 8 bits on, and bool");
}

Shape shape_of(const Message& tensor, const std::string& subject) {
  Shape shape(tensor.dims().begin(), tensor.dims().end());
  std::int64_t left = kMostElements;
  for (const std::int64_t extent : shape) {
    if (extent < 0 || extent > left) {
      throw Error(ErrorCode::kCorruptFile, "import", subject,
                  "has an axis of the impossible extent " + std::to_string(extent));
    }
    if (extent > 0) left /= extent;
  }
  if (shape.size() > 8) throw Error(ErrorCode::kUnsupported, "import", subject, "has more than 8 axes");
  return shape;
}

bool is_aligned(const void* address) { return reinterpret_cast<std::uintptr_t>(address) % alignof(float) == 0; }

/// Float32 numbers where they lie, others converted.
Constant of_bytes(const base::Bytes& bytes, const StoredType& type, Shape shape, const std::string& name) {
  const auto count = static_cast<std::size_t>(element_count(shape));
  if (type.number == 1 && is_aligned(bytes.data.get()) && count > 0) {
    return Constant(graph::Literal(
        std::move(shape), std::shared_ptr<const float>(bytes.data, reinterpret_cast<const float*>(bytes.data.get())),
        name));
  }
  std::vector<double> numbers = type.bytes(bytes.data.get(), count);
  return {std::move(shape), type.element, std::move(numbers)};
}

}  // namespace

Constant Document::take(Message& tensor) {
  const std::string subject = subject_ + ": " + tensor.name();
  const StoredType& type = type_of(tensor, subject);
  const Shape shape = shape_of(tensor, subject);
  const auto count = static_cast<std::uint64_t>(element_count(shape));
  const auto wrong = [&](std::uint64_t found, const char* unit) {
    corrupt(subject, "is a tensor " + signxai::to_string(shape) + " of " + type.name + ", but has " +
                         std::to_string(found) + unit);
  };
  if (tensor.data_location() == 1) return of_bytes(external(tensor, count * type.width), type, shape, tensor.name());
  if (tensor.has_raw_data()) {
    if (tensor.raw_data().size() != count * type.width) wrong(tensor.raw_data().size(), " bytes");
    const std::shared_ptr<const std::string> kept(tensor.release_raw_data());
    const auto* data = reinterpret_cast<const std::byte*>(kept->data());
    return of_bytes({std::shared_ptr<const std::byte>(kept, data), kept->size()}, type, shape, tensor.name());
  }
  std::vector<double> numbers = type.list(tensor);
  if (numbers.size() != count) wrong(numbers.size(), " elements");
  return {shape, type.element, std::move(numbers)};
}

Constant Document::read(const Message& tensor) {
  Message copy = tensor;
  return take(copy);
}

}  // namespace signxai::onnx
