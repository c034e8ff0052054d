// Any bytes as an HDF5 file: opened as a user's file is, child process included, and everything in it read.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/mapped_file.h"
#include "importers/hdf5/hdf5_file.h"
#include "signxai/error.h"

namespace {

void read_everything(const signxai::hdf5::File& file, const signxai::hdf5::Object& object) {
  for (const auto& child : object.children) read_everything(file, child);
  if (object.is_group() || !object.dataset->refusal.empty()) return;
  const signxai::hdf5::Float32Array array = file.read(object);
  [[maybe_unused]] volatile float sink = 0;
  for (std::int64_t i = 0; i < signxai::element_count(array.shape); ++i) sink = array.data.get()[i];
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const signxai::base::UniqueFd fd(::memfd_create("fuzz", MFD_CLOEXEC));
  if (fd.get() < 0 || ::write(fd.get(), data, size) != static_cast<ssize_t>(size)) return 0;
  try {
    signxai::hdf5::SandboxLimits limits = signxai::hdf5::File::default_limits(size);
    limits.cpu_seconds = 1;
    const auto file = signxai::hdf5::File::open("/proc/self/fd/" + std::to_string(fd.get()), limits);
    read_everything(file, file.root());
  } catch (const signxai::Error&) {
  }
  return 0;
}
