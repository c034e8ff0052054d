// A first look at the INPUT files: arrays by their headers, pictures by being there.
#include "input_files.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "console.h"
#include "signxai/array_file.h"
#include "signxai/error.h"
#include "signxai/image.h"

namespace signxai::cli {

void refuse_input(const std::string& subject, const std::string& message) {
  throw Error(ErrorCode::kInvalidArgument, "input", subject, message);
}

namespace {

std::string lower_extension(const std::string& path) {
  std::string extension = std::filesystem::path(path).extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return extension;
}

bool fits(const Shape& shape, const Shape& wanted) {
  return std::equal(shape.begin(), shape.end(), wanted.begin(), wanted.end(),
                    [](std::int64_t have, std::int64_t want) { return want < 0 || have == want; });
}

/// The samples of an array, as its header says: one of the network's shape, or several with the batch axis first.
InputFile samples_of(InputFile file, const Shape& shape, const Shape& wanted) {
  Shape one = shape;
  file.batch = one.size() == wanted.size() + 1;
  if (file.batch) one.erase(one.begin());
  if (!fits(one, wanted)) {
    refuse_input(file.path, fmt::format("has shape {}; the network takes {}, or a batch with the samples first",
                                        to_string(shape), to_string(wanted)));
  }
  if (element_count(shape) == 0)
    refuse_input(file.path, fmt::format("holds no sample; got shape {}", to_string(shape)));
  if (file.batch) file.samples = shape.front();
  return file;
}

/// The name without member and type, "FILE.npz:NAME" as FILE.npz and NAME.
std::pair<std::string, std::string> split_member(const std::string& path) {
  const std::size_t colon = path.rfind(".npz:");
  if (colon != std::string::npos) return {path.substr(0, colon + 4), path.substr(colon + 5)};
  if (lower_extension(path) != ".npz") return {path, ""};
  const std::vector<std::string> names = npz_names(path);
  if (names.size() == 1) return {path, names.front()};
  refuse_input(path, fmt::format("holds {} arrays ({}); expected one, or try {}:NAME", names.size(),
                                 fmt::join(names, ", "), path));
}

/// A picture is not decoded yet, but a file that cannot be opened is better refused before the others are computed.
void check_readable(const std::string& path) {
  if (access(path.c_str(), R_OK) != 0 || !std::filesystem::is_regular_file(path)) load_image_file(path);
}

/// Can files of this type be inputs of the network at all? A table of labels beside pictures is none.
bool suits(const std::string& extension, const Shape& wanted) {
  static constexpr std::array kPictures = {".png", ".jpg", ".jpeg"};
  const bool picture = std::find(kPictures.begin(), kPictures.end(), extension) != kPictures.end();
  if (picture) return wanted.size() == 2 || wanted.size() == 3;
  if (extension == ".csv") return wanted.size() == 1 || wanted.size() == 2;
  return extension == ".npy" || extension == ".npz";
}

/// What a folder holds for the network, by name; what is left out is said.
std::vector<std::string> listed(const std::string& folder, const Shape& wanted) {
  std::error_code error;
  std::vector<std::string> files, others;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string(), extension = lower_extension(name);
    if (name.front() == '.' || entry.is_directory(error)) continue;
    const bool known = suits(extension, wanted);
    (known ? files : others).push_back(known ? entry.path().string() : name);
  }
  if (error) throw Error(ErrorCode::kIo, "input", folder, "the folder cannot be read; " + error.message());
  if (files.empty())
    refuse_input(folder, "the folder holds no file that the network could take (.png, .jpg, .npy, .npz, .csv)");
  std::sort(files.begin(), files.end());
  std::sort(others.begin(), others.end());
  say(fmt::format("{}: {} file(s)", folder, files.size()));
  if (!others.empty()) {
    say(fmt::format("note: {}: {} file(s) of other types are left out: {}{}", folder, others.size(), others.front(),
                    others.size() > 1 ? " ..." : ""));
  }
  return files;
}

}  // namespace

InputFile look_at_input(const std::string& given, const Shape& wanted) {
  const std::string extension = lower_extension(given);
  if (extension == ".npy" || extension == ".npz" || given.find(".npz:") != std::string::npos) {
    const auto [path, member] = split_member(given);
    return samples_of({path, member, InputFile::Kind::kArray}, ArrayReader(path, member).shape(), wanted);
  }
  if (extension == ".csv") {
    return samples_of({given, "", InputFile::Kind::kTable}, read_csv(given).values.shape, wanted);
  }
  check_readable(given);
  return {given, "", InputFile::Kind::kPicture};
}

std::vector<std::string> input_paths(const std::vector<std::string>& given, const Shape& wanted) {
  std::vector<std::string> paths;
  for (const std::string& path : given) {
    std::error_code error;
    if (!std::filesystem::is_directory(path, error)) {
      paths.push_back(path);
      continue;
    }
    const std::vector<std::string> files = listed(path, wanted);
    paths.insert(paths.end(), files.begin(), files.end());
  }
  return paths;
}

}  // namespace signxai::cli
