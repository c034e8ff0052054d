// Parsing, and the checks that concern the file as a whole.
#include "importers/onnx/document.h"

#include <algorithm>
#include <filesystem>
#include <limits>

#include "signxai/error.h"

namespace signxai::onnx {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kOldestFormat = 3, kNewestFormat = 14;

[[noreturn]] void refuse(const std::string& subject, const std::string& reason) {
  throw Error(ErrorCode::kUnsupported, "import", subject, reason);
}

std::int64_t main_opset(const onnx_messages::Model& model) {
  std::int64_t version = 0;
  for (const auto& set : model.opset_import()) {
    if (set.domain().empty() || set.domain() == "ai.onnx") version = std::max<std::int64_t>(version, set.version());
  }
  return version;
}

/// A number among the entries of external data.
std::uint64_t number_of(const std::string& text, bool& valid) {
  std::uint64_t number = 0;
  valid = !text.empty() && text.size() < 19 && text.find_first_not_of("0123456789") == std::string::npos;
  if (valid) number = std::stoull(text);
  return number;
}

}  // namespace

Document::Document(const void* bytes, std::uint64_t size, std::string subject, std::string folder)
    : subject_(std::move(subject)), folder_(std::move(folder)) {
  if (size > static_cast<std::uint64_t>(std::numeric_limits<int>::max())) {
    refuse(subject_, "is larger than 2 GB, the most that an ONNX file can be; try saving its weights as external data");
  }
  if (!model_.ParseFromArray(bytes, static_cast<int>(size))) {
    corrupt(subject_, "is not a whole ONNX file; it is damaged, or was not copied to its end");
  }
  const std::int64_t format = model_.ir_version();
  if (!model_.has_graph()) corrupt(subject_, "has no graph; is it an ONNX file?");
  if (format < kOldestFormat || format > kNewestFormat) {
    refuse(subject_, "has the format version (ir_version) " + std::to_string(format) + "; supported are " +
                         std::to_string(kOldestFormat) + " to " + std::to_string(kNewestFormat));
  }
  opset_ = main_opset(model_);
  if (opset_ < kOldestOpset || opset_ > kNewestOpset) {
    refuse(subject_, "uses the operators of version " + std::to_string(opset_) + "; supported are " +
                         std::to_string(kOldestOpset) + " to " + std::to_string(kNewestOpset) +
                         "; try exporting it with opset_version=17 (torch.onnx.export), --opset 17 (tf2onnx), or "
                         "onnx.version_converter.convert_version(model, 17)");
  }
}

bool Document::defines(const std::string& domain, const std::string& name) const {
  const auto& functions = model_.functions();
  return std::any_of(functions.begin(), functions.end(),
                     [&](const auto& f) { return f.name() == name && f.domain() == domain; });
}

void Document::corrupt(const std::string& subject, const std::string& message) const {
  throw Error(ErrorCode::kCorruptFile, "import", subject, message);
}

/// The bytes of a tensor in a file beside the model, which has to lie in the model's folder.
base::Bytes Document::external(const onnx_messages::Tensor& tensor, std::uint64_t expected) {
  std::string location, offset_text = "0", length_text;
  for (const auto& entry : tensor.external_data()) {
    if (entry.key() == "location") location = entry.value();
    if (entry.key() == "offset") offset_text = entry.value();
    if (entry.key() == "length") length_text = entry.value();
  }
  const std::string what = subject_ + ": " + tensor.name();
  if (folder_.empty())
    refuse(what,
           "has its numbers in the file '" + location + "', but the model is in memory; try loading it by its path");
  std::error_code ignored;
  const fs::path base = fs::weakly_canonical(folder_, ignored), path = fs::weakly_canonical(base / location, ignored);
  const fs::path inside = path.lexically_relative(base);
  if (location.empty() || fs::path(location).is_absolute() || inside.empty() || *inside.begin() == "..") {
    corrupt(what, "has its numbers in the file '" + location + "', which does not lie in the model's folder");
  }
  auto& file = files_[path.string()];
  if (!file) file = base::MappableFile(path.string()).map();
  bool valid = false;
  const std::uint64_t offset = number_of(offset_text, valid);
  const std::uint64_t length = valid && !length_text.empty() ? number_of(length_text, valid) : expected;
  if (!valid || length != expected || offset > file->size() || length > file->size() - offset) {
    corrupt(what, "has " + std::to_string(expected) + " bytes in the file '" + location + "', of which offset '" +
                      offset_text + "' and length '" + length_text + "' do not fit; the file has " +
                      std::to_string(file->size()) + " bytes");
  }
  return {std::shared_ptr<const std::byte>(file, file->data() + offset), length};
}

}  // namespace signxai::onnx
