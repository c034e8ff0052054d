// Zip archives: in place or unpacked, and what damaged and hostile ones are told.
#include "importers/zip/archive.h"

#include <algorithm>

#include "importers/hdf5_fixture.h"
#include "importers/importer.h"
#include "importers/keras_fixture.h"
#include "importers/zip/locate.h"
#include "importers/zip_fixture.h"

namespace signxai::zip {
namespace {

using hdf5::TemporaryFile;
using keras::expect_error;

const std::string kText = "The quick brown fox";

std::string read(const Archive& archive, const std::string& name, std::uint64_t limit = 1 << 20) {
  const base::Bytes bytes = archive.read(*archive.find(name), limit);
  return {reinterpret_cast<const char*>(bytes.data.get()), bytes.size};
}

Entry packed(const std::string& name, const std::string& content) { return {name, content, deflated(content), 8}; }

/// Opens the archive and reads its first member.
void open_and_read(const std::string& bytes) {
  const TemporaryFile file(bytes);
  const Archive archive = Archive::open(file.path());
  for (const Member& member : archive.members()) archive.read(member, 1 << 20);
}

void expect_corrupt(const std::vector<std::string>& parts, const std::string& bytes) {
  expect_error(ErrorCode::kCorruptFile, parts, [&] { open_and_read(bytes); });
}

TEST(ZipArchive, StoredAndDeflatedMembers) {
  const TemporaryFile file(make_zip({{"a.txt", kText}, packed("folder/b.txt", kText + "!"), {"empty", ""}}));
  const Archive archive = Archive::open(file.path());
  ASSERT_EQ(archive.members().size(), 3u);
  EXPECT_TRUE(archive.find("a.txt")->stored);
  EXPECT_FALSE(archive.find("folder/b.txt")->stored);
  EXPECT_EQ(archive.find("c.txt"), nullptr);
  EXPECT_EQ(read(archive, "a.txt"), kText);
  EXPECT_EQ(read(archive, "folder/b.txt"), kText + "!");
  EXPECT_EQ(read(archive, "empty"), "");
}

TEST(ZipArchive, StoredMembersAreUsedWhereTheyAre) {
  const std::string bytes = make_zip({{"first", "12345"}, {"second", kText}, packed("third", kText)});
  const auto located = [&](std::uint64_t index, const std::string& name, std::uint64_t size) {
    return locate_stored(std::as_bytes(std::span(bytes)), index, name, size);
  };
  ASSERT_TRUE(located(1, "second", kText.size()));
  EXPECT_EQ(*located(1, "second", kText.size()), bytes.find(kText));
  EXPECT_FALSE(located(1, "first", kText.size()));
  EXPECT_FALSE(located(1, "second", kText.size() + 1));
  EXPECT_FALSE(located(2, "third", kText.size()));
  EXPECT_FALSE(located(3, "fourth", 1));
  const TemporaryFile file(bytes);
  const Archive archive = Archive::open(file.path());
  const base::Bytes once = archive.read(*archive.find("second"), 100),
                    again = archive.read(*archive.find("second"), 100);
  EXPECT_EQ(once.data.get(), again.data.get());
  EXPECT_NE(archive.read(*archive.find("third"), 100).data.get(), archive.read(*archive.find("third"), 100).data.get());
}

TEST(ZipArchive, BytesOutliveTheArchive) {
  const TemporaryFile file(make_zip({{"a", kText}}));
  base::Bytes bytes;
  {
    const Archive archive = Archive::open(file.path());
    bytes = archive.read(*archive.find("a"), 100);
  }
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(bytes.data.get()), bytes.size), kText);
}

TEST(ZipArchive, EveryTruncationIsRefused) {
  const std::string whole = make_zip({{"a", kText}, packed("b", kText)});
  expect_corrupt({"empty"}, "");
  for (std::size_t length = 1; length < whole.size(); ++length) {
    EXPECT_THROW(open_and_read(whole.substr(0, length)), Error) << length;
  }
}

TEST(ZipArchive, DamagedMembers) {
  expect_corrupt({"[a]", "cannot be unpacked"}, make_zip({{"a", kText, "", 0, 0, -1, 1}}));
  Entry broken = packed("a", kText);
  broken.packed[0] = 7;
  expect_corrupt({"[a]", "cannot be unpacked"}, make_zip({broken}));
  Entry wrong = packed("a", kText);
  wrong.crc_flip = 1;
  expect_corrupt({"[a]", "cannot be unpacked"}, make_zip({wrong}));
}

TEST(ZipArchive, Bombs) {
  expect_corrupt({"[a]", "a size its bytes cannot hold"}, make_zip({{"a", kText, "", 0, 0, 1000}}));
  Entry bomb = packed("a", kText);
  bomb.size = 1 << 30;
  expect_corrupt({"[a]", "a size its bytes cannot hold"}, make_zip({bomb}));
  const TemporaryFile file(make_zip({packed("a", kText)}));
  const Archive archive = Archive::open(file.path());
  expect_error(ErrorCode::kOutOfMemory, {"[a]", "19 bytes", "18"}, [&] { archive.read(archive.members()[0], 18); });
}

