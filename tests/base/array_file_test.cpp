// Arrays in files: every element type and order, round trips, and damaged or hostile files.
#include "signxai/array_file.h"

#include <cmath>
#include <cstring>

#include <gtest/gtest.h>

#include "base/arrays/npy.h"
#include "signxai/error.h"
#include "support/temp_folder.h"

namespace signxai {
namespace {

using test::read_bytes;
using test::TempFolder;

const std::string kData = std::string(SIGNXAI_SOURCE_DIR) + "/tests/image/data/";

template <class Call>
void expect_error(ErrorCode code, const std::string& text, Call call) {
  try {
    call();
    ADD_FAILURE() << "no error; expected one about: " << text;
  } catch (const Error& error) {
    EXPECT_EQ(to_string(error.code()), to_string(code)) << error.what();
    EXPECT_NE(std::string(error.what()).find(text), std::string::npos) << error.what();
  }
}

std::string npy(const std::string& dictionary, const std::string& data, char version = 1) {
  std::string bytes("\x93NUMPY", 6);
  bytes += {version, '\0'};
  bytes += {static_cast<char>(dictionary.size() & 0xff), static_cast<char>(dictionary.size() >> 8)};
  if (version > 1) bytes.append(2, '\0');
  return bytes + dictionary + data;
}

std::string dictionary(const std::string& descr, const std::string& shape, bool fortran = false) {
  return "{'descr': '" + descr + "', 'fortran_order': " + (fortran ? "True" : "False") + ", 'shape': " + shape +
         ", }\n";
}

Tensor read_bytes_as_npy(const std::string& bytes, const ReadLimits& limits = {}) {
  const TempFolder folder;
  return read_npy(folder.put("a.npy", bytes), limits);
}

// ---------------------------------------------------------------------------------------------------------------- .npy

struct ElementCase {
  const char* descr;
  std::string bytes;  // of two elements
  float first, second;
};

class NpyElements : public testing::TestWithParam<ElementCase> {};

TEST_P(NpyElements, AreReadInEveryTypeAndByteOrder) {
  const ElementCase& c = GetParam();
  const Tensor tensor = read_bytes_as_npy(npy(dictionary(c.descr, "(2,)"), c.bytes));
  EXPECT_EQ(tensor.shape, Shape{2});
  EXPECT_EQ(tensor.data, (std::vector<float>{c.first, c.second}));
}

using namespace std::string_literals;
INSTANTIATE_TEST_SUITE_P(Types, NpyElements,
                         testing::Values(ElementCase{"|b1", "\1\0"s, 1, 0}, ElementCase{"|i1", "\xff\x7f"s, -1, 127},
                                         ElementCase{"|u1", "\xff\x7f"s, 255, 127},
                                         ElementCase{"<i2", "\xfe\xff\2\1"s, -2, 258},
                                         ElementCase{">i2", "\xff\xfe\1\2"s, -2, 258},
                                         ElementCase{"<u2", "\xfe\xff\2\1"s, 65534, 258},
                                         ElementCase{"<i4", "\xfe\xff\xff\xff\1\0\0\0"s, -2, 1},
                                         ElementCase{">u4", "\0\1\0\0\0\0\0\7"s, 65536, 7},
                                         ElementCase{"<i8", "\xff\xff\xff\xff\xff\xff\xff\xff\5\0\0\0\0\0\0\0"s, -1, 5},
                                         ElementCase{">u8", "\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\5"s, 4294967296.0F, 5},
                                         ElementCase{"<f2", "\0\x3c\1\x80"s, 1, -5.9604645e-8F},
                                         ElementCase{">f2", "\x7c\0\xc1\0"s, HUGE_VALF, -2.5F},
                                         ElementCase{"<f4", "\0\0\x80\x3f\0\0\0\xc0"s, 1, -2},
                                         ElementCase{">f4", "\x3f\x80\0\0\xc0\0\0\0"s, 1, -2},
                                         ElementCase{"<f8", "\0\0\0\0\0\0\xf0\x3f\0\0\0\0\0\0\0\xc0"s, 1, -2},
                                         ElementCase{">f8", "\x3f\xf0\0\0\0\0\0\0\xc0\0\0\0\0\0\0\0"s, 1, -2}));

TEST(Npy, ReadsAllVersionsScalarsAndEmptyArrays) {
  EXPECT_EQ(read_bytes_as_npy(npy(dictionary("|u1", "(3,)"), "abc", 2)).data[2], 99);
  EXPECT_EQ(read_bytes_as_npy(npy(dictionary("|u1", "(3,)"), "abc", 3)).data[0], 97);
  EXPECT_EQ(read_bytes_as_npy(npy(dictionary("|u1", "()"), "a")).shape, Shape{});
  EXPECT_EQ(read_bytes_as_npy(npy(dictionary("|u1", "(4L, 0)"), "")).shape, (Shape{4, 0}));
}

TEST(Npy, TurnsFortranOrderIntoCOrder) {
  // a[i][j][k] = 100 i + 10 j + k, first axis fastest.
  std::string bytes;
  for (int k = 0; k < 4; ++k) {
    for (int j = 0; j < 3; ++j) {
      for (int i = 0; i < 2; ++i) bytes.push_back(static_cast<char>(100 * i + 10 * j + k));
    }
  }
  const Tensor tensor = read_bytes_as_npy(npy(dictionary("|u1", "(2, 3, 4)", true), bytes));
  for (int i = 0; i < 24; ++i) EXPECT_EQ(tensor.data[i], 100 * (i / 12) + 10 * (i / 4 % 3) + i % 4) << i;
}

TEST(Npy, RefusesWhatIsNoPlainArray) {
  const auto read = [](const std::string& descr, const std::string& text) {
    expect_error(ErrorCode::kUnsupported, text, [&] {
      read_bytes_as_npy(npy("{'descr': " + descr + ", 'fortran_order': False, 'shape': (1,), }", "12345678"));
    });
  };
  read("'|O'", "pickled");
  read("'O'", "pickled");
  read("[('a', '<f4'), ('b', '<f4')]", "named fields");
  read("'<c8'", "'<c8'");
  read("'<U2'", "'<U2'");
  read("'<f9'", "'<f9'");
  read("'<f:'", "'<f:'");
}

TEST(Npy, RefusesSizesThatTheFileDoesNotHave) {
  const auto damaged = [](const std::string& shape, const std::string& data, const std::string& text) {
    expect_error(ErrorCode::kCorruptFile, text, [&] { read_bytes_as_npy(npy(dictionary("<f4", shape), data)); });
  };
  damaged("(3,)", "12345678", "got 8 bytes of data, expected 12");
  damaged("(1,)", "12345678", "got 8 bytes of data, expected 4");
  damaged("(1000000000000, 1000000)", "1234", "got 4 bytes of data");
  damaged("(4294967296, 4294967296, 4294967296)", "", "absurd shape");
  damaged("(0, 9223372036854775807, 9223372036854775807)", "", "absurd shape");
  damaged("(-1,)", "1234", "natural number");
  damaged("(99999999999999999999,)", "1234", "natural number");
  damaged("(1 1)", "1234", "expected ')'");
}

TEST(Npy, RefusesDamagedHeaders) {
  const std::vector<std::string> headers = {"",
                                            "{",
                                            "{}",
                                            "x",
                                            "{'descr': '<f4'}",
                                            "{'descr': '<f4', 'fortran_order': 1, 'shape': (1,)}",
                                            "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} '",
                                            "{'descr': '<f4",
                                            "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'extra': 1}",
                                            "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}",
                                            "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x",
                                            "{'descr': __import__('os'), 'shape': (1,)}"};
  for (const std::string& header : headers) {
    expect_error(ErrorCode::kCorruptFile, "header", [&] { read_bytes_as_npy(npy(header, "1234")); });
  }
  expect_error(ErrorCode::kCorruptFile, "first bytes", [] { read_bytes_as_npy("no array at all"); });
  expect_error(ErrorCode::kCorruptFile, "only 3 bytes", [] { read_bytes_as_npy("abc"); });
  expect_error(ErrorCode::kUnsupported, "unknown .npy version", [] { read_bytes_as_npy(npy("{}", "", 9)); });
}

TEST(Npy, ThrowsForEveryTruncation) {
  const std::string whole = npy(dictionary("<f8", "(2, 2)"), std::string(32, '\0'), 2);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_THROW(read_bytes_as_npy(whole.substr(0, length)), Error) << length;
  }
}

TEST(Npy, KeepsToTheLimit) {
  const std::string bytes = npy(dictionary("|u1", "(100,)"), std::string(100, 'a'));
  EXPECT_EQ(read_bytes_as_npy(bytes, {400}).data.size(), 100U);
  expect_error(ErrorCode::kOutOfMemory, "expected at most 399", [&] { read_bytes_as_npy(bytes, {399}); });
}

TEST(Npy, RoundTrips) {
  const TempFolder folder;
  const Tensor tensor({2, 1, 3}, {1, -2, 3.5F, -0.0F, HUGE_VALF, 1e-40F});
  write_npy(folder.file("a.npy"), tensor);
  const Tensor back = read_npy(folder.file("a.npy"));
  EXPECT_EQ(back.shape, tensor.shape);
  EXPECT_EQ(std::memcmp(back.data.data(), tensor.data.data(), 24), 0);
  expect_error(ErrorCode::kIo, "exists already", [&] { write_npy(folder.file("a.npy"), tensor); });
  write_npy(folder.file("a.npy"), tensor, true);
  EXPECT_EQ(base::npy_preamble("<f4", {2, 1, 3}).size() % 64, 0U);
}

TEST(Npy, NamesMissingFilesAndFolders) {
  expect_error(ErrorCode::kNotFound, "no_such.npy", [] { read_npy("no_such.npy"); });
  expect_error(ErrorCode::kInvalidArgument, "a folder", [] { read_npy(SIGNXAI_SOURCE_DIR); });
  expect_error(ErrorCode::kInvalidArgument, "a device", [] { read_npy("/dev/zero"); });
}

// ---------------------------------------------------------------------------------------------------------------- .npz

TEST(Npz, RoundTripsWithIntegers) {
  const TempFolder folder;
  const std::string path = folder.file("a.npz");
  const Tensor map({2, 2}, {1, 2, 3, 4}), empty(Shape{0, 3}), scalar(Shape{}, {7});
  write_npz(path, {{"lrp_z", map}, {"empty", empty}, {"scalar", scalar}}, {{"targets", {2}, {3, -1}}});
  const std::vector<NamedTensor> back = read_npz(path);
  ASSERT_EQ(back.size(), 4U);
  EXPECT_EQ(back[0].name, "lrp_z");
  EXPECT_EQ(back[0].tensor.data, map.data);
  EXPECT_EQ(back[1].tensor.shape, (Shape{0, 3}));
  EXPECT_EQ(back[2].tensor.data, std::vector<float>{7});
  EXPECT_EQ(read_npz_member(path, "targets").data, (std::vector<float>{3, -1}));
  EXPECT_NE(read_bytes(path).find("'descr': '<i8'"), std::string::npos);
  EXPECT_EQ(folder.entries(), 1U);
}

TEST(Npz, ReadsWhatNumPyCompressed) {
  const Tensor plane = read_npz_member(kData + "pillow.npz", "bicubic:7x5:28x28:out");
  EXPECT_EQ(plane.shape, (Shape{28, 28}));
  EXPECT_GT(read_npz(kData + "reference.npz").size(), 5U);
  expect_error(ErrorCode::kNotFound, "has no array 'x'; got vgg16:gray.png",
               [] { read_npz_member(kData + "reference.npz", "x"); });
}

TEST(Npz, CountsAllMembersAgainstTheLimit) {
  const TempFolder folder;
  const Tensor part({10});
  write_npz(folder.file("a.npz"), {{"a", part}, {"b", part}});
  EXPECT_EQ(read_npz(folder.file("a.npz"), {80}).size(), 2U);
  expect_error(ErrorCode::kOutOfMemory, "limit", [&] { read_npz(folder.file("a.npz"), {79}); });
}

TEST(Npz, RefusesBadNames) {
  const TempFolder folder;
  const Tensor one({1});
  for (const std::string name : {"", "/a", "a/", "a//b", "a/../b", "..", "..\\a", "a\nb"}) {
    expect_error(ErrorCode::kInvalidArgument, "name", [&] { write_npz(folder.file("a.npz"), {{name, one}}); });
  }
  expect_error(ErrorCode::kInvalidArgument, "two arrays", [&] {
    write_npz(folder.file("a.npz"), {{"a", one}, {"a", one}});
  });
  expect_error(ErrorCode::kInvalidArgument, "at least one", [&] { write_npz(folder.file("a.npz"), {}); });
  expect_error(ErrorCode::kInvalidArgument, "as many values", [&] {
    write_npz(folder.file("a.npz"), {}, {{"a", {3}, {1}}});
  });
  EXPECT_EQ(folder.entries(), 0U);
}

// An archive of one member with fields of its directory changed.
class DamagedNpz : public testing::Test {
 protected:
  DamagedNpz() {
    const Tensor values({64});
    write_npz(folder_.file("good.npz"), {{"a", values}});
    bytes_ = read_bytes(folder_.file("good.npz"));
    directory_ = bytes_.find("PK\1\2");
  }

