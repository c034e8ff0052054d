// An ONNX file as it was parsed: the message, the version of its operators, and the files beside it that hold weights.
// First stage of the ONNX importer.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/mapped_file.h"
#include "importers/onnx/constant.h"
#include "importers/onnx/messages.pb.h"

namespace signxai::onnx {

inline constexpr std::int64_t kOldestOpset = 7, kNewestOpset = 21;

/// Not safe for concurrent use.
class Document {
 public:
  /// Parses `size` bytes. `subject` names the file in errors; `folder` is where other files of the model are, empty for
  /// a model in memory. Throws Error(kCorruptFile, kUnsupported).
  Document(const void* bytes, std::uint64_t size, std::string subject, std::string folder);

  const std::string& subject() const { return subject_; }
  const onnx_messages::Graph& graph() const { return model_.graph(); }
  std::int64_t opset() const { return opset_; }
  /// Whether the file defines that function itself.
  bool defines(const std::string& domain, const std::string& name) const;

  /// The numbers of a tensor; those of a message that is part of this document are taken out of it and not copied.
  Constant take(onnx_messages::Tensor& tensor);
  Constant take_initializer(int index) { return take(*model_.mutable_graph()->mutable_initializer(index)); }
  /// The numbers of a tensor that is an attribute.
  Constant read(const onnx_messages::Tensor& tensor);

  [[noreturn]] void corrupt(const std::string& subject, const std::string& message) const;

 private:
  base::Bytes external(const onnx_messages::Tensor& tensor, std::uint64_t expected);

  onnx_messages::Model model_;
  std::string subject_, folder_;
  std::int64_t opset_ = 0;
  std::map<std::string, std::shared_ptr<const base::MappedFile>> files_;
};

}  // namespace signxai::onnx
