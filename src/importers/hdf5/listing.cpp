// Look-ups in the tree, and joining of attributes that Keras has split.
#include "importers/hdf5/listing.h"

#include <algorithm>
#include <iterator>

#include "signxai/error.h"

namespace signxai::hdf5 {
namespace {

[[noreturn]] void wrong_kind(const Object& object, const Attribute& attribute, const char* expected) {
  const std::size_t count = std::max(attribute.strings.size(), attribute.numbers.size());
  throw Error(ErrorCode::kUnsupported, "import", object.path,
              "attribute '" + attribute.name + "' has the wrong type; got " + attribute.type_name +
                  (attribute.is_scalar ? std::string(" (scalar)") : " (" + std::to_string(count) + " elements)") +
                  ", expected " + expected);
}

// The attribute itself, or else its parts name0, name1, ... in order; empty if there is neither.
std::vector<const Attribute*> parts_of(const Object& object, std::string_view name) {
  if (const Attribute* whole = object.find_attribute(name)) return {whole};
  std::vector<const Attribute*> parts;
  while (const Attribute* part = object.find_attribute(std::string(name) + std::to_string(parts.size()))) {
    parts.push_back(part);
  }
  return parts;
}

}  // namespace

const Object* Object::find(std::string_view relative_path) const noexcept {
  const Object* object = this;
  while (!relative_path.empty()) {
    const std::size_t end = std::min(relative_path.find('/'), relative_path.size());
    const std::string_view part = relative_path.substr(0, end);
    relative_path.remove_prefix(std::min(end + 1, relative_path.size()));
    if (part.empty()) continue;
    const auto child = std::find_if(object->children.begin(), object->children.end(),
                                    [part](const Object& candidate) { return candidate.name == part; });
    if (child == object->children.end()) return nullptr;
    object = &*child;
  }
  return object;
}

const Attribute* Object::find_attribute(std::string_view attribute_name) const noexcept {
  const auto found = std::find_if(attributes.begin(), attributes.end(),
                                  [&](const Attribute& candidate) { return candidate.name == attribute_name; });
  return found == attributes.end() ? nullptr : &*found;
}

std::optional<std::string> Object::string_attribute(std::string_view attribute_name) const {
  const std::vector<const Attribute*> parts = parts_of(*this, attribute_name);
  if (parts.empty()) return std::nullopt;
  std::string text;
  for (const Attribute* part : parts) {
    if (part->kind != Attribute::Kind::kStrings || part->strings.size() != 1) wrong_kind(*this, *part, "one string");
    text += part->strings.front();
  }
  return text;
}

std::optional<std::vector<std::string>> Object::string_list(std::string_view attribute_name) const {
  const std::vector<const Attribute*> parts = parts_of(*this, attribute_name);
  if (parts.empty()) return std::nullopt;
  std::vector<std::string> list;
  for (const Attribute* part : parts) {
    const bool is_empty = part->kind == Attribute::Kind::kNumbers && part->numbers.empty();
    if (part->kind != Attribute::Kind::kStrings && !is_empty) wrong_kind(*this, *part, "a list of strings");
    list.insert(list.end(), part->strings.begin(), part->strings.end());
  }
  return list;
}

std::optional<std::vector<double>> Object::number_list(std::string_view attribute_name) const {
  const Attribute* attribute = find_attribute(attribute_name);
  if (attribute == nullptr) return std::nullopt;
  if (attribute->kind != Attribute::Kind::kNumbers) wrong_kind(*this, *attribute, "numbers");
  return attribute->numbers;
}

}  // namespace signxai::hdf5
