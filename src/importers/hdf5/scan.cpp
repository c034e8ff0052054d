// Opening of the file and the walk over its groups.
#include "importers/hdf5/scan.h"

#include <new>
#include <unordered_set>

#include "importers/hdf5/hdf5_handle.h"
#include "importers/hdf5/printable.h"
#include "importers/hdf5/sandbox.h"
#include "importers/hdf5/scan_attribute.h"
#include "importers/hdf5/scan_dataset.h"
#include "importers/hdf5/wire.h"

namespace signxai::hdf5 {
namespace {

constexpr std::size_t kMaxAttributeBytes = kMaxListingBytes / 2;

struct Link {
  std::string name;
  H5L_type_t type;
};

// Runs below C frames of libhdf5: nothing may be thrown.
herr_t collect_link(hid_t, const char* name, const H5L_info_t* info, void* data) noexcept {
  auto& links = *static_cast<std::vector<Link>*>(data);
  if (links.size() >= kMaxObjects) return -1;
  try {
    links.push_back({name, info->type});
  } catch (const std::bad_alloc&) {
    return -1;
  }
  return 0;
}

std::string_view link_kind(H5L_type_t type) {
  switch (type) {
    case H5L_TYPE_SOFT: return "a soft link";
    case H5L_TYPE_EXTERNAL: return "an external link into another file";
    default: return "a user-defined link";
  }
}

class Scanner {
 public:
  explicit Scanner(const ScanRequest& request) : datasets_(request) {}

  void walk(hid_t id, Object& object, int depth) {
    require_first_visit(id, object.path);
    object.attributes = read_attributes(id, object.path, budget_);
    switch (H5Iget_type(id)) {
      case H5I_GROUP: walk_links(id, object, depth); return;
      case H5I_DATASET: object.dataset = datasets_.scan(id, object.path); return;
      default: refuse(ErrorCode::kUnsupported, object.path, "is neither a group nor a dataset");
    }
  }

 private:
  void require_first_visit(hid_t id, const std::string& path) {
    H5O_info_t info;
    if (H5Oget_info(id, &info) < 0) refuse_damaged(path, "cannot be examined");
    if (!visited_.insert(info.addr).second) {
      refuse(ErrorCode::kUnsupported, path,
             "is a second hard link to an object met before (a cycle?); try to save the model again with Keras");
    }
    if (visited_.size() > kMaxObjects) {
      refuse(ErrorCode::kCorruptFile, "",
             "the file has more than " + std::to_string(kMaxObjects) + " groups and datasets");
    }
  }

  void walk_links(hid_t group, Object& object, int depth) {
    if (depth >= kMaxDepth) refuse(ErrorCode::kCorruptFile, object.path, "is nested too deeply");
    std::vector<Link> links;
    if (H5Literate(group, H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, collect_link, &links) < 0) {
      refuse_damaged(object.path, "cannot be listed");
    }
    for (Link& link : links) {
      const std::string path = (depth == 0 ? "" : object.path) + "/" + link.name;
      if (link.type != H5L_TYPE_HARD) {
        refuse(ErrorCode::kUnsupported, path,
               "is " + std::string(link_kind(link.type)) +
                   "; expected groups and datasets only; try to save the model again");
      }
      // libhdf5 would take the first kinds for a path and follow the links on it.
      if (link.name.empty() || link.name == "." || link.name.find('/') != std::string::npos ||
          printable(link.name) != link.name) {
        refuse(ErrorCode::kCorruptFile, path, "has an impossible name");
      }
      const Handle child = checked(H5Oopen(group, link.name.c_str(), H5P_DEFAULT), H5Oclose, path, "cannot be opened");
      Object& entry = object.children.emplace_back();
      entry.name = std::move(link.name);
      entry.path = path;
      walk(child.get(), entry, depth + 1);
    }
  }

  DatasetScanner datasets_;
  AttributeBudget budget_{kMaxAttributeItems, kMaxAttributeBytes};
  std::unordered_set<haddr_t> visited_;
};

// libhdf5 copies a file image at several occasions. These callbacks let it have the one mapping each time.
void* share_image(std::size_t, H5FD_file_image_op_t, void* image) { return image; }
void* keep_image(void* target, const void*, std::size_t, H5FD_file_image_op_t, void*) { return target; }
herr_t release_image(void*, H5FD_file_image_op_t, void*) { return 0; }
void* copy_user_data(void* image) { return image; }
herr_t release_user_data(void*) { return 0; }

Handle open_image(std::span<const std::byte> file) {
  constexpr std::size_t kIncrement = std::size_t{1} << 16;  // for writing; not used
  const Handle access = checked(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "", "libhdf5 does not start");
  void* image = const_cast<std::byte*>(file.data());
  H5FD_file_image_callbacks_t callbacks{share_image,    keep_image,        nullptr, release_image,
                                        copy_user_data, release_user_data, image};
  if (H5Pset_fapl_core(access.get(), kIncrement, false) < 0 ||
      H5Pset_file_image_callbacks(access.get(), &callbacks) < 0 ||
      H5Pset_file_image(access.get(), image, file.size()) < 0) {
    refuse(ErrorCode::kInternal, "", "libhdf5 takes no file images");
  }
  return checked(H5Fopen("image", H5F_ACC_RDONLY, access.get()), H5Fclose, "", "not a readable HDF5 file");
}

}  // namespace

Object scan(const ScanRequest& request) {
  forbid_opening_files();
  H5dont_atexit();
  H5PLset_loading_state(0);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  const Handle file = open_image(request.file);
  const Handle root_group = checked(H5Gopen2(file.get(), "/", H5P_DEFAULT), H5Gclose, "/", "cannot be opened");
  Object root;
  root.path = "/";
  Scanner(request).walk(root_group.get(), root, 0);
  return root;
}

}  // namespace signxai::hdf5
