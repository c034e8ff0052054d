// The formats behind ArrayWriter: one file and one line in the table of writer.cpp each.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "signxai/array_file.h"

namespace signxai::base {

std::unique_ptr<ArrayWriter> make_npy_writer(const std::string& path, ArrayFilePlan plan, bool overwrite);
std::unique_ptr<ArrayWriter> make_npz_writer(const std::string& path, ArrayFilePlan plan, bool overwrite);
std::unique_ptr<ArrayWriter> make_h5_writer(const std::string& path, ArrayFilePlan plan, bool overwrite);

/// Throws kInvalidArgument when an array of a file cannot have that name, or not again.
void check_array_name(const std::string& path, const std::string& name, std::set<std::string>& seen);

/// The .npy preamble of a planned array.
std::string preamble_of(const ArrayPlan& plan);

}  // namespace signxai::base