TEST(ZipArchive, LongerThanItSays) {
  Entry longer = packed("a", kText);
  longer.size = 5;
  EXPECT_THROW(open_and_read(make_zip({longer})), Error);
}

TEST(ZipArchive, HostileNames) {
  for (const char* name : {"../a", "a/../../b", "/etc/passwd", "C:/x", "a\\b", "\x1b[2J"}) {
    expect_corrupt({"hostile"}, make_zip({{name, kText}}));
  }
  expect_corrupt({"[a]", "occurs twice"}, make_zip({{"a", kText}, {"a", kText}}));
}

TEST(ZipArchive, FormsThatAreNotRead) {
  expect_error(ErrorCode::kUnsupported, {"[a]", "encrypted"}, [] {
    open_and_read(make_zip({{"a", kText + std::string(12, ' '), "", 0, 1}}));
  });
  expect_error(ErrorCode::kUnsupported, {"[a]", "compression method 12"}, [] {
    open_and_read(make_zip({{"a", kText, kText, 12}}));
  });
}

// .keras files -------------------------------------------------------------------------------------------------------

std::string architecture() {
  const keras::Json model =
      keras::sequential({keras::input_layer("in", {nullptr, 2}), keras::layer("Dense", "d", {{"units", 3}})});
  return model.dump();
}

void expect_refused(ErrorCode code, const std::vector<std::string>& parts, const std::vector<Entry>& entries) {
  const TemporaryFile file(make_zip(entries));
  expect_error(code, parts, [&] { load_network(file.path()); });
}

TEST(KerasArchive, MissingMembers) {
  expect_refused(ErrorCode::kUnsupported, {"not a .keras file", "config.json"}, {{"data.pkl", kText}});
  expect_refused(ErrorCode::kUnsupported, {"'inner.keras'", "unpacking"}, {{"inner.keras", kText}});
  expect_refused(ErrorCode::kCorruptFile, {"no member model.weights.h5"}, {{"config.json", architecture()}});
  expect_refused(ErrorCode::kUnsupported, {"another form"},
                 {{"config.json", architecture()}, {"model.weights.npz", ""}});
}

TEST(KerasArchive, WrongMembers) {
  expect_refused(ErrorCode::kCorruptFile, {"not valid JSON"}, {{"config.json", "{"}});
  expect_refused(ErrorCode::kUnsupported, {"Keras 4.0"},
                 {{"config.json", architecture()}, {"metadata.json", R"({"keras_version": "4.0"})"}});
  expect_refused(ErrorCode::kCorruptFile, {"[model.weights.h5]", "zip archive inside"},
                 {{"config.json", architecture()}, {"model.weights.h5", make_zip({{"a", kText}})}});
  expect_refused(ErrorCode::kCorruptFile, {"[model.weights.h5]", "not a readable HDF5 file"},
                 {{"config.json", architecture()}, {"model.weights.h5", kText}});
  expect_refused(ErrorCode::kCorruptFile, {"[model.weights.h5]", "empty"},
                 {{"config.json", architecture()}, {"model.weights.h5", ""}});
}

/// The archive as Keras wrote it, its members packed again, compressed or at another offset.
std::string packed_again(bool compressed, std::size_t shift) {
  const std::string path = std::string(SIGNXAI_SOURCE_DIR) + "/tests/importers/data/keras/frozen.keras";
  const Archive archive = Archive::open(path);
  std::vector<Entry> entries{{"padding", std::string(shift, 'x')}};
  for (const Member& member : archive.members()) {
    const std::string content = read(archive, member.name);
    entries.push_back(compressed ? packed(member.name, content) : Entry{member.name, content});
  }
  return make_zip(entries);
}

TEST(KerasArchive, AnyOffsetAndCompressionGiveTheSameNetwork) {
  const std::string path = std::string(SIGNXAI_SOURCE_DIR) + "/tests/importers/data/keras/frozen.keras";
  const graph::Array x = keras::counting({1, 8, 8, 3});
  const graph::Array expected = keras::run(load_network(path), x);
  bool mapped = false;
  for (std::size_t shift = 0; shift < 5; ++shift) {
    const TemporaryFile file(packed_again(shift == 4, shift));
    EXPECT_EQ(keras::run(load_network(file.path()), x).data, expected.data) << shift;
    const Archive archive = Archive::open(file.path());
    const hdf5::File weights = hdf5::File::open(archive.read(*archive.find("model.weights.h5"), 1 << 20), "x");
    mapped |= shift < 4 && weights.is_mapped(weights.at("layers/dense/vars/0"));
  }
  EXPECT_TRUE(mapped);  // at one of four offsets the weights lie on a multiple of four
}

}  // namespace
}  // namespace signxai::zip
