// Custom layer classes, stated as compositions of layers that are known: docs/custom-layers.md describes the JSON.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "signxai/export.h"

namespace signxai {

namespace keras {
struct Compositions;
}

/// What custom classes consist of, by name. An immutable value; copies share everything, from any thread.
class SIGNXAI_API CustomLayers {
 public:
  /// None.
  CustomLayers() = default;

  /// Reads a JSON file {"ClassName": composition, ...}. Errors: kNotFound, kIo, kInvalidArgument (says what and where).
  static CustomLayers load(const std::string& path);
  /// The same from text. Errors: kInvalidArgument.
  static CustomLayers parse(std::string_view json);

  /// These and one more; `composition` is the JSON of that class alone. Errors: kInvalidArgument, also where the class
  /// is one of Keras's or is there already.
  [[nodiscard]] CustomLayers with(const std::string& class_name, std::string_view composition) const;

  std::vector<std::string> class_names() const;
  /// The files that were loaded.
  const std::vector<std::string>& files() const { return files_; }
  const std::shared_ptr<const keras::Compositions>& compositions() const { return compositions_; }

 private:
  std::shared_ptr<const keras::Compositions> compositions_;
  std::vector<std::string> files_;
};

}  // namespace signxai
