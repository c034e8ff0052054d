// ONNX files and models in memory. First stage of the ONNX importer; importers/importer.h decides when it is called.
#pragma once

#include <string>
#include <string_view>

#include "graph/network.h"
#include "signxai/model.h"

namespace signxai::onnx {

/// Whether a file that begins so may be an ONNX model: the format has no signature.
bool looks_like_model(std::string_view start);

/// Reads a file; weights in other files have to lie in its folder. Throws Error(kCorruptFile, kUnsupported).
graph::Network load_model(const std::string& path, const LoadOptions& options);

/// The same from the bytes of a ModelProto, which are not referred to afterwards.
graph::Network make_model(std::string_view bytes, const std::string& subject);

}  // namespace signxai::onnx
