// Output files appear whole or not at all, and nothing is overwritten unasked.
#include "base/atomic_file.h"

#include <sys/stat.h>

#include <filesystem>

#include <gtest/gtest.h>

#include "signxai/error.h"
#include "support/temp_folder.h"

namespace signxai::base {
namespace {

using test::read_bytes;
using test::TempFolder;

void expect_io_error(const std::string& target, bool overwrite, const std::string& text) {
  try {
    write_file_atomically(target, "new", overwrite);
    ADD_FAILURE() << target << " was written";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kIo);
    EXPECT_NE(std::string(error.what()).find(text), std::string::npos) << error.what();
  }
}

TEST(AtomicFile, AppearsOnlyWhenCommitted) {
  TempFolder folder;
  const std::string target = folder.file("out.bin");
  AtomicFile file(target, false);
  file.write("some bytes");
  EXPECT_FALSE(std::filesystem::exists(target));
  file.commit();
  EXPECT_EQ(read_bytes(target), "some bytes");
  EXPECT_EQ(folder.entries(), 1U);
}

TEST(AtomicFile, LeavesNothingBehindWhenAbandoned) {
  TempFolder folder;
  { AtomicFile(folder.file("out.bin"), false).write("half"); }
  EXPECT_EQ(folder.entries(), 0U);
}

TEST(AtomicFile, NeverOverwritesUnasked) {
  TempFolder folder;
  const std::string target = folder.put("out.bin", "old");
  expect_io_error(target, false, "exists already");
  EXPECT_EQ(read_bytes(target), "old");
  EXPECT_EQ(folder.entries(), 1U);
}

TEST(AtomicFile, NoticesATargetThatAppearsWhileWriting) {
  TempFolder folder;
  const std::string target = folder.file("out.bin");
  AtomicFile file(target, false);
  file.write("mine");
  folder.put("out.bin", "theirs");
  EXPECT_THROW(file.commit(), Error);
  EXPECT_EQ(read_bytes(target), "theirs");
}

TEST(AtomicFile, OverwritesWhenAskedAndKeepsPermissions) {
  TempFolder folder;
  const std::string target = folder.put("out.bin", "old");
  ::chmod(target.c_str(), 0640);
  write_file_atomically(target, "new", true);
  EXPECT_EQ(read_bytes(target), "new");
  struct stat info {};
  ASSERT_EQ(::stat(target.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0640U);
}

TEST(AtomicFile, FollowsALinkWhenOverwriting) {
  TempFolder folder;
  const std::string target = folder.put("real.bin", "old");
  std::filesystem::create_symlink("real.bin", folder.file("link.bin"));
  expect_io_error(folder.file("link.bin"), false, "exists already");
  write_file_atomically(folder.file("link.bin"), "new", true);
  EXPECT_TRUE(std::filesystem::is_symlink(folder.file("link.bin")));
  EXPECT_EQ(read_bytes(target), "new");
}

TEST(AtomicFile, RefusesFoldersDevicesAndMissingFolders) {
  TempFolder folder;
  expect_io_error(folder.file(""), true, "is a folder");
  expect_io_error("/dev/null", true, "not a regular file");
  expect_io_error(folder.file("missing/out.bin"), false, "cannot be written");
}

}  // namespace
}  // namespace signxai::base
