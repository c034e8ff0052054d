// Damaged files: whatever bytes are cut off or changed, a file is read or refused with an Error, within its limits, and
// the process lives on. The same for the messages from the child, which a damaged file may have taken over.
#include <random>

#include "importers/hdf5/printable.h"
#include "importers/hdf5/wire.h"
#include "importers/hdf5_fixture.h"

namespace signxai::hdf5 {
namespace {

SandboxLimits short_limits(std::size_t bytes) {
  SandboxLimits limits = File::default_limits(bytes);
  limits.cpu_seconds = 1;
  limits.wall_time = std::chrono::seconds(3);
  return limits;
}

void read_everything(const File& file, const Object& object, double& sum) {
  for (const Object& child : object.children) read_everything(file, child, sum);
  if (object.is_group() || !object.dataset->refusal.empty()) return;
  const Float32Array array = file.read(object);
  for (std::int64_t i = 0; i < element_count(array.shape); ++i) sum += static_cast<double>(array.data.get()[i]);
}

// Whether the file could be opened. Anything but an Error escapes and fails the test.
bool survives(const TemporaryFile& target, const std::string& bytes) {
  target.write(bytes);
  try {
    const File file = File::open(target.path(), short_limits(bytes.size()));
    double sum = 0;
    read_everything(file, file.root(), sum);
    return true;
  } catch (const Error& error) {
    EXPECT_NE(error.code(), ErrorCode::kInternal) << error.what();
    EXPECT_EQ(error.subject(), target.path()) << error.what();
    return false;
  }
}

TEST(Hdf5Damage, EveryTruncationIsRefused) {
  const std::string whole = read_bytes(data_file("keras2_model"));
  const TemporaryFile target;
  ASSERT_TRUE(survives(target, whole));
  const std::size_t step = whole.size() / 200;
  for (std::size_t length = 0; length < whole.size(); length += step) {
    EXPECT_FALSE(survives(target, whole.substr(0, length))) << "cut to " << length << " bytes";
  }
  EXPECT_FALSE(survives(target, whole.substr(0, whole.size() - 1)));
}

TEST(Hdf5Damage, ChangedBytesNeverEndTheProcess) {
  std::mt19937 random(20240901);
  const TemporaryFile target;
  for (const char* name : {"keras2_model", "layouts", "attributes", "virtual", "elements", "deep"}) {
    const std::string whole = read_bytes(data_file(name));
    int refused = 0;
    for (int round = 0; round < 200; ++round) {
      std::string bytes = whole;
      for (int change = 1 + round % 4; change > 0; --change) {
        // Mostly in front, where the metadata lies.
        const std::size_t range = random() % 4 == 0 ? whole.size() : std::min<std::size_t>(whole.size(), 3000);
        bytes[random() % range] = static_cast<char>(random() % 3 == 0 ? 0xff : random());
      }
      refused += survives(target, bytes) ? 0 : 1;
    }
    EXPECT_GT(refused, 5) << name;
  }
}

TEST(Hdf5Damage, DamagedCompressedDataIsRefused) {
  std::string bytes = read_bytes(data_file("layouts"));
  // Any change in the compressed chunks breaks the checksum; find one by its deflate header.
  const std::size_t chunk = bytes.find("\x78\x5e");
  ASSERT_NE(chunk, std::string::npos);
  bytes[chunk + 4] = static_cast<char>(bytes[chunk + 4] ^ 0x55);
  const TemporaryFile target(bytes);
  expect_error(ErrorCode::kCorruptFile, "cannot be decompressed", [&] { File::open(target.path()); });
}

Object sample_tree() {
  Object root;
  root.path = "/";
  root.attributes.push_back({"names", Attribute::Kind::kStrings, false, {"a", ""}, {}, "string"});
  root.attributes.push_back({"n", Attribute::Kind::kNumbers, true, {}, {1.5}, "float64"});
  Object& group = root.children.emplace_back();
  group.name = "group";
  Object& leaf = group.children.emplace_back();
  leaf.name = "leaf";
  leaf.dataset =
      Dataset{ElementType::kFloat64, true, "float64", {2, 3}, Dataset::Storage::kDecoded, 65536, 48, "no reason"};
  return root;
}

TEST(Hdf5Wire, ListingsSurviveTheTrip) {
  const Object root = decode_reply(encode_listing(sample_tree()), "f");
  EXPECT_EQ(root.string_list("names"), (std::vector<std::string>{"a", ""}));
  EXPECT_EQ(root.number_list("n"), std::vector<double>{1.5});
  const Object* leaf = root.find("group/leaf");
  ASSERT_NE(leaf, nullptr);
  EXPECT_EQ(leaf->path, "/group/leaf");
  EXPECT_EQ(leaf->dataset->shape, (Shape{2, 3}));
  EXPECT_EQ(leaf->dataset->offset, 65536u);
  EXPECT_EQ(leaf->dataset->bytes, 48u);
  EXPECT_EQ(leaf->dataset->refusal, "no reason");
  EXPECT_TRUE(leaf->dataset->big_endian);
}

TEST(Hdf5Wire, ErrorsGetTheFileAsSubject) {
  const std::string message = encode_error(Error(ErrorCode::kUnsupported, "import", "", "'/w' is odd"));
  expect_error(ErrorCode::kUnsupported, "m.h5: '/w' is odd", [&] { decode_reply(message, "m.h5"); });
}

TEST(Hdf5Wire, TextFromTheFileIsMadeFitForTerminals) {
  EXPECT_EQ(printable("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"), "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
  EXPECT_EQ(printable("a\x1b[2Jb\n\x7f"), "a?[2Jb??");
  EXPECT_EQ(printable("\xe9t\xe9"), "?t?");                             // Latin-1
  EXPECT_EQ(printable("\xc0\xaf \xed\xa0\x80 \xe2\x82"), "?? ??? ??");  // overlong, surrogate, cut off
  EXPECT_EQ(printable(std::string(5000, 'x')).size(), 1000u);
  const std::string message = encode_error(Error(ErrorCode::kUnsupported, "import", "", "\x1b]0;title"));
  expect_error(ErrorCode::kUnsupported, "f: ?]0;title", [&] { decode_reply(message, "f"); });
  Object root = sample_tree();
  root.children[0].name = "bell\a";
  expect_error(ErrorCode::kCorruptFile, "malformed", [&] { decode_reply(encode_listing(root), "f"); });
}

TEST(Hdf5Wire, MalformedMessagesAreRefused) {
  const std::string whole = encode_listing(sample_tree());
  for (std::size_t length = 0; length < whole.size(); ++length) {
    expect_error(ErrorCode::kCorruptFile, "malformed", [&] { decode_reply(whole.substr(0, length), "f"); });
  }
  expect_error(ErrorCode::kCorruptFile, "malformed", [&] { decode_reply(whole + "x", "f"); });
  std::mt19937 random(7);
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = whole;
    bytes[random() % bytes.size()] = static_cast<char>(random());
    try {
      decode_reply(bytes, "f");
    } catch (const Error&) {
    }
  }
}

}  // namespace
}  // namespace signxai::hdf5
