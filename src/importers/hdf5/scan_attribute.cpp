// Attributes: strings of fixed and variable length, numbers; everything else is listed by its type's name only.
#include "importers/hdf5/scan_attribute.h"

#include <new>

#include "importers/hdf5/printable.h"
#include "importers/hdf5/scan_type.h"

namespace signxai::hdf5 {
namespace {

struct Extent {
  bool is_scalar = false;
  std::size_t count = 0;
};

// Scalars and one-dimensional arrays; anything else is not something Keras writes.
std::optional<Extent> extent_of(hid_t attribute, const std::string& subject) {
  const Handle space = checked(H5Aget_space(attribute), H5Sclose, subject, "cannot be read");
  switch (H5Sget_simple_extent_type(space.get())) {
    case H5S_NULL: return Extent{};
    case H5S_SCALAR: return Extent{true, 1};
    case H5S_SIMPLE: break;
    default: refuse_damaged(subject, "has no valid shape");
  }
  if (H5Sget_simple_extent_ndims(space.get()) != 1) return std::nullopt;
  hsize_t count = 0;
  if (H5Sget_simple_extent_dims(space.get(), &count, nullptr) < 0) refuse_damaged(subject, "has no valid shape");
  return Extent{false, count};
}

class AttributeReader {
 public:
  AttributeReader(hid_t attribute, std::string subject, AttributeBudget& budget)
      : attribute_(attribute),
        type_(checked(H5Aget_type(attribute), H5Tclose, subject, "cannot be read")),
        subject_(std::move(subject)),
        budget_(budget) {}

  void read_into(Attribute& result) {
    const StoredType stored = recognise_type(type_.get());
    result.type_name = stored.name;
    const bool is_string = H5Tget_class(type_.get()) == H5T_STRING;
    const std::optional<Extent> extent = extent_of(attribute_, subject_);
    if (!extent || (!is_string && stored.element == ElementType::kOther)) return;
    spend(budget_.items, extent->count);
    result.is_scalar = extent->is_scalar;
    result.kind = is_string ? Attribute::Kind::kStrings : Attribute::Kind::kNumbers;
    if (extent->count == 0) return;
    if (!is_string) {
      read_numbers(extent->count, result.numbers);
    } else if (H5Tis_variable_str(type_.get()) > 0) {
      read_variable_strings(extent->count, result.strings);
    } else {
      read_fixed_strings(extent->count, result.strings);
    }
  }

 private:
  void spend(std::size_t& budget, std::size_t amount) const {
    if (amount > budget) refuse(ErrorCode::kCorruptFile, subject_, "makes the attributes of the file absurdly large");
    budget -= amount;
  }

  void read(hid_t memory_type, void* target) const {
    if (H5Aread(attribute_, memory_type, target) < 0) refuse_damaged(subject_, "cannot be read");
  }

  void read_numbers(std::size_t count, std::vector<double>& numbers) {
    numbers.resize(count);
    read(H5T_NATIVE_DOUBLE, numbers.data());
  }

  void read_fixed_strings(std::size_t count, std::vector<std::string>& strings) {
    const std::size_t width = H5Tget_size(type_.get());
    if (width == 0 || count > budget_.bytes / width) spend(budget_.bytes, budget_.bytes + 1);
    spend(budget_.bytes, count * width);
    std::string bytes(count * width, '\0');
    read(type_.get(), bytes.data());
    const bool is_space_padded = H5Tget_strpad(type_.get()) == H5T_STR_SPACEPAD;
    for (std::size_t i = 0; i < count; ++i) {
      std::string text = bytes.substr(i * width, width);
      text.resize(is_space_padded ? text.find_last_not_of(' ') + 1 : std::min(text.find('\0'), width));
      strings.push_back(std::move(text));
    }
  }

  void read_variable_strings(std::size_t count, std::vector<std::string>& strings) {
    const Handle memory_type = checked(H5Tcopy(H5T_C_S1), H5Tclose, subject_, "cannot be read");
    H5Tset_size(memory_type.get(), H5T_VARIABLE);
    H5Tset_cset(memory_type.get(), H5Tget_cset(type_.get()));
    std::vector<char*> pointers(count, nullptr);
    read(memory_type.get(), pointers.data());
    for (char* text : pointers) {
      strings.emplace_back(text != nullptr ? text : "");
      spend(budget_.bytes, strings.back().size());
      H5free_memory(text);
    }
  }

  hid_t attribute_;
  Handle type_;
  std::string subject_;
  AttributeBudget& budget_;
};

struct NameCollector {
  std::vector<std::string> names;
  std::size_t limit;
};

// Runs below C frames of libhdf5: nothing may be thrown.
herr_t collect_name(hid_t, const char* name, const H5A_info_t*, void* data) noexcept {
  auto& collector = *static_cast<NameCollector*>(data);
  if (collector.names.size() >= collector.limit) return -1;
  try {
    collector.names.emplace_back(name);
  } catch (const std::bad_alloc&) {
    return -1;
  }
  return 0;
}

}  // namespace

std::vector<Attribute> read_attributes(hid_t object, const std::string& path, AttributeBudget& budget) {
  NameCollector collector{{}, budget.items};
  if (H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, collect_name, &collector) < 0) {
    refuse_damaged(path, "has attributes that cannot be listed");
  }
  budget.items -= collector.names.size();
  std::vector<Attribute> attributes;
  for (std::string& name : collector.names) {
    const std::string subject = path + "@" + name;
    if (printable(name) != name) refuse(ErrorCode::kCorruptFile, subject, "has an impossible name");
    const Handle handle = checked(H5Aopen(object, name.c_str(), H5P_DEFAULT), H5Aclose, subject, "cannot be opened");
    Attribute& attribute = attributes.emplace_back();
    attribute.name = std::move(name);
    AttributeReader(handle.get(), subject, budget).read_into(attribute);
  }
  return attributes;
}

}  // namespace signxai::hdf5
