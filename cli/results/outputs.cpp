// Names, checks and writers of output files.
#include "outputs.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>

#include <fmt/format.h>

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

bool is_picture_file(const std::string& path) {
  std::error_code error;
  std::string extension = fs::path(path).extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  const bool known = extension == ".png" || extension == ".pdf" || extension == ".svg" || extension == ".html";
  return known && !fs::is_directory(path, error);
}

std::vector<OutputPlan::Files> files_in(const OutputOptions& options, const std::vector<Sample>& samples,
                                        const std::vector<std::string>& maps, std::int64_t neurons) {
  std::vector<OutputPlan::Files> files;
  for (const Sample& sample : samples) {
    for (std::int64_t neuron = 0; neuron < neurons; ++neuron) {
      const std::string stem = neurons > 1 ? fmt::format("{}_target{}", sample.stem, neuron) : sample.stem;
      const auto named = [&](std::string what) {
        std::replace(what.begin(), what.end(), '/', '_');
        return (fs::path(options.pictures) / fmt::format("{}_{}.{}", stem, what, options.format)).string();
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

void plan_pictures(OutputPlan& plan, const OutputOptions& options, const std::vector<Sample>& samples,
                   const std::vector<std::string>& maps, std::int64_t neurons) {
  const std::string& where = options.pictures;
  if (!is_picture_file(where)) {
    plan.folder = where;
    plan.files = files_in(options, samples, maps, neurons);
    return;
  }
  if (samples.size() != 1 || neurons != 1) {
    throw Error(ErrorCode::kInvalidArgument, "output", where,
                fmt::format("is one file, but there are {} samples with {} target(s) each; try a folder",
                            samples.size(), neurons));
  }
  plan.files = {{{}, where}};
}

}  // namespace

void check_writable(const std::string& path, bool overwrite) {
  check_folder(fs::path(path).parent_path(), false);
  check_file(path, overwrite);
}

OutputPlan plan_outputs(const OutputOptions& options, const std::vector<Sample>& samples,
                        const std::vector<std::string>& maps, std::int64_t neurons) {
  OutputPlan plan;
  plan.raw = options.raw;
  plan.overwrite = options.overwrite;
  if (!options.pictures.empty()) plan_pictures(plan, options, samples, maps, neurons);
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
  if (!plan.raw.empty()) check_raw(plan.raw, maps.size());
  return plan;
}

std::vector<RawArray> raw_arrays(const Explanation& explanation, const Provenance& provenance) {
  std::vector<RawArray> arrays;
  for (const MethodMap& map : explanation.maps) {
    arrays.push_back(
        {map.name(),
         map.map.shape,
         map.map.data.data(),
         nullptr,
         {{"method", map.method}, {"place", map.place}, {"parameters", provenance.parameters_of(map.method)}}});
  }
  arrays.push_back({"targets", explanation.targets_shape, nullptr, explanation.targets.data()});
  return arrays;
}

PictureOutput::PictureOutput(const OutputPlan& plan, const Provenance& provenance)
    : plan_(plan), provenance_(provenance) {
  if (plan.folder.empty()) return;
  std::error_code error;
  for (fs::path at = fs::absolute(plan.folder); !fs::exists(at, error); at = at.parent_path()) {
    if (at.has_filename()) folders_.push_back(at.string());
  }
  fs::create_directories(plan.folder, error);
  if (error) refuse(plan.folder, "the folder cannot be created; " + error.message());
}

PictureOutput::~PictureOutput() {
  std::error_code ignored;
  for (const std::string& path : made_) fs::remove(path, ignored);
  for (const std::string& folder : folders_) fs::remove(folder, ignored);  // only while it is empty
}

void PictureOutput::write(const std::string& path, const Painter& painter, std::size_t row,
                          std::optional<std::size_t> map) {
  std::error_code ignored;
  const bool made = !fs::exists(path, ignored);
  const PictureTexts texts{painter.title(row), provenance_.text_with(painter.describe(row, map))};
  map ? painter.write_map(path, row, *map, texts, plan_.overwrite)
      : painter.write_panel(path, row, texts, plan_.overwrite);
  if (made) made_.push_back(path);
}

void PictureOutput::add(const Painter& painter, std::size_t rows, std::size_t first) {
  for (std::size_t row = 0; row < rows && !plan_.files.empty(); ++row) {
    const OutputPlan::Files& files = plan_.files[first + row];
    for (std::size_t map = 0; map < files.maps.size(); ++map) write(files.maps[map], painter, row, map);
    write(files.panel, painter, row, std::nullopt);
  }
}

}  // namespace signxai::cli
