// Reading of tensor bundles.
#include "importers/tensorflow/bundle.h"

#include <fmt/format.h>

#include "base/crc32c.h"
#include "importers/corrupt.h"
#include "signxai/error.h"

namespace signxai::tensorflow {
namespace {

constexpr const char* kIndex = "variables/variables.index";

std::uint64_t as_size(std::int64_t value) { return static_cast<std::uint64_t>(value); }

/// Numbers of variable length, seven bits a byte; moves `at` behind it. Nothing where the bytes end.
std::optional<std::uint64_t> varint(const base::Bytes& bytes, std::uint64_t& at) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && at < bytes.size; shift += 7) {
    const auto byte = static_cast<std::uint64_t>(bytes.data.get()[at++]);
    value |= (byte & 0x7fu) << shift;
    if (byte < 0x80u) return value;
  }
  return std::nullopt;
}

/// First index and number of the elements of a part along each axis.
struct Box {
  Shape start, extent;
};

Box box_of(const messages::TensorSliceProto& slice, const Shape& shape, const std::string& subject) {
  if (slice.extent_size() != static_cast<int>(shape.size())) corrupt(subject, "is in parts of another rank");
  Box box;
  for (int axis = 0; axis < slice.extent_size(); ++axis) {
    const auto& extent = slice.extent(axis);
    const std::int64_t whole = shape[static_cast<std::size_t>(axis)];
    const bool all = extent.has_length_case() == messages::TensorSliceProto::Extent::HAS_LENGTH_NOT_SET;
    const std::int64_t length = all ? whole : extent.length();
    if (extent.start() < 0 || length < 0 || extent.start() > whole || length > whole - extent.start()) {
      corrupt(subject, "has a part that reaches beyond the tensor, whose shape is " + signxai::to_string(shape));
    }
    box.start.push_back(extent.start());
    box.extent.push_back(length);
  }
  return box;
}

bool overlap(const Box& a, const Box& b) {
  for (std::size_t axis = 0; axis < a.start.size(); ++axis) {
    if (a.start[axis] + a.extent[axis] <= b.start[axis] || b.start[axis] + b.extent[axis] <= a.start[axis])
      return false;
  }
  return true;
}

/// Copies a part to its place, row by row.
void place(const std::vector<float>& part, const Box& box, const Shape& shape, std::vector<float>& whole) {
  if (part.empty()) return;
  const std::size_t last = shape.size() - 1;
  const auto row = static_cast<std::size_t>(box.extent[last]);
  Shape at(shape.size(), 0);
  for (std::size_t from = 0; from < part.size(); from += row) {
    std::int64_t to = 0;
    for (std::size_t axis = 0; axis < shape.size(); ++axis) to = to * shape[axis] + box.start[axis] + at[axis];
    std::copy_n(part.begin() + static_cast<std::ptrdiff_t>(from), row, whole.begin() + to);
    for (std::size_t axis = last; axis-- > 0;) {
      if (++at[axis] < box.extent[axis]) break;
      at[axis] = 0;
    }
  }
}

}  // namespace

Bundle::Bundle(OpenFile open, std::string subject) : open_(std::move(open)), subject_(std::move(subject)) {
  const auto index = open_(kIndex);
  if (!index) {
    throw Error(
        ErrorCode::kNotFound, "import", subject_,
        std::string("has no file ") + kIndex + ", which holds the places of the weights; try copying the whole folder");
  }
  const std::string name = subject_ + "/" + kIndex;
  for (const auto& [key, value] : read_table(*index, name)) {
    if (key.empty()) {
      messages::BundleHeaderProto header;
      if (!header.ParseFromString(value)) corrupt(name, "its header is damaged");
      shards_ = header.num_shards();
      big_endian_ = header.endianness() == 1;
      continue;
    }
    Entry entry;
    const std::string place = name + "[" + key + "]";
    if (!entry.message.ParseFromString(value)) corrupt(place, "the entry is damaged");
    entry.type = entry.message.dtype();
    entry.shape = shape_of(entry.message.shape(), place);
    count_of(entry.shape, place);
    entries_.emplace(key, std::move(entry));
  }
  if (shards_ < 1 || shards_ > 99999) corrupt(name, "names " + std::to_string(shards_) + " files of data");
}

void Bundle::fail(const std::string& key, const std::string& message) const {
  corrupt(subject_ + "[" + key + "]", message);
}

const Bundle::Entry* Bundle::find(const std::string& key) const {
  const auto it = entries_.find(key);
  return it == entries_.end() ? nullptr : &it->second;
}

const Bundle::Entry& Bundle::entry(const std::string& key) const {
  const Entry* found = find(key);
  if (!found) fail(key, std::string(kIndex) + " has no such tensor; is it of another model?");
  return *found;
}

const base::Bytes& Bundle::shard(int index) {
  const auto it = data_.find(index);
  if (it != data_.end()) return it->second;
  const std::string name = fmt::format("variables/variables.data-{:05}-of-{:05}", index, shards_);
  auto bytes = open_(name);
  if (!bytes) {
    throw Error(ErrorCode::kNotFound, "import", subject_,
                "has no file " + name + ", which holds weights; try copying the whole folder");
  }
  return data_.emplace(index, std::move(*bytes)).first->second;
}

