// What the names given as INPUT stand for: files, and how many samples each holds.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "signxai/tensor.h"

namespace signxai::cli {

/// One file with what a first look at it tells; nothing of its values is read yet.
struct InputFile {
  enum class Kind { kArray, kTable, kPicture };

  std::string path, member;  ///< member: of an archive
  Kind kind;
  std::int64_t samples = 1;
  bool batch = false;  ///< the first axis counts samples
};

/// kInvalidArgument of the stage "input".
[[noreturn]] void refuse_input(const std::string& subject, const std::string& message);

/// The files given, folders replaced by the files in them that a network of inputs `wanted` could take, by name.
/// Throws kInvalidArgument for a folder without any, kIo for one that cannot be read.
std::vector<std::string> input_paths(const std::vector<std::string>& given, const Shape& wanted);

/// Throws kInvalidArgument for samples of another shape than `wanted` (-1: any extent), and the readers' errors.
InputFile look_at_input(const std::string& given, const Shape& wanted);

}  // namespace signxai::cli
