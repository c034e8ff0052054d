// Datasets: layout, filters, type, shape, place.
#include "importers/hdf5/scan_dataset.h"

#include <sys/mman.h>
#include <unistd.h>

#include <limits>

#include "importers/hdf5/scan_type.h"

namespace signxai::hdf5 {
namespace {

constexpr std::uint64_t kPage = 65'536;  // regions start on a page boundary on every common machine

// Deflate cannot exceed 1032 : 1; chunks that were never written take no space at all.
constexpr std::uint64_t kMaxRatio = 1100;
constexpr std::uint64_t kRatioSlack = std::uint64_t{1} << 20;

void refuse_foreign_storage(hid_t properties, H5D_layout_t layout, const std::string& path) {
  if (layout == H5D_VIRTUAL) {
    refuse(ErrorCode::kUnsupported, path,
           "is a virtual dataset, whose elements lie in other files; try h5repack or save the model again");
  }
  if (H5Pget_external_count(properties) > 0) {
    refuse(ErrorCode::kUnsupported, path,
           "keeps its elements in another file (external storage); try h5repack or save the model again");
  }
}

std::string unsupported_filter(hid_t properties) {
  const int count = H5Pget_nfilters(properties);
  for (int i = 0; i < count; ++i) {
    unsigned flags = 0;
    std::size_t value_count = 0;
    char name[64] = {};
    const H5Z_filter_t filter = H5Pget_filter2(properties, static_cast<unsigned>(i), &flags, &value_count, nullptr,
                                               sizeof name - 1, name, nullptr);
    if (filter == H5Z_FILTER_DEFLATE || filter == H5Z_FILTER_SHUFFLE || filter == H5Z_FILTER_FLETCHER32) continue;
    return "is compressed with filter " + std::to_string(filter) +
           (name[0] != '\0' ? " (" + std::string(name) + ")" : "") +
           "; got an unsupported filter, expected deflate, shuffle or fletcher32; try h5repack -f GZIP=1";
  }
  return "";
}

Shape shape_of(hid_t dataset, const std::string& path) {
  const Handle space = checked(H5Dget_space(dataset), H5Sclose, path, "has no valid shape");
  const int rank = H5Sget_simple_extent_ndims(space.get());
  if (rank < 0 || rank > H5S_MAX_RANK) refuse_damaged(path, "has no valid shape");
  hsize_t extents[H5S_MAX_RANK] = {};
  if (H5Sget_simple_extent_dims(space.get(), extents, nullptr) < 0) refuse_damaged(path, "has no valid shape");
  if (H5Sget_simple_extent_type(space.get()) == H5S_NULL) return {0};
  Shape shape;
  for (int axis = 0; axis < rank; ++axis) {
    if (extents[axis] > static_cast<hsize_t>(std::numeric_limits<std::int64_t>::max())) {
      refuse(ErrorCode::kCorruptFile, path, "has an absurd extent, " + std::to_string(extents[axis]));
    }
    shape.push_back(static_cast<std::int64_t>(extents[axis]));
  }
  return shape;
}

std::uint64_t byte_count(const Shape& shape, std::size_t element_bytes, const std::string& path) {
  std::uint64_t bytes = element_bytes;
  for (const std::int64_t extent : shape) {
    if (extent == 0) return 0;
    if (__builtin_mul_overflow(bytes, static_cast<std::uint64_t>(extent), &bytes)) {
      refuse(ErrorCode::kCorruptFile, path, "has an absurd shape, " + to_string(shape));
    }
  }
  return bytes;
}

}  // namespace

Dataset DatasetScanner::scan(hid_t dataset, const std::string& path) {
  const Handle properties = checked(H5Dget_create_plist(dataset), H5Pclose, path, "cannot be examined");
  const H5D_layout_t layout = H5Pget_layout(properties.get());
  refuse_foreign_storage(properties.get(), layout, path);  // before the shape: that of a virtual one opens its sources
  const Handle type = checked(H5Dget_type(dataset), H5Tclose, path, "has no valid type");
  const StoredType stored = recognise_type(type.get());

  Dataset result;
  result.element = stored.element;
  result.big_endian = stored.big_endian;
  result.type_name = stored.name;
  result.shape = shape_of(dataset, path);
  if (stored.element == ElementType::kOther) {
    result.refusal = "has an unsupported type; got " + stored.name + ", expected floats of 16 to 64 bits or integers";
    return result;
  }
  result.bytes = byte_count(result.shape, element_size(stored.element), path);
  result.refusal = unsupported_filter(properties.get());
  if (result.bytes == 0 || !result.refusal.empty()) return result;
  if (layout == H5D_CONTIGUOUS) {
    locate(dataset, path, result);
  } else if (layout == H5D_CHUNKED || layout == H5D_COMPACT) {
    decode(dataset, type.get(), path, result);
  } else {
    refuse_damaged(path, "has an unknown storage layout");
  }
  return result;
}

void DatasetScanner::locate(hid_t dataset, const std::string& path, Dataset& result) const {
  const haddr_t offset = H5Dget_offset(dataset);
  if (offset == HADDR_UNDEF) refuse_damaged(path, "has a shape, " + to_string(result.shape) + ", but no elements");
  if (result.bytes > request_.file.size() || offset > request_.file.size() - result.bytes) {
    refuse(ErrorCode::kCorruptFile, path,
           "does not fit into the file; got " + std::to_string(result.bytes) + " bytes at offset " +
               std::to_string(offset) + ", expected them to end before byte " + std::to_string(request_.file.size()));
  }
  result.storage = Dataset::Storage::kFile;
  result.offset = offset;
}

void DatasetScanner::decode(hid_t dataset, hid_t type, const std::string& path, Dataset& result) {
  const std::uint64_t stored_bytes = H5Dget_storage_size(dataset);
  if (stored_bytes > request_.file.size() ||
      (result.bytes > kRatioSlack && (result.bytes - kRatioSlack) / kMaxRatio > stored_bytes)) {
    refuse(ErrorCode::kCorruptFile, path,
           "has an absurd shape for its storage; got " + to_string(result.shape) + " from " +
               std::to_string(stored_bytes) + " bytes in the file");
  }
  const std::uint64_t offset = decoded_bytes_;
  const std::uint64_t left = request_.max_decoded_bytes - offset;
  if (left < kPage || result.bytes > left - kPage) {
    refuse(ErrorCode::kOutOfMemory, path,
           "would make the decompressed data exceed the " + std::to_string(request_.max_decoded_bytes >> 20) +
               " MiB allowed for a file of this size; try h5repack -f NONE");
  }
  const std::uint64_t end = (offset + result.bytes + kPage - 1) / kPage * kPage;
  if (::ftruncate(request_.decoded, static_cast<off_t>(end)) != 0) {
    refuse(ErrorCode::kOutOfMemory, path, "cannot be decompressed: no memory");
  }
  void* target =
      ::mmap(nullptr, result.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, request_.decoded, static_cast<off_t>(offset));
  if (target == MAP_FAILED) refuse(ErrorCode::kOutOfMemory, path, "cannot be decompressed: no memory");
  // The stored type as memory type: bytes are not converted here.
  const herr_t status = H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, target);
  ::munmap(target, result.bytes);
  if (status < 0) refuse_damaged(path, "cannot be decompressed");
  decoded_bytes_ = end;
  result.storage = Dataset::Storage::kDecoded;
  result.offset = offset;
}

}  // namespace signxai::hdf5
