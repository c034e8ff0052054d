// The files of stored SavedModels in memory, to be changed.
#pragma once

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "importers/hdf5_fixture.h"
#include "importers/keras_fixture.h"
#include "importers/tensorflow/load.h"
#include "importers/tensorflow/types.h"

namespace signxai::tensorflow {

namespace fs = std::filesystem;
using keras::expect_error;

constexpr const char* kGraph = "saved_model.pb";
constexpr const char* kMetadata = "keras_metadata.pb";
constexpr const char* kIndex = "variables/variables.index";
constexpr const char* kData = "variables/variables.data-00000-of-00001";

inline std::string data(const std::string& name) {
  return std::string(SIGNXAI_SOURCE_DIR) + "/tests/importers/data/savedmodel/" + name;
}

struct Files {
  std::map<std::string, std::string> content;

  explicit Files(const std::string& name) {
    for (const char* file : {kGraph, kMetadata, kIndex, kData}) {
      if (fs::exists(data(name + "/" + file))) content[file] = hdf5::read_bytes(data(name + "/" + file));
    }
  }
  messages::SavedModel graph() const {
    messages::SavedModel model;
    EXPECT_TRUE(model.ParseFromString(content.at(kGraph)));
    return model;
  }
  void set(const messages::SavedModel& model) { content[kGraph] = model.SerializeAsString(); }

  graph::Network load() const {
    const auto open = [this](const std::string& name) -> std::optional<base::Bytes> {
      const auto it = content.find(name);
      if (it == content.end()) return std::nullopt;
      const std::shared_ptr<std::byte> bytes(new std::byte[it->second.size() + 1], std::default_delete<std::byte[]>());
      std::copy(it->second.begin(), it->second.end(), reinterpret_cast<char*>(bytes.get()));
      return base::Bytes{bytes, it->second.size()};
    };
    return load_saved_model(open, "folder", {});
  }
  void expect(ErrorCode code, const std::vector<std::string>& parts) const {
    expect_error(code, parts, [this] { load(); });
  }
};

}  // namespace signxai::tensorflow
