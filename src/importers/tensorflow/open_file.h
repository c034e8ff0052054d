// How the importer of SavedModels gets at files: those of a folder, or bytes in memory.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/mapped_file.h"

namespace signxai::tensorflow {

/// Gives the bytes of a file of the folder by its name there, or nothing where there is none.
using OpenFile = std::function<std::optional<base::Bytes>(const std::string& name)>;

}  // namespace signxai::tensorflow
