// Data of the .npy format: any supported element type, byte order and memory order to float32 in C order.
#include "base/arrays/npy.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <new>
#include <type_traits>

#include "base/input_file.h"
#include "signxai/error.h"

namespace signxai {
namespace base {
namespace {

constexpr std::size_t kMaxHeader = std::size_t{1} << 16;
constexpr std::size_t kChunk = std::size_t{1} << 20;  // elements converted per step

[[noreturn]] void corrupt(const ByteSource& source, const std::string& what) {
  throw Error(ErrorCode::kCorruptFile, "array", source.subject, what);
}

float half_to_float(std::uint16_t half) {
  const int exponent = (half >> 10) & 0x1f;
  const int mantissa = half & 0x3ff;
  float magnitude = 0;
  if (exponent == 0x1f) {
    magnitude = mantissa != 0 ? std::nanf("") : HUGE_VALF;
  } else if (exponent == 0) {
    magnitude = std::ldexp(static_cast<float>(mantissa), -24);
  } else {
    magnitude = std::ldexp(static_cast<float>(mantissa + 1024), exponent - 25);
  }
  return (half & 0x8000) != 0 ? -magnitude : magnitude;
}

// One element from its bytes in the machine's order.
template <class T>
float to_float(const unsigned char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof(T));
  return static_cast<float>(value);
}

float half_bytes_to_float(const unsigned char* bytes) {
  std::uint16_t half = 0;
  std::memcpy(&half, bytes, sizeof half);
  return half_to_float(half);
}

float bool_to_float(const unsigned char* bytes) { return *bytes != 0 ? 1.0F : 0.0F; }

using Converter = float (*)(const unsigned char*);

Converter converter_for(const NpyHeader& header) {
  if (header.kind == 'b') return bool_to_float;
  if (header.kind == 'f') {
    if (header.item_size == 2) return half_bytes_to_float;
    return header.item_size == 4 ? to_float<float> : to_float<double>;
  }
  const bool is_signed = header.kind == 'i';
  switch (header.item_size) {
    case 1: return is_signed ? to_float<std::int8_t> : to_float<std::uint8_t>;
    case 2: return is_signed ? to_float<std::int16_t> : to_float<std::uint16_t>;
    case 4: return is_signed ? to_float<std::int32_t> : to_float<std::uint32_t>;
    default: return is_signed ? to_float<std::int64_t> : to_float<std::uint64_t>;
  }
}

void read_elements(const ByteSource& source, const NpyHeader& header, std::vector<float>& out) {
  const bool swap = header.big_endian == (std::endian::native == std::endian::little) && header.item_size > 1;
  if (header.kind == 'f' && header.item_size == 4 && !swap) return source.read(out.data(), out.size() * sizeof(float));
  const Converter convert = converter_for(header);
  const auto item = static_cast<std::size_t>(header.item_size);
  std::vector<unsigned char> buffer(std::min(out.size(), kChunk) * item);
  for (std::size_t done = 0; done < out.size();) {
    const std::size_t count = std::min(out.size() - done, kChunk);
    source.read(buffer.data(), count * item);
    for (std::size_t i = 0; i < count; ++i) {
      unsigned char* element = buffer.data() + i * item;
      if (swap) std::reverse(element, element + item);
      out[done + i] = convert(element);
    }
    done += count;
  }
}

// Elements stored with the first axis running fastest, reordered so that the last one does.
std::vector<float> to_c_order(const std::vector<float>& fortran, const Shape& shape) {
  const std::size_t rank = shape.size();
  std::vector<std::size_t> stride(rank, 1), index(rank, 0);
  for (std::size_t axis = 1; axis < rank; ++axis) {
    stride[axis] = stride[axis - 1] * static_cast<std::size_t>(shape[axis - 1]);
  }
  std::vector<float> result(fortran.size());
  std::size_t from = 0;
  for (float& value : result) {
    value = fortran[from];
    for (std::size_t axis = rank; axis-- > 0;) {
      from += stride[axis];
      if (++index[axis] < static_cast<std::size_t>(shape[axis])) break;
      from -= stride[axis] * static_cast<std::size_t>(shape[axis]);
      index[axis] = 0;
    }
  }
  return result;
}

// Product of the extents, or an error if the array cannot be what the source holds.
std::size_t checked_count(const ByteSource& source, const NpyHeader& header, std::uint64_t data_bytes) {
  std::uint64_t count = 1;
  bool empty = false;
  for (const std::int64_t extent : header.shape) {
    if (extent == 0) {
      empty = true;
    } else if (__builtin_mul_overflow(count, static_cast<std::uint64_t>(extent), &count) || count >> 60 != 0) {
      corrupt(source, "the .npy header claims an absurd shape; got " + to_string(header.shape));
    }
  }
  if (empty) count = 0;
  if (count > data_bytes || count * static_cast<std::uint64_t>(header.item_size) != data_bytes) {
    corrupt(source, "size and header disagree; got " + std::to_string(data_bytes) + " bytes of data, expected " +
                        std::to_string(count * static_cast<std::uint64_t>(header.item_size)) + " for shape " +
                        to_string(header.shape));
  }
  return static_cast<std::size_t>(count);
}

void check_limit(const ByteSource& source, std::size_t elements, const ReadLimits& limits) {
  if (elements * sizeof(float) <= static_cast<std::uint64_t>(std::max<std::int64_t>(limits.max_bytes, 0))) return;
  throw Error(ErrorCode::kOutOfMemory, "array", source.subject,
              "is larger than the limit; got " + std::to_string(elements * sizeof(float)) +
                  " bytes as float32, expected at most " + std::to_string(limits.max_bytes));
}

// Length of the dictionary; leaves the source at its first byte. `used` counts the bytes read.
std::size_t read_preamble(const ByteSource& source, std::uint64_t& used) {
  std::array<unsigned char, 12> bytes{};
  if (source.size < 10) corrupt(source, "is no .npy array; got only " + std::to_string(source.size) + " bytes");
  source.read(bytes.data(), 8);
  if (std::memcmp(bytes.data(), "\x93NUMPY", 6) != 0) corrupt(source, "is no .npy array; the first bytes differ");
  const int version = bytes[6];
  if (version < 1 || version > 3 || bytes[7] != 0) {
    throw Error(ErrorCode::kUnsupported, "array", source.subject,
                "has an unknown .npy version; got " + std::to_string(version) + "." + std::to_string(bytes[7]) +
                    ", expected 1.0, 2.0 or 3.0");
  }
  const std::size_t width = version == 1 ? 2 : 4;
  used = 8 + width;
  if (source.size < used) corrupt(source, "ends inside the .npy header");
  source.read(bytes.data() + 8, width);
  std::size_t length = 0;
  for (std::size_t i = width; i-- > 0;) length = length << 8 | bytes[8 + i];
  if (length > kMaxHeader || length > source.size - used) {
    corrupt(source, "the .npy header claims an absurd length; got " + std::to_string(length) + " bytes");
  }
  used += length;
  return length;
}

}  // namespace

NpyStream::NpyStream(ByteSource source) : source_(std::move(source)) {
  std::uint64_t used = 0;
  std::string dictionary(read_preamble(source_, used), '\0');
  source_.read(dictionary.data(), dictionary.size());
  header_ = parse_npy_header(dictionary, source_.subject);
  elements_ = checked_count(source_, header_, source_.size - used);
}

std::vector<float> NpyStream::turned_rows(std::size_t count, std::size_t row) {
  if (next_ == 0) {
    std::vector<float> values(elements_);
    read_elements(source_, header_, values);
    turned_ = to_c_order(values, header_.shape);
  }
  if (count * row == elements_) return std::move(turned_);
  const auto first = turned_.begin() + next_ * static_cast<std::ptrdiff_t>(row);
  return {first, first + static_cast<std::ptrdiff_t>(count * row)};
}

Tensor NpyStream::read(std::int64_t count, const ReadLimits& limits) try {
  count = std::min(count, rows() - next_);
  Shape shape = header_.shape;
  if (!shape.empty()) shape.front() = count;
  const std::size_t row = rows() == 0 ? 0 : elements_ / static_cast<std::size_t>(rows());
  const bool turn = header_.fortran_order && header_.shape.size() > 1;
  const std::size_t wanted = static_cast<std::size_t>(count) * row;
  check_limit(source_, turn ? elements_ : wanted, limits);
  std::vector<float> values;
  if (turn) {
    values = turned_rows(static_cast<std::size_t>(count), row);
  } else {
    values.resize(wanted);
    read_elements(source_, header_, values);
  }
  next_ += count;
  return Tensor(std::move(shape), std::move(values));
} catch (const std::bad_alloc&) {
  throw Error(ErrorCode::kOutOfMemory, "array", source_.subject, "does not fit into memory");
}

Tensor read_npy_stream(ByteSource source, const ReadLimits& limits) {
  NpyStream stream(std::move(source));
  return stream.read(stream.rows(), limits);
}

}  // namespace base

Tensor read_npy(const std::string& path, const ReadLimits& limits) {
  base::InputFile file(path, "array");
  return base::read_npy_stream({path, file.size(), [&](void* to, std::size_t count) { file.read(to, count); }}, limits);
}

}  // namespace signxai
