// Output files that appear whole or not at all: the bytes go to a temporary file in the same folder, which is synced
// and then moved to its name in one step. Every writer of the library goes through here. One object belongs to one
// thread; several processes may race for one name, exactly one of them wins.
#pragma once

#include <string>
#include <string_view>

namespace signxai::base {

class AtomicFile {
 public:
  /// Creates the temporary file. With `overwrite` false a `target` that exists is refused here and, race-free, again in
  /// commit(). A target that exists and is no regular file (folder, device, pipe) is always refused; a symbolic link is
  /// followed. All failures are ErrorCode::kIo, stage "output".
  AtomicFile(const std::string& target, bool overwrite);

  /// Removes the temporary file unless commit() succeeded.
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// Appends bytes.
  void write(const void* bytes, std::size_t count);
  void write(std::string_view text) { write(text.data(), text.size()); }

  /// For libraries that write by name: they may fill or replace the file of this name instead of calling write().
  const std::string& temporary_path() const { return temporary_; }

  /// Makes the content durable and visible under the target's name. Call once, last.
  void commit();

 private:
  [[noreturn]] void fail(const std::string& what, int reason) const;
  void close_descriptor();
  void publish();

  std::string target_, folder_, temporary_;
  bool overwrite_;
  bool committed_ = false;
  int descriptor_ = -1;
  unsigned mode_ = 0;  // permissions of the file that is replaced; 0: a new file
};

/// Writes `content` to `target` in one go.
void write_file_atomically(const std::string& target, std::string_view content, bool overwrite);

}  // namespace signxai::base
