// Arrays written and read row by row: every format, limits, and that a file is whole or not there.
#include <fstream>
#include <numeric>

#include <gtest/gtest.h>

#include "base/file_digest.h"
#include "signxai/array_file.h"
#include "signxai/error.h"
#include "support/temp_folder.h"

namespace signxai {
namespace {

using test::TempFolder;

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

std::vector<float> counted(std::size_t count) {
  std::vector<float> values(count);
  std::iota(values.begin(), values.end(), 0.0F);
  return values;
}

TEST(ArrayWriter, WritesRowByRowWhatIsReadRowByRow) {
  const TempFolder folder;
  const std::vector<float> values = counted(5 * 6);
  const std::vector<std::int64_t> targets = {1, -1, 3, 1LL << 40, 5};
  const std::string path = folder.file("a.npz");
  const auto writer = ArrayWriter::create(path, {{{"m/x", {5, 2, 3}}, {"targets", {5}, true}}, "{\"a\": 1}", {}});
  writer->append(0, values.data(), 2);
  writer->append(1, targets.data(), 5);
  writer->append(0, values.data() + 12, 3);
  EXPECT_FALSE(std::ifstream(path).good());  // not before it is complete
  writer->commit();
  EXPECT_EQ(npz_names(path), (std::vector<std::string>{"m/x", "targets"}));
  ArrayReader reader(path, "m/x");
  EXPECT_EQ(reader.shape(), (Shape{5, 2, 3}));
  std::vector<float> read;
  for (const std::int64_t count : {1, 3, 7, 7}) {
    const Tensor rows = reader.read(count);
    read.insert(read.end(), rows.data.begin(), rows.data.end());
  }
  EXPECT_EQ(read, values);
  EXPECT_EQ(read_npz(path).size(), 2U);  // the provenance is no array
}

TEST(ArrayWriter, RefusesWhatIsNoFile) {
  const TempFolder folder;
  const ArrayFilePlan two = {{{"a", {1}}, {"b", {1}}}};
  expect_error(ErrorCode::kInvalidArgument, ".npz, .npy or .h5",
               [&] { ArrayWriter::create(folder.file("a.txt"), two); });
  expect_error(ErrorCode::kInvalidArgument, "one array", [&] { ArrayWriter::create(folder.file("a.npy"), two); });
  expect_error(ErrorCode::kInvalidArgument, "'../a'", [&] {
    ArrayWriter::create(folder.file("a.h5"), {{{"../a", {1}}}});
  });
  expect_error(ErrorCode::kInvalidArgument, "two arrays", [&] {
    ArrayWriter::create(folder.file("a.h5"), {{{"a", {1}}, {"a", {1}}}});
  });
  folder.put("b.npy", "mine");
  expect_error(ErrorCode::kIo, "exists", [&] { ArrayWriter::create(folder.file("b.npy"), {{{"a", {1}}}}); });
}

TEST(ArrayWriter, WantsAllRowsAndNoMore) {
  const TempFolder folder;
  const std::vector<float> values = counted(4);
  for (const char* name : {"a.npy", "a.npz", "a.h5"}) {
    const std::string path = folder.file(name);
    {
      const auto writer = ArrayWriter::create(path, {{{"a", {3, 1}}}});
      writer->append(0, values.data(), 2);
      expect_error(ErrorCode::kInvalidArgument, "takes 3 rows", [&] { writer->append(0, values.data(), 2); });
      const std::int64_t integer = 1;
      expect_error(ErrorCode::kInvalidArgument, "of that type", [&] { writer->append(0, &integer, 1); });
      expect_error(ErrorCode::kInvalidArgument, "not complete", [&] { writer->commit(); });
    }
    EXPECT_FALSE(std::ifstream(path).good()) << name;
  }
}

TEST(ArrayWriter, SaysWhereNumbersBegin) {
  const TempFolder folder;
  const std::vector<float> values = counted(12);
  const std::vector<std::int64_t> targets = {1, 2, 3};
  for (const char* name : {"a.npy", "a.h5"}) {
    const std::string path = folder.file(name);
    const bool alone = path.ends_with(".npy");
    ArrayFilePlan plan{{{"m/x", {3, 2, 2}}}, "{}", {"one", "two", "three"}};
    if (!alone) plan.arrays.push_back({"targets", {3}, true});
    const auto writer = ArrayWriter::create(path, plan);
    writer->append(0, values.data(), 3);
    if (!alone) writer->append(1, targets.data(), 3);
    writer->commit();
    const auto at = [&](std::size_t array, auto read) {
      std::ifstream file(path, std::ios::binary);
      file.seekg(writer->offset(array));
      file.read(reinterpret_cast<char*>(read.data()), static_cast<std::streamsize>(read.size() * sizeof(read[0])));
      return read;
    };
    EXPECT_EQ(at(0, std::vector<float>(12)), values) << name;
    EXPECT_EQ(writer->offset(0) % 64, 0) << name;
    if (!alone) {
      EXPECT_EQ(at(1, std::vector<std::int64_t>(3)), targets) << name;
    }
  }
  const auto archive = ArrayWriter::create(folder.file("a.npz"), {{{"a", {3, 4}}}});
  archive->append(0, values.data(), 3);
  archive->commit();
  EXPECT_EQ(archive->offset(0), -1);
}

TEST(ArrayReader, ReadsFortranOrderByRows) {
  const TempFolder folder;
  const std::string header = "{'descr': '<f4', 'fortran_order': True, 'shape': (3, 2), }\n";
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += {static_cast<char>(header.size()), '\0'};
  bytes += header;
  const std::vector<float> columns = {1, 3, 5, 2, 4, 6};
  bytes.append(reinterpret_cast<const char*>(columns.data()), columns.size() * sizeof(float));
  ArrayReader reader(folder.put("f.npy", bytes));
  EXPECT_EQ(reader.read(1).data, (std::vector<float>{1, 2}));
  EXPECT_EQ(reader.read(9).data, (std::vector<float>{3, 4, 5, 6}));
}

TEST(ArrayReader, LimitsEachPieceAndNotTheWhole) {
  const TempFolder folder;
  const std::vector<float> values = counted(100);
  write_npy(folder.file("a.npy"), {{100}, values.data()});
  ArrayReader reader(folder.file("a.npy"), "", {40});
  EXPECT_EQ(reader.read(10).data.back(), 9);
  expect_error(ErrorCode::kOutOfMemory, "limit", [&] { reader.read(11); });
}

TEST(FileDigest, IsSha256AndNoticesChanges) {
  const TempFolder folder;
  const std::string path = folder.put("a", "abc");
  const base::FileStamp stamp = base::stamp_of(path);
  EXPECT_EQ(base::sha256_of(stamp), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(base::sha256_of(base::stamp_of(folder.put("b", ""))),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  folder.put("a", "abcd");
  expect_error(ErrorCode::kIo, "changed", [&] { base::sha256_of(stamp); });
}

}  // namespace
}  // namespace signxai
