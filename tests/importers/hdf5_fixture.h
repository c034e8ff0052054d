// Helpers of the HDF5 tests: the vendored files, whole files as bytes, temporary files, and expected errors.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "importers/hdf5/hdf5_file.h"
#include "signxai/error.h"

namespace signxai::hdf5 {

inline std::string data_file(const std::string& name) {
  return std::string(SIGNXAI_SOURCE_DIR) + "/tests/importers/data/hdf5/" + name + ".h5";
}

inline File open_data(const std::string& name) { return File::open(data_file(name)); }

inline std::string read_bytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// A file that is removed at the end of the scope.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& content = "") {
    const int fd = ::mkstemp(path_.data());
    if (fd >= 0) ::close(fd);
    write(content);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() { ::unlink(path_.c_str()); }

  void write(const std::string& content) const {
    std::ofstream(path_, std::ios::binary | std::ios::trunc).write(content.data(), static_cast<long>(content.size()));
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_ = testing::TempDir() + "signxai_hdf5_XXXXXX";
};

/// Expects an Error of that code whose message contains `part`.
inline void expect_error(ErrorCode code, const std::string& part, const std::function<void()>& action) {
  try {
    action();
    ADD_FAILURE() << "no error; expected one with '" << part << "'";
  } catch (const Error& error) {
    EXPECT_EQ(to_string(error.code()), to_string(code)) << error.what();
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

inline std::vector<float> values(const Float32Array& array) {
  return {array.data.get(), array.data.get() + element_count(array.shape)};
}

}  // namespace signxai::hdf5
