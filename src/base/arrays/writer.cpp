// What all writers of arrays share, and the writer of .npy files.
#include "base/arrays/writer.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "base/arrays/npy.h"
#include "base/atomic_file.h"
#include "signxai/error.h"

namespace signxai {
namespace {

[[noreturn]] void refuse(const std::string& path, const std::string& what) {
  throw Error(ErrorCode::kInvalidArgument, "output", path, what);
}

struct Format {
  const char* ending;
  std::unique_ptr<ArrayWriter> (*make)(const std::string& path, ArrayFilePlan plan, bool overwrite);
};

constexpr std::array<Format, 4> kFormats = {{{".npz", base::make_npz_writer},
                                             {".npy", base::make_npy_writer},
                                             {".h5", base::make_h5_writer},
                                             {".hdf5", base::make_h5_writer}}};

std::string ending_of(const std::string& path) {
  std::string ending = std::filesystem::path(path).extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  return ending;
}

const Format& format_of(const std::string& path, std::size_t arrays) {
  const std::string ending = ending_of(path);
  const auto* format =
      std::find_if(kFormats.begin(), kFormats.end(), [&](const Format& f) { return ending == f.ending; });
  if (format == kFormats.end()) {
    refuse(path, "is no name for a file of arrays; expected one that ends in .npz, .npy or .h5");
  }
  if (ending == ".npy" && arrays != 1) {
    refuse(path, "a .npy file holds one array; got " + std::to_string(arrays) + "; try .npz or .h5, or one method");
  }
  return *format;
}

/// One array behind its header.
class NpyWriter : public ArrayWriter {
 public:
  NpyWriter(const std::string& path, ArrayFilePlan plan, bool overwrite)
      : ArrayWriter(path, std::move(plan)), file_(path, overwrite) {
    file_.write(base::preamble_of(plan_.arrays.front()));
  }

  std::int64_t offset(std::size_t) const override {
    return static_cast<std::int64_t>(base::preamble_of(plan_.arrays.front()).size());
  }

 private:
  void put(std::size_t array, const void* values, std::int64_t, std::int64_t rows) override {
    file_.write(values, row_bytes(array) * static_cast<std::size_t>(rows));
  }
  void finish() override { file_.commit(); }

  base::AtomicFile file_;
};

}  // namespace

namespace base {

std::unique_ptr<ArrayWriter> make_npy_writer(const std::string& path, ArrayFilePlan plan, bool overwrite) {
  return std::make_unique<NpyWriter>(path, std::move(plan), overwrite);
}

std::string preamble_of(const ArrayPlan& plan) { return npy_preamble(plan.integers ? "<i8" : "<f4", plan.shape); }

void check_array_name(const std::string& path, const std::string& name, std::set<std::string>& seen) {
  const auto forbidden = [](unsigned char c) { return c < 0x20 || c == '\\' || c == 0x7f; };
  const std::string framed = "/" + name + "/";  // folders are allowed inside a name, but not ways out of it
  const auto has = [&](const char* part) { return framed.find(part) != std::string::npos; };
  if (name.empty() || has("//") || has("/./") || has("/../") || std::any_of(name.begin(), name.end(), forbidden)) {
    throw Error(ErrorCode::kInvalidArgument, "array", path, "an array cannot have the name '" + name + "'");
  }
  if (!seen.insert(name).second) {
    throw Error(ErrorCode::kInvalidArgument, "array", path, "two arrays have the name '" + name + "'");
  }
}

}  // namespace base

std::unique_ptr<ArrayWriter> ArrayWriter::create(const std::string& path, ArrayFilePlan plan, bool overwrite) {
  const Format& format = format_of(path, plan.arrays.size());
  std::set<std::string> seen;
  for (const ArrayPlan& array : plan.arrays) {
    base::check_array_name(path, array.name, seen);
    if (array.shape.empty()) refuse(path, "array '" + array.name + "' has no rows");
  }
  return format.make(path, std::move(plan), overwrite);
}

void ArrayWriter::check_name(const std::string& path, std::size_t arrays) { format_of(path, arrays); }

ArrayWriter::ArrayWriter(std::string path, ArrayFilePlan plan)
    : path_(std::move(path)), plan_(std::move(plan)), written_(plan_.arrays.size(), 0) {}

std::size_t ArrayWriter::row_bytes(std::size_t array) const {
  const ArrayPlan& plan = plan_.arrays[array];
  const Shape row(plan.shape.begin() + 1, plan.shape.end());
  return static_cast<std::size_t>(element_count(row)) * (plan.integers ? sizeof(std::int64_t) : sizeof(float));
}

std::int64_t ArrayWriter::offset(std::size_t) const { return -1; }

void ArrayWriter::append_any(std::size_t array, bool integers, const void* values, std::int64_t rows) {
  if (array >= plan_.arrays.size() || plan_.arrays[array].integers != integers) {
    refuse(path_, "has no array " + std::to_string(array) + " of that type");
  }
  const ArrayPlan& plan = plan_.arrays[array];
  std::int64_t& first = written_[array];
  if (rows < 0 || rows > plan.shape.front() - first) {
    refuse(path_, "array '" + plan.name + "' takes " + std::to_string(plan.shape.front()) + " rows; got " +
                      std::to_string(first + rows));
  }
  put(array, values, first, rows);
  first += rows;
}

void ArrayWriter::append(std::size_t array, const float* values, std::int64_t rows) {
  append_any(array, false, values, rows);
}

void ArrayWriter::append(std::size_t array, const std::int64_t* values, std::int64_t rows) {
  append_any(array, true, values, rows);
}

void ArrayWriter::commit() {
  for (std::size_t i = 0; i < plan_.arrays.size(); ++i) {
    if (written_[i] == plan_.arrays[i].shape.front()) continue;
    refuse(path_, "array '" + plan_.arrays[i].name + "' is not complete; got " + std::to_string(written_[i]) +
                      " rows, expected " + std::to_string(plan_.arrays[i].shape.front()));
  }
  finish();
}

void write_npy(const std::string& path, const TensorView& tensor, bool overwrite) {
  base::AtomicFile file(path, overwrite);
  file.write(base::npy_preamble("<f4", tensor.shape));
  file.write(tensor.data, static_cast<std::size_t>(element_count(tensor.shape)) * sizeof(float));
  file.commit();
}

}  // namespace signxai
