// SHA-256 through OpenSSL's libcrypto.
#include "base/file_digest.h"

#include <openssl/evp.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "base/input_file.h"
#include "signxai/error.h"

namespace signxai::base {
namespace {

bool same(const FileStamp& a, const FileStamp& b) {
  return a.device == b.device && a.inode == b.inode && a.size == b.size && a.seconds == b.seconds &&
         a.nanoseconds == b.nanoseconds;
}

void require_unchanged(const FileStamp& stamp) {
  if (same(stamp, stamp_of(stamp.path))) return;
  throw Error(ErrorCode::kIo, "import", stamp.path,
              "the file was changed after it had been loaded, so its hash cannot be stated; try again");
}

std::string hexadecimal(const unsigned char* bytes, std::size_t count) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += {kDigits[bytes[i] >> 4], kDigits[bytes[i] & 15]};
  return text;
}

}  // namespace

FileStamp stamp_of(const std::string& path) {
  FileStamp stamp{path};
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return stamp;
  stamp.device = status.st_dev;
  stamp.inode = status.st_ino;
  stamp.size = static_cast<std::uint64_t>(status.st_size);
  stamp.seconds = status.st_mtim.tv_sec;
  stamp.nanoseconds = status.st_mtim.tv_nsec;
  return stamp;
}

std::string sha256_of(const FileStamp& stamp) {
  require_unchanged(stamp);
  InputFile file(stamp.path, "import");
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  bool done = context != nullptr && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1;
  std::vector<char> buffer(std::size_t{1} << 20);
  for (std::uint64_t left = file.size(); left > 0 && done;) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left, buffer.size()));
    file.read(buffer.data(), count);
    done = EVP_DigestUpdate(context.get(), buffer.data(), count) == 1;
    left -= count;
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  if (!done || EVP_DigestFinal_ex(context.get(), digest.data(), &length) != 1) {
    throw Error(ErrorCode::kInternal, "import", stamp.path, "SHA-256 cannot be computed");
  }
  require_unchanged(stamp);
  return hexadecimal(digest.data(), length);
}

}  // namespace signxai::base
