// The parent's side: starts the scan, checks what comes back, hands out arrays.
#include "importers/hdf5/hdf5_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>
#include <system_error>

#include "importers/hdf5/scan.h"
#include "importers/hdf5/wire.h"
#include "signxai/error.h"

namespace signxai::hdf5 {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

base::UniqueFd make_memory_file(const std::string& subject) {
  base::UniqueFd fd(::memfd_create("signxai-hdf5", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (fd.get() < 0) {
    throw Error(ErrorCode::kIo, "import", subject,
                "no memory file for decompressed data: " + std::generic_category().message(errno));
  }
  return fd;
}

base::Bytes whole(const std::shared_ptr<const base::MappedFile>& file) {
  return {std::shared_ptr<const std::byte>(file, file->data()), file->size()};
}

// From here on nobody can write to or shorten it. Fails if a descendant of the child still has it mapped.
base::Bytes seal_and_map(int fd, const std::string& subject) {
  struct stat status {};
  const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
  if (::fcntl(fd, F_ADD_SEALS, seals) != 0 || ::fstat(fd, &status) != 0) {
    throw Error(ErrorCode::kCorruptFile, "import", subject,
                "the decompressed data is still in use; the file is hostile");
  }
  return whole(base::MappedFile::map(fd, static_cast<std::uint64_t>(status.st_size), subject));
}

// Shape times element size, or nothing if that overflows or an extent is negative.
std::optional<std::uint64_t> expected_bytes(const Dataset& dataset) {
  std::uint64_t bytes = element_size(dataset.element);
  for (const std::int64_t extent : dataset.shape) {
    if (extent == 0) return 0;
    if (extent < 0 || __builtin_mul_overflow(bytes, static_cast<std::uint64_t>(extent), &bytes)) return std::nullopt;
  }
  return bytes;
}

std::string read_listing(const base::Bytes& file, int memory_file, const std::string& subject,
                         const SandboxLimits& limits) {
  const std::array keep_open{memory_file};
  return run_sandboxed(limits, keep_open, subject, [&] {
    try {
      return encode_listing(scan({{file.data.get(), file.size}, memory_file, limits.file_bytes}));
    } catch (const Error& error) {
      return encode_error(error);
    }
  });
}

}  // namespace

SandboxLimits File::default_limits(std::uint64_t file_bytes) {
  SandboxLimits limits;
  limits.file_bytes = std::min(256 * kMiB + 64 * file_bytes, std::max(8192 * kMiB, 4 * file_bytes));
  limits.memory_bytes += limits.file_bytes;
  limits.cpu_seconds += file_bytes / (16 * kMiB);
  limits.wall_time += std::chrono::milliseconds(file_bytes / (4 * kMiB) * 1000);
  return limits;
}

File File::open(const std::string& path) {
  const base::MappableFile input(path);
  return open(input, default_limits(input.size()));
}

File File::open(const std::string& path, const SandboxLimits& limits) { return open(base::MappableFile(path), limits); }

File File::open(const base::MappableFile& input, const SandboxLimits& limits) {
  File file = open(whole(input.map()), input.path(), limits);
  input.require_unchanged();
  return file;
}

File File::open(const base::Bytes& bytes, const std::string& path) {
  return open(bytes, path, default_limits(bytes.size));
}

File File::open(const base::Bytes& bytes, const std::string& path, const SandboxLimits& limits) {
  if (bytes.size == 0) throw Error(ErrorCode::kCorruptFile, "import", path, "the file is empty");
  const base::UniqueFd memory_file = make_memory_file(path);
  Object root =
      decode_reply(read_listing(bytes, memory_file.get(), path, limits), path);  // the child has the bytes too
  File file(path, std::move(root), bytes, seal_and_map(memory_file.get(), path));
  file.check(file.root_);
  return file;
}

File::File(std::string path, Object root, base::Bytes file, base::Bytes decoded)
    : path_(std::move(path)), root_(std::move(root)), file_(std::move(file)), decoded_(std::move(decoded)) {}

// The listing comes from a process that a hostile file may control: every place is checked against what is mapped.
void File::check(const Object& object) const {
  for (const Object& child : object.children) check(child);
  if (object.is_group() || !object.dataset->refusal.empty()) return;
  const Dataset& dataset = *object.dataset;
  const std::optional<std::uint64_t> bytes = expected_bytes(dataset);
  const std::uint64_t available = dataset.storage == Dataset::Storage::kNone ? 0 : storage_of(dataset).size;
  const bool fits = bytes == dataset.bytes && dataset.bytes <= available && dataset.offset <= available - dataset.bytes;
  if (dataset.element == ElementType::kOther || !fits) {
    throw Error(ErrorCode::kCorruptFile, "import", path_,
                "'" + object.path + "' has a shape, " + to_string(dataset.shape) + ", that its storage cannot hold");
  }
}

const base::Bytes& File::storage_of(const Dataset& dataset) const noexcept {
  return dataset.storage == Dataset::Storage::kDecoded ? decoded_ : file_;
}

const std::byte* File::bytes_of(const Dataset& dataset) const noexcept {
  return storage_of(dataset).data.get() + dataset.offset;
}

const Object& File::at(std::string_view object_path) const {
  const Object* object = root_.find(object_path);
  if (object == nullptr) {
    throw Error(ErrorCode::kNotFound, "import", path_, "the file has no object '" + std::string(object_path) + "'");
  }
  return *object;
}

bool File::is_mapped(const Object& object) const noexcept {
  if (object.is_group()) return false;
  const Dataset& dataset = *object.dataset;
  return dataset.storage == Dataset::Storage::kFile && is_native_float32(dataset.element, dataset.big_endian) &&
         reinterpret_cast<std::uintptr_t>(bytes_of(dataset)) % alignof(float) == 0;
}

Float32Array File::read(const Object& object) const {
  if (object.is_group()) {
    throw Error(ErrorCode::kUnsupported, "import", path_, "'" + object.path + "' is a group; expected a dataset");
  }
  const Dataset& dataset = *object.dataset;
  if (!dataset.refusal.empty()) {
    throw Error(ErrorCode::kUnsupported, "import", path_, "'" + object.path + "' " + dataset.refusal);
  }
  if (dataset.bytes == 0) return {dataset.shape, nullptr};
  const std::byte* source = bytes_of(dataset);
  const bool is_aligned = reinterpret_cast<std::uintptr_t>(source) % alignof(float) == 0;
  if (is_aligned && is_native_float32(dataset.element, dataset.big_endian)) {
    return {dataset.shape,
            std::shared_ptr<const float>(storage_of(dataset).data, reinterpret_cast<const float*>(source))};
  }
  const std::size_t count = dataset.bytes / element_size(dataset.element);
  try {
    const std::shared_ptr<float[]> values(new float[count]);
    convert_to_float32(source, dataset.element, dataset.big_endian, {values.get(), count});
    return {dataset.shape, std::shared_ptr<const float>(values, values.get())};
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::kOutOfMemory, "import", path_,
                "no memory to convert '" + object.path + "', " + to_string(dataset.shape) + " of " + dataset.type_name);
  }
}

}  // namespace signxai::hdf5
