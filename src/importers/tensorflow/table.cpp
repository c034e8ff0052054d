// Tables of LevelDB from memory, and the order-preserving keys that parts of tensors have in them.
#include <leveldb/env.h>
#include <leveldb/iterator.h>
#include <leveldb/options.h>
#include <leveldb/slice.h>
#include <leveldb/status.h>
#include <leveldb/table.h>

#include <algorithm>
#include <array>
#include <memory>
#include <new>
#include <optional>
#include <string_view>

#include "importers/tensorflow/bundle.h"
#include "signxai/error.h"

namespace signxai::tensorflow {
namespace {

class MemoryFile : public leveldb::RandomAccessFile {
 public:
  explicit MemoryFile(const base::Bytes& bytes) : bytes_(bytes) {}

  leveldb::Status Read(std::uint64_t offset, std::size_t count, leveldb::Slice* result, char*) const override {
    if (offset > bytes_.size || count > bytes_.size - offset) return leveldb::Status::Corruption("the file ends early");
    *result = {reinterpret_cast<const char*>(bytes_.data.get()) + offset, count};
    return leveldb::Status::OK();
  }

 private:
  const base::Bytes& bytes_;
};

void require(const leveldb::Status& status, const std::string& subject) {
  if (status.ok()) return;
  throw Error(ErrorCode::kCorruptFile, "import", subject,
              "the table of weights is damaged: " + status.ToString() + "; try copying the folder again");
}

void append_number(std::string& key, std::uint64_t value) {
  std::string bytes;
  for (; value != 0; value >>= 8) bytes.insert(bytes.begin(), static_cast<char>(value & 0xff));
  key += static_cast<char>(bytes.size());
  key += bytes;
}

void append_text(std::string& key, const std::string& text) {
  for (const char c : text) {
    key += c;
    if (c == '\0') key += '\xff';
    if (c == '\xff') key += '\0';
  }
  key += std::string("\0\1", 2);
}

/// As many leading ones as there are bytes, then the number; negative ones inverted.
void append_signed(std::string& key, std::int64_t value) {
  const std::uint64_t magnitude = static_cast<std::uint64_t>(value < 0 ? ~value : value);
  std::size_t bits = 0;
  while (bits < 64 && (magnitude >> bits) != 0) ++bits;
  const std::size_t length = bits / 7 + 1;
  std::array<unsigned char, 10> buffer{};
  for (std::size_t i = 0; i < buffer.size(); ++i) {
    const std::size_t shift = 8 * (buffer.size() - 1 - i);
    buffer[i] =
        static_cast<unsigned char>(shift < 64 ? static_cast<std::uint64_t>(value) >> shift : (value < 0 ? 0xff : 0));
  }
  unsigned char* begin = buffer.data() + buffer.size() - length;
  for (std::size_t bit = 0; bit < length; ++bit) begin[bit / 8] ^= static_cast<unsigned char>(0x80u >> (bit % 8));
  key.append(reinterpret_cast<const char*>(begin), length);
}

/// LevelDB's varint at the start of `text`, which is cut off; none where it does not end.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < text.size() && i < 10; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    number |= static_cast<std::uint64_t>(byte & 0x7fu) << (7 * i);
    if (byte < 0x80) return text.remove_prefix(i + 1), number;
  }
  return std::nullopt;
}

/// The footer has no checksum, and LevelDB reserves memory for the blocks that it names before it reads them.
void check_footer(const base::Bytes& bytes, const std::string& subject) {
  constexpr std::uint64_t kFooter = 48;
  if (bytes.size < kFooter) return;  // LevelDB says so
  std::string_view footer(reinterpret_cast<const char*>(bytes.data.get()) + bytes.size - kFooter, kFooter);
  for (int block = 0; block < 2; ++block) {
    const auto place = take_number(footer), size = take_number(footer);
    if (place && size && *size <= bytes.size && *place <= bytes.size - *size) continue;
    throw Error(ErrorCode::kCorruptFile, "import", subject, "the table of weights names blocks outside of the file");
  }
}

}  // namespace

std::map<std::string, std::string> read_table(const base::Bytes& bytes, const std::string& subject) try {
  check_footer(bytes, subject);
  MemoryFile file(bytes);
  leveldb::Options options;
  options.paranoid_checks = true;
  leveldb::Table* opened = nullptr;
  require(leveldb::Table::Open(options, &file, bytes.size, &opened), subject);
  const std::unique_ptr<leveldb::Table> table(opened);
  leveldb::ReadOptions read;
  read.verify_checksums = true;
  read.fill_cache = false;
  const std::unique_ptr<leveldb::Iterator> it(table->NewIterator(read));
  std::map<std::string, std::string> entries;
  for (it->SeekToFirst(); it->Valid(); it->Next()) {
    if (!entries.emplace(it->key().ToString(), it->value().ToString()).second) {
      throw Error(ErrorCode::kCorruptFile, "import", subject, "the table of weights has a key twice");
    }
  }
  require(it->status(), subject);
  return entries;
} catch (const std::bad_alloc&) {
  throw Error(ErrorCode::kCorruptFile, "import", subject, "the table of weights has a block larger than memory");
}

std::string slice_key(const std::string& name, const messages::TensorSliceProto& slice) {
  constexpr std::int64_t kWhole = -1;
  std::string key;
  append_number(key, 0);
  append_text(key, name);
  append_number(key, static_cast<std::uint64_t>(slice.extent_size()));
  for (const auto& extent : slice.extent()) {
    const bool whole = extent.has_length_case() == messages::TensorSliceProto::Extent::HAS_LENGTH_NOT_SET;
    append_signed(key, whole ? 0 : extent.start());
    append_signed(key, whole ? kWhole : extent.length());
  }
  return key;
}

}  // namespace signxai::tensorflow
