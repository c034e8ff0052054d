// Names, checks and writers of output files.
#include "outputs.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>

#include <fmt/format.h>

#include "signxai/array_file.h"
#include "signxai/error.h"

namespace signxai::cli {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const std::string& path, const std::string& message) {
  throw Error(ErrorCode::kIo, "output", path, message);
}

/// The folder itself, or the nearest one above it that exists, must take new files.
void check_folder(const fs::path& folder, bool create) {
  fs::path there = folder.empty() ? fs::path(".") : folder;
  std::error_code error;
  while (create && !fs::exists(there, error) && there.has_relative_path()) {
    there = there.has_parent_path() ? there.parent_path() : fs::path(".");
  }
  if (!fs::exists(there, error)) refuse(folder.string(), "the folder does not exist");
  if (!fs::is_directory(there, error)) refuse(there.string(), "is no folder; results cannot be written into it");
  if (access(there.c_str(), W_OK | X_OK) != 0)
    refuse(there.string(), "the folder cannot be written to; check its permissions");
}

void check_file(const std::string& path, bool overwrite) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) return;
  if (!fs::is_regular_file(status)) refuse(path, "exists and is no regular file");
  if (!overwrite) refuse(path, "exists already; try --force to replace it");
}

bool is_png(const std::string& path) {
  std::error_code error;
  std::string extension = fs::path(path).extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return extension == ".png" && !fs::is_directory(path, error);
}

std::vector<OutputPlan::Files> files_in(const std::string& folder, const Inputs& inputs,
                                        const std::vector<std::string>& maps, std::int64_t neurons) {
  std::vector<OutputPlan::Files> files;
  for (const Sample& sample : inputs.samples) {
    for (std::int64_t neuron = 0; neuron < neurons; ++neuron) {
      const std::string stem = neurons > 1 ? fmt::format("{}_target{}", sample.stem, neuron) : sample.stem;
      const auto named = [&](std::string what) {
        std::replace(what.begin(), what.end(), '/', '_');
        return (fs::path(folder) / fmt::format("{}_{}.png", stem, what)).string();
      };
      OutputPlan::Files one;
      for (const std::string& map : maps) one.maps.push_back(named(map));
      one.panel = named("panel");
      files.push_back(std::move(one));
    }
  }
  return files;
}

std::vector<std::string> all_paths(const OutputPlan& plan) {
  std::vector<std::string> paths;
  for (const OutputPlan::Files& files : plan.files) {
    paths.insert(paths.end(), files.maps.begin(), files.maps.end());
    paths.push_back(files.panel);
  }
  if (!plan.raw.empty()) paths.push_back(plan.raw);
  return paths;
}

void plan_pictures(OutputPlan& plan, const std::string& where, const Inputs& inputs,
                   const std::vector<std::string>& maps, std::int64_t neurons) {
  for (std::size_t i = 0; i < inputs.values.size(); ++i) check_drawable(inputs.sample_shape(i));
  if (!is_png(where)) {
    plan.folder = where;
    plan.files = files_in(where, inputs, maps, neurons);
    return;
  }
  if (inputs.samples.size() != 1 || neurons != 1) {
    throw Error(ErrorCode::kInvalidArgument, "output", where,
                fmt::format("is one file, but there are {} samples with {} target(s) each; try a folder",
                            inputs.samples.size(), neurons));
  }
  plan.files = {{{}, where}};
}

}  // namespace

void check_writable(const std::string& path, bool overwrite) {
  check_folder(fs::path(path).parent_path(), false);
  check_file(path, overwrite);
}

OutputPlan plan_outputs(const OutputOptions& options, const Inputs& inputs, const std::vector<std::string>& maps,
                        std::int64_t neurons) {
  OutputPlan plan;
  plan.raw = options.raw;
  plan.overwrite = options.overwrite;
  if (!options.pictures.empty()) plan_pictures(plan, options.pictures, inputs, maps, neurons);
  if (!plan.folder.empty()) check_folder(plan.folder, true);
  std::set<fs::path> seen;
  for (const std::string& path : all_paths(plan)) {
    if (!seen.insert(fs::path(path).lexically_normal()).second) {
      throw Error(ErrorCode::kInvalidArgument, "output", path,
                  "two results would have this file; try inputs of different names");
    }
    const bool in_folder = !plan.folder.empty() && path != plan.raw;
    if (in_folder) check_file(path, options.overwrite);
    if (!in_folder) check_writable(path, options.overwrite);
  }
  return plan;
}

void write_raw(const OutputPlan& plan, const Explanation& explanation) {
  if (plan.raw.empty()) return;
  std::vector<NamedView> arrays;
  for (const MethodMap& map : explanation.maps) arrays.push_back({map.name(), map.map});
  write_npz(plan.raw, arrays, {{"targets", explanation.targets_shape, explanation.targets}}, plan.overwrite);
}

void write_pictures(const OutputPlan& plan, const Painter& painter) {
  std::error_code error;
  if (!plan.folder.empty()) fs::create_directories(plan.folder, error);
  if (error) refuse(plan.folder, "the folder cannot be created; " + error.message());
  for (std::size_t row = 0; row < plan.files.size(); ++row) {
    const OutputPlan::Files& files = plan.files[row];
    for (std::size_t map = 0; map < files.maps.size(); ++map) {
      write_png(files.maps[map], painter.single(row, map), plan.overwrite);
    }
    write_png(files.panel, painter.panel(row), plan.overwrite);
  }
}

}  // namespace signxai::cli
