// Mapping of input files: the bytes are those of the file and outlive the descriptor; changes are noticed.
#include "base/mapped_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>

#include "signxai/error.h"

namespace signxai::base {
namespace {

class MappedFileTest : public testing::Test {
 protected:
  MappedFileTest() {
    ::close(::mkstemp(path_.data()));
    write("abcdef");
  }
  ~MappedFileTest() override { ::unlink(path_.c_str()); }

  void write(const std::string& content) const { std::ofstream(path_, std::ios::trunc) << content; }

  std::string path_ = testing::TempDir() + "signxai_mapped_XXXXXX";
};

TEST_F(MappedFileTest, ShowsTheFileAndOutlivesTheDescriptorAndTheName) {
  std::shared_ptr<const MappedFile> mapped;
  {
    const MappableFile file(path_);
    EXPECT_EQ(file.size(), 6u);
    EXPECT_EQ(file.path(), path_);
    mapped = file.map();
  }
  ::unlink(path_.c_str());
  ASSERT_EQ(mapped->size(), 6u);
  EXPECT_EQ(std::memcmp(mapped->data(), "abcdef", 6), 0);
}

/// Pages of the range that are in this process's memory, as the kernel counts them (1 KB units).
std::size_t resident_file_kilobytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("RssFile:", 0) == 0) return std::stoul(line.substr(8));
  }
  return 0;
}

TEST_F(MappedFileTest, ReleasedPagesLeaveMemoryAndComeBack) {
  const std::string content(std::size_t{16} << 20, 'x');
  write(content);
  const auto mapped = MappableFile(path_).map();
  const std::shared_ptr<const float> part(mapped, reinterpret_cast<const float*>(mapped->data()));
  ASSERT_EQ(std::memcmp(mapped->data(), content.data(), content.size()), 0);
  const std::size_t before = resident_file_kilobytes();
  release_pages(part, part.get(), content.size());
  EXPECT_LT(resident_file_kilobytes() + (std::size_t{12} << 10), before);
  EXPECT_EQ(std::memcmp(mapped->data(), content.data(), content.size()), 0);
}

TEST_F(MappedFileTest, OnlyMappingsAreReleased) {
  const auto heap = std::make_shared<std::string>(std::size_t{1} << 20, 'x');
  release_pages(heap, heap->data(), heap->size());
  EXPECT_EQ(*heap, std::string(heap->size(), 'x'));
  release_pages(nullptr, heap->data(), heap->size());
  EXPECT_EQ(heap->back(), 'x');
}

TEST_F(MappedFileTest, AnEmptyFileMapsToNothing) {
  write("");
  EXPECT_EQ(MappableFile(path_).map()->size(), 0u);
}

TEST_F(MappedFileTest, ChangesAreNoticed) {
  const MappableFile file(path_);
  EXPECT_NO_THROW(file.require_unchanged());
  write("abcdefg");
  EXPECT_THROW(file.require_unchanged(), Error);
}

TEST_F(MappedFileTest, ReplacingTheNameDoesNotMatter) {
  const MappableFile file(path_);
  ::unlink(path_.c_str());
  write("XXXXXXX");
  EXPECT_NO_THROW(file.require_unchanged());
  EXPECT_EQ(std::memcmp(file.map()->data(), "abcdef", 6), 0);
}

}  // namespace
}  // namespace signxai::base