base::Bytes Bundle::bytes_of(const std::string& key, const Entry& entry) {
  const messages::BundleEntryProto& at = entry.message;
  if (at.shard_id() < 0 || at.shard_id() >= shards_) {
    fail(key, "lies in file " + std::to_string(at.shard_id()) + " of " + std::to_string(shards_));
  }
  const base::Bytes& file = shard(at.shard_id());
  if (at.offset() < 0 || at.size() < 0 || as_size(at.offset()) > file.size ||
      as_size(at.size()) > file.size - as_size(at.offset())) {
    fail(key, fmt::format("reaches to byte {} + {} of a file of {} bytes; the file is truncated or of another model",
                          at.offset(), at.size(), file.size));
  }
  return {std::shared_ptr<const std::byte>(file.data, file.data.get() + at.offset()), as_size(at.size())};
}

/// The bytes of a tensor that is in one piece, as many as its shape takes, and as they were written.
base::Bytes Bundle::checked(const std::string& key, const Entry& entry) {
  const base::Bytes bytes = bytes_of(key, entry);
  const std::uint64_t expected = as_size(count_of(entry.shape, subject_)) * hdf5::element_size(element_of(entry.type));
  if (bytes.size != expected) {
    fail(key, fmt::format("has {} bytes; expected {} for {} of {}", bytes.size, expected,
                          signxai::to_string(entry.shape), type_name(entry.type)));
  }
  if (base::masked_crc32c(base::crc32c(bytes.data.get(), bytes.size)) != entry.message.crc32c()) {
    fail(key, "its bytes are not those that were written (the checksum differs); try copying the folder again");
  }
  return bytes;
}

std::vector<float> Bundle::numbers(const base::Bytes& bytes, const Entry& entry) const {
  std::vector<float> values(static_cast<std::size_t>(count_of(entry.shape, subject_)));
  hdf5::convert_to_float32(bytes.data.get(), element_of(entry.type), big_endian_, values);
  return values;
}

graph::Literal Bundle::read(const std::string& key, const std::string& name) {
  const Entry& found = entry(key);
  const hdf5::ElementType element = element_of(found.type);
  if (element == hdf5::ElementType::kOther) fail(key, "is of " + type_name(found.type) + "; expected numbers");
  if (!is_integer(found.type) && element != hdf5::ElementType::kFloat32) converted_.insert(type_name(found.type));
  if (found.message.slices_size() > 0) return {found.shape, joined(key, found), name};
  const base::Bytes bytes = checked(key, found);
  const bool aligned = reinterpret_cast<std::uintptr_t>(bytes.data.get()) % alignof(float) == 0;
  if (!aligned || bytes.size == 0 || !hdf5::is_native_float32(element, big_endian_)) {
    return {found.shape, numbers(bytes, found), name};
  }
  const auto* floats = reinterpret_cast<const float*>(bytes.data.get());
  return {found.shape, std::shared_ptr<const float>(bytes.data, floats), name};
}

std::vector<float> Bundle::joined(const std::string& key, const Entry& whole) {
  std::vector<std::pair<Box, const Entry*>> parts;
  std::int64_t total = 0;
  for (const auto& slice : whole.message.slices()) {
    const Entry* part = find(slice_key(key, slice));
    if (!part || part->message.slices_size() > 0) fail(key, "is in parts, of which one is missing");
    const Box box = box_of(slice, whole.shape, subject_ + "[" + key + "]");
    if (part->shape != box.extent || part->type != whole.type) fail(key, "is in parts, of which one has another shape");
    for (const auto& [other, entry] : parts) {
      if (overlap(box, other)) fail(key, "is in parts that overlap");
    }
    total += element_count(box.extent);
    parts.emplace_back(box, part);
  }
  if (total != element_count(whole.shape)) fail(key, "is in parts that do not make the whole");
  for (const auto& [box, part] : parts) checked(key, *part);  // before anything is allocated
  std::vector<float> values(static_cast<std::size_t>(total));
  for (const auto& [box, part] : parts) place(numbers(bytes_of(key, *part), *part), box, whole.shape, values);
  return values;
}

std::string Bundle::text(const std::string& key) {
  const Entry& found = entry(key);
  if (found.type != kString || count_of(found.shape, subject_) != 1) fail(key, "is not one string");
  const base::Bytes bytes = bytes_of(key, found);
  std::uint64_t at = 0;
  const auto length = varint(bytes, at);
  constexpr std::uint64_t kChecksum = 4;  // of the lengths
  if (!length || at + kChecksum > bytes.size || *length != bytes.size - at - kChecksum)
    fail(key, "is a damaged string");
  return {reinterpret_cast<const char*>(bytes.data.get()) + at + kChecksum, static_cast<std::size_t>(*length)};
}

std::vector<std::string> Bundle::notes() const {
  if (converted_.empty()) return {};
  std::string types;
  for (const std::string& type : converted_) types += (types.empty() ? "" : ", ") + type;
  return {"weights are stored as " + types + " and were converted to float32"};
}

}  // namespace signxai::tensorflow
