// Serialisation of listings: fixed-size integers, strings with a length in front, lists with a count in front; an
// object is followed by its children.
#include "importers/hdf5/wire.h"

#include <cstring>
#include <type_traits>

#include "importers/hdf5/printable.h"

namespace signxai::hdf5 {
namespace {

constexpr std::uint8_t kListingTag = 'L';
constexpr std::uint8_t kErrorTag = 'E';
constexpr std::size_t kMaxRank = 32;  // H5S_MAX_RANK

class Writer {
 public:
  template <typename T>
  requires std::is_trivially_copyable_v<T>
  void put(T value) { out_.append(reinterpret_cast<const char*>(&value), sizeof value); }
  void put(const std::string& text) {
    put<std::uint64_t>(text.size());
    out_.append(text);
  }
  template <typename T>
  void put(const std::vector<T>& items) {
    put<std::uint64_t>(items.size());
    for (const T& item : items) put(item);
  }
  void put(const Attribute& attribute) {
    put(attribute.name);
    put(attribute.kind);
    put(attribute.is_scalar);
    put(attribute.strings);
    put(attribute.numbers);
    put(attribute.type_name);
  }
  void put(const Dataset& dataset) {
    put(dataset.element);
    put(dataset.big_endian);
    put(dataset.type_name);
    put(dataset.shape);
    put(dataset.storage);
    put(dataset.offset);
    put(dataset.bytes);
    put(dataset.refusal);
  }
  void put(const Object& object) {
    put(object.name);
    put(object.attributes);
    put(object.dataset.has_value());
    if (object.dataset) {
      put(*object.dataset);
    } else {
      put(object.children);
    }
  }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

struct Malformed {};

class Reader {
 public:
  explicit Reader(std::string_view in) : in_(in) {}

  template <typename T>
  T number() {
    static_assert(std::is_arithmetic_v<T>);
    T value;
    std::memcpy(&value, bytes(sizeof value).data(), sizeof value);
    return value;
  }
  template <typename Enum>
  Enum enumerator(Enum last) {
    const auto value = number<std::uint8_t>();
    if (value > static_cast<std::uint8_t>(last)) throw Malformed{};
    return static_cast<Enum>(value);
  }
  bool boolean() { return number<std::uint8_t>() != 0; }
  std::string text() { return std::string(bytes(number<std::uint64_t>())); }
  std::string message() { return printable(bytes(number<std::uint64_t>())); }

  Object object(const std::string& parent_path, int depth) {
    if (++objects_ > kMaxObjects || depth > kMaxDepth) throw Malformed{};
    Object object;
    object.name = name();
    object.path = depth == 0 ? "/" : (depth == 1 ? "" : parent_path) + "/" + object.name;
    for (std::uint64_t n = count(kMaxAttributeItems); n > 0; --n) object.attributes.push_back(attribute());
    if (boolean()) {
      object.dataset = dataset();
    } else {
      for (std::uint64_t n = count(kMaxObjects); n > 0; --n) {
        object.children.push_back(this->object(object.path, depth + 1));
      }
    }
    return object;
  }
  void expect_end() const {
    if (!in_.empty()) throw Malformed{};
  }

 private:
  std::string_view bytes(std::uint64_t size) {
    if (size > in_.size()) throw Malformed{};
    const std::string_view part = in_.substr(0, size);
    in_.remove_prefix(size);
    return part;
  }
  // Names end up in messages everywhere.
  std::string name() {
    std::string name = text();
    if (printable(name) != name) throw Malformed{};
    return name;
  }
  std::uint64_t count(std::uint64_t limit) {
    const auto value = number<std::uint64_t>();
    if (value > limit) throw Malformed{};
    return value;
  }
  // Limits what all attributes together make the reader allocate.
  std::uint64_t attribute_items() {
    const std::uint64_t n = count(kMaxAttributeItems);
    attribute_items_ += n;
    if (attribute_items_ > kMaxAttributeItems) throw Malformed{};
    return n;
  }
  Attribute attribute() {
    if (++attribute_items_ > kMaxAttributeItems) throw Malformed{};
    Attribute attribute;
    attribute.name = name();
    attribute.kind = enumerator(Attribute::Kind::kOther);
    attribute.is_scalar = boolean();
    for (std::uint64_t n = attribute_items(); n > 0; --n) attribute.strings.push_back(text());
    for (std::uint64_t n = attribute_items(); n > 0; --n) attribute.numbers.push_back(number<double>());
    attribute.type_name = message();
    return attribute;
  }
  Dataset dataset() {
    Dataset dataset;
    dataset.element = enumerator(ElementType::kOther);
    dataset.big_endian = boolean();
    dataset.type_name = message();
    for (std::uint64_t n = count(kMaxRank); n > 0; --n) dataset.shape.push_back(number<std::int64_t>());
    dataset.storage = enumerator(Dataset::Storage::kDecoded);
    dataset.offset = number<std::uint64_t>();
    dataset.bytes = number<std::uint64_t>();
    dataset.refusal = message();
    return dataset;
  }

  std::string_view in_;
  std::size_t objects_ = 0;
  std::size_t attribute_items_ = 0;
};

}  // namespace

std::string encode_listing(const Object& root) {
  Writer writer;
  writer.put(kListingTag);
  writer.put(root);
  return writer.take();
}

std::string encode_error(const Error& error) {
  Writer writer;
  writer.put(kErrorTag);
  writer.put(static_cast<std::uint8_t>(error.code()));
  writer.put(error.message());
  return writer.take();
}

Object decode_reply(std::string_view message, const std::string& subject) {
  Reader reader(message);
  try {
    const auto tag = reader.number<std::uint8_t>();
    if (tag == kErrorTag) {
      const ErrorCode code = reader.enumerator(ErrorCode::kInternal);
      throw Error(code, "import", subject, reader.message());
    }
    if (tag != kListingTag) throw Malformed{};
    Object root = reader.object("", 0);
    reader.expect_end();
    return root;
  } catch (const Malformed&) {
    throw Error(ErrorCode::kCorruptFile, "import", subject,
                "the process that reads HDF5 files sent a malformed listing; the file is damaged or hostile");
  }
}

}  // namespace signxai::hdf5
