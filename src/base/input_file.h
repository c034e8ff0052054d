// A regular file opened for reading, with its size known, so that readers can check what a header claims before they
// allocate. One object belongs to one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace signxai::base {

class InputFile {
 public:
  /// Opens `path`. Throws kNotFound, kIo (permissions) or kInvalidArgument (a folder, a device, a pipe); errors carry
  /// `stage` and the path.
  InputFile(const std::string& path, std::string_view stage);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  const std::string& path() const { return path_; }
  std::uint64_t size() const { return size_; }

  /// Reads the next `count` bytes; kCorruptFile when the file ends before that.
  void read(void* to, std::size_t count);

 private:
  std::string path_, stage_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

/// The whole file; kInvalidArgument when it is larger than `limit` bytes.
std::string read_whole_file(const std::string& path, std::string_view stage, std::uint64_t limit);

}  // namespace signxai::base
