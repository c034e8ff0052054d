// Any bytes as a .keras archive: every member that the directory names is read, and the whole loaded as a user's file
// is.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/mapped_file.h"
#include "graph/verify.h"
#include "importers/importer.h"
#include "importers/zip/archive.h"
#include "signxai/error.h"

namespace {

constexpr std::uint64_t kLimit = std::uint64_t{1} << 24;

void read_members(const std::string& path) {
  const signxai::zip::Archive archive = signxai::zip::Archive::open(path);
  for (const auto& member : archive.members()) {
    const signxai::base::Bytes bytes = archive.read(member, kLimit);
    [[maybe_unused]] volatile std::byte sink{};
    for (std::uint64_t i = 0; i < bytes.size; ++i) sink = bytes.data.get()[i];
  }
}

template <typename Action>
void attempt(Action action) {
  try {
    action();
  } catch (const signxai::Error& e) {
    if (e.code() == signxai::ErrorCode::kInternal) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const signxai::base::UniqueFd fd(::memfd_create("fuzz", MFD_CLOEXEC));
  if (fd.get() < 0 || ::write(fd.get(), data, size) != static_cast<ssize_t>(size)) return 0;
  const std::string path = "/proc/self/fd/" + std::to_string(fd.get());
  attempt([&] { read_members(path); });
  if (size >= 4 && std::string(reinterpret_cast<const char*>(data), 4) == "PK\x03\x04") {
    attempt([&] { signxai::graph::verify(signxai::load_network(path).graph); });
  }
  return 0;
}
