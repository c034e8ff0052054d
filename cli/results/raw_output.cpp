// Raw outputs.
#include "raw_output.h"

#include <algorithm>
#include <filesystem>

namespace signxai::cli {

RawOutput::RawOutput(std::string path, bool overwrite, const Provenance& provenance, std::vector<std::string> samples)
    : path_(std::move(path)), provenance_(provenance), overwrite_(overwrite), samples_(std::move(samples)) {}

void RawOutput::add(std::vector<RawArray> chunk) {
  if (path_.empty()) return;
  const bool alone = std::filesystem::path(path_).extension() == ".npy";
  if (alone) std::erase_if(chunk, [](const RawArray& array) { return array.integers != nullptr; });
  if (!writer_) {
    ArrayFilePlan plan{{}, provenance_.text(), samples_};
    for (const RawArray& array : chunk) {
      Shape whole = array.shape;
      whole.front() = static_cast<std::int64_t>(samples_.size());
      plan.arrays.push_back({array.name, whole, array.integers != nullptr, array.attributes});
    }
    writer_ = ArrayWriter::create(path_, std::move(plan), overwrite_);
  }
  for (std::size_t i = 0; i < chunk.size(); ++i) {
    const RawArray& array = chunk[i];
    if (array.integers != nullptr) writer_->append(i, array.integers, array.shape.front());
    if (array.floats != nullptr) writer_->append(i, array.floats, array.shape.front());
  }
}

void RawOutput::commit() {
  if (writer_) writer_->commit();
}

void check_raw(const std::string& path, std::size_t arrays) { ArrayWriter::check_name(path, arrays); }

}  // namespace signxai::cli
