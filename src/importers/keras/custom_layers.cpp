// The public registry of compositions.
#include "signxai/custom_layers.h"

#include "base/input_file.h"
#include "importers/keras/composition.h"
#include "importers/layers/layer.h"
#include "signxai/error.h"

namespace signxai {
namespace {

using keras::Compositions;

constexpr std::uint64_t kMaxBytes = std::uint64_t{16} << 20;

[[noreturn]] void refuse(const std::string& subject, const std::string& message) {
  throw Error(ErrorCode::kInvalidArgument, "import", subject, message);
}

/// Text that the user wrote: what is wrong with it is not a damaged file.
keras::Json parse_text(std::string_view text, const std::string& subject) {
  try {
    return keras::parse_json(text, subject);
  } catch (const Error& error) {
    refuse(subject, error.message());
  }
}

void add(Compositions& all, const std::string& class_name, const keras::Json& json, const std::string& subject) {
  const std::string inner = subject + "[" + class_name + "]";
  if (class_name.empty()) refuse(subject, "a class without a name cannot be stated");
  const bool own = keras::find_layer(class_name) && !keras::is_of_applications(class_name);
  if (own || keras::is_model_class(class_name)) {
    refuse(inner,
           "is one of Keras's own classes; a class of the same name in a package is stated as package>" + class_name);
  }
  if (!all.classes.emplace(class_name, keras::parse_composition(json, inner)).second) refuse(inner, "is stated twice");
}

std::shared_ptr<const Compositions> parse_all(std::string_view text, const std::string& subject) {
  const keras::Json json = parse_text(text, subject);
  if (!json.is_object()) refuse(subject, "is no object {\"ClassName\": composition, ...}");
  Compositions all;
  for (const auto& [name, composition] : json.items()) add(all, name, composition, subject);
  return std::make_shared<const Compositions>(std::move(all));
}

}  // namespace

CustomLayers CustomLayers::load(const std::string& path) {
  CustomLayers result;
  result.compositions_ = parse_all(base::read_whole_file(path, "import", kMaxBytes), path);
  result.files_ = {path};
  return result;
}

CustomLayers CustomLayers::parse(std::string_view json) {
  CustomLayers result;
  result.compositions_ = parse_all(json, "custom layers");
  return result;
}

CustomLayers CustomLayers::with(const std::string& class_name, std::string_view composition) const {
  Compositions all = compositions_ ? *compositions_ : Compositions{};
  add(all, class_name, parse_text(composition, "custom layers"), "custom layers");
  CustomLayers result;
  result.compositions_ = std::make_shared<const Compositions>(std::move(all));
  result.files_ = files_;
  return result;
}

std::vector<std::string> CustomLayers::class_names() const {
  std::vector<std::string> names;
  if (!compositions_) return names;
  for (const auto& entry : compositions_->classes) names.push_back(entry.first);
  return names;
}

}  // namespace signxai