  void set16(std::size_t at, unsigned value) {
    bytes_[at] = static_cast<char>(value & 0xff);
    bytes_[at + 1] = static_cast<char>(value >> 8);
  }
  void set32(std::size_t at, unsigned value) {
    set16(at, value & 0xffff);
    set16(at + 2, value >> 16);
  }
  void expect(ErrorCode code, const std::string& text) {
    expect_error(code, text, [&] { read_npz(folder_.put("bad.npz", bytes_)); });
  }

  TempFolder folder_;
  std::string bytes_;
  std::size_t directory_ = 0;
};

TEST_F(DamagedNpz, RefusesEncryption) {
  set16(6, 1);
  set16(directory_ + 8, 1);
  expect(ErrorCode::kUnsupported, "encrypted");
}

TEST_F(DamagedNpz, RefusesOtherCompression) {
  set16(8, 12);
  set16(directory_ + 10, 12);
  expect(ErrorCode::kUnsupported, "method 12");
}

TEST_F(DamagedNpz, RefusesABomb) {
  set16(8, 8);
  set16(directory_ + 10, 8);
  set32(22, 0xf0000000);
  set32(directory_ + 24, 0xf0000000);
  expect(ErrorCode::kCorruptFile, "cannot hold");
}

TEST_F(DamagedNpz, RefusesOtherMembers) {
  const std::size_t in_directory = bytes_.find("a.npy", directory_);
  bytes_.replace(bytes_.find("a.npy"), 5, "a.exe");
  bytes_.replace(in_directory, 5, "a.exe");
  expect(ErrorCode::kUnsupported, "not an array");
}

TEST_F(DamagedNpz, RefusesAWrongChecksum) {
  bytes_[directory_ - 1] = static_cast<char>(bytes_[directory_ - 1] ^ 1);
  expect(ErrorCode::kCorruptFile, "CRC");
}

TEST_F(DamagedNpz, ThrowsForEveryTruncationAndNeverCrashesOnAChangedByte) {
  for (std::size_t length = 0; length < bytes_.size(); length += 3) {
    EXPECT_THROW(read_npz(folder_.put("bad.npz", bytes_.substr(0, length))), Error) << length;
  }
  for (std::size_t i = 0; i < bytes_.size(); ++i) {
    std::string changed = bytes_;
    changed[i] = static_cast<char>(changed[i] ^ 0x55);
    try {
      read_npz(folder_.put("bad.npz", changed));  // a changed date or padding byte does no harm
    } catch (const Error&) {
    }
  }
}

// ---------------------------------------------------------------------------------------------------------------- .csv

Series read_text(const std::string& text, const ReadLimits& limits = {}) {
  const TempFolder folder;
  return read_csv(folder.put("a.csv", text), limits);
}

TEST(Csv, ReadsNamesAndNumbers) {
  const Series series = read_text("\xEF\xBB\xBFI, \"aVR\"\r\n1,-2e-1\r\n +3 ,4.5\r\n\r\n");
  EXPECT_EQ(series.columns, (std::vector<std::string>{"I", "aVR"}));
  EXPECT_EQ(series.values.shape, (Shape{2, 2}));
  EXPECT_EQ(series.values.data, (std::vector<float>{1, -0.2F, 3, 4.5F}));
}

TEST(Csv, DoesWithoutNamesAndWithOtherSeparators) {
  EXPECT_TRUE(read_text("1,2\n3,4").columns.empty());
  EXPECT_EQ(read_text("1;2\n3;4\n").values.data, (std::vector<float>{1, 2, 3, 4}));
  EXPECT_EQ(read_text("a\tb\n3\t4\n").values.data, (std::vector<float>{3, 4}));
  EXPECT_EQ(read_text("5\n6\n").values.shape, (Shape{2, 1}));
}

TEST(Csv, NamesTheLineOfEachFault) {
  const auto damaged = [](const std::string& text, const std::string& message) {
    expect_error(ErrorCode::kCorruptFile, message, [&] { read_text(text); });
  };
  damaged("1,2\n3\n", "a.csv:2: has a different number of columns than the first line; got 1, expected 2");
  damaged("I,II\n1,2\n3,4,5\n", "a.csv:3: has a different number");
  damaged("1,2\n3,x\n", "a.csv:2: column 2 is not a finite number; got 'x'");
  damaged("1,2\n,4\n", "a.csv:2: column 1");
  damaged("1,2\n3,nan\n", "got 'nan'");
  damaged("1,2\n3,1e99\n", "got '1e99'");
  damaged("1,2\n3,0x10\n", "got '0x10'");
  damaged("1,2\n\n3,4\n", "a.csv:2: is an empty line between rows");
  damaged("a,2\n3,4\n", "a.csv:1: mixes names and numbers");
  damaged(",I\n0,4\n", "a.csv:1: column 1 has no name");
  damaged("I,II\n", "has no row of numbers");
  damaged("", "a.csv:1: is empty");
  damaged("\n1,2\n", "a.csv:1: is empty");
  damaged(std::string("\0\1\2", 3), "a.csv:1");
}

TEST(Csv, KeepsToTheLimit) {
  expect_error(ErrorCode::kOutOfMemory, "limit", [] { read_text("1,2\n3,4\n", {15}); });
  EXPECT_EQ(read_text("1,2\n3,4\n", {16}).values.data.size(), 4U);
}

}  // namespace
}  // namespace signxai
