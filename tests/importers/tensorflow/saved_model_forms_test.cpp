// SavedModels in forms that TensorFlow 2.12 on this kind of machine does not write: those of TensorFlow 2.4 and before,
// and those of machines that have the bytes of numbers the other way round.
#include <leveldb/env.h>
#include <leveldb/options.h>
#include <leveldb/table_builder.h>

#include "base/crc32c.h"
#include "importers/stored_case.h"
#include "importers/tensorflow/bundle.h"
#include "importers/tensorflow/saved_model_files.h"

namespace signxai::tensorflow {
namespace {

void expect_outputs(const Files& files, const std::string& network) {
  const std::string file = data(network + ".npz");
  const graph::Array x = keras::stored(file, "x");
  keras::expect_close(keras::run(graph::bind(files.load(), {x.shape}), x), keras::stored(file, "y"));
}

/// The objects themselves have what keras_metadata.pb has in later versions.
Files of_earlier_version(const std::string& name) {
  Files files(name);
  messages::SavedModel model = files.graph();
  messages::KerasMetadata metadata;
  EXPECT_TRUE(metadata.ParseFromString(files.content.at(kMetadata)));
  EXPECT_GT(metadata.nodes_size(), 0);
  auto* objects = model.mutable_meta_graphs(0)->mutable_object_graph_def();
  for (const auto& node : metadata.nodes()) {
    objects->mutable_nodes(node.node_id())->mutable_user_object()->set_metadata(node.metadata());
  }
  files.content.erase(kMetadata);
  files.set(model);
  return files;
}

TEST(SavedModelForms, MetadataInTheObjects) {
  for (const char* name : {"images", "recurrent"}) {
    const Files files = of_earlier_version(std::string(name) + "_keras.saved");
    const graph::Network network = files.load(), later = Files(std::string(name) + "_keras.saved").load();
    ASSERT_EQ(network.calls.size(), later.calls.size());
    for (std::size_t i = 0; i < network.calls.size(); ++i) EXPECT_EQ(network.calls[i].name, later.calls[i].name);
    EXPECT_THAT(network.notes, testing::Not(testing::Contains(testing::HasSubstr("inference function"))));
    expect_outputs(files, name);
  }
}

TEST(SavedModelForms, DamagedMetadataInTheObjects) {
  Files files = of_earlier_version("images_keras.saved");
  messages::SavedModel model = files.graph();
  auto* object = model.mutable_meta_graphs(0)->mutable_object_graph_def()->mutable_nodes(0)->mutable_user_object();
  object->set_metadata(object->metadata().substr(0, 200));
  files.set(model);
  files.expect(ErrorCode::kCorruptFile, {"folder", "JSON"});
}

class Text : public leveldb::WritableFile {
 public:
  leveldb::Status Append(const leveldb::Slice& bytes) override {
    text.append(bytes.data(), bytes.size());
    return leveldb::Status::OK();
  }
  leveldb::Status Close() override { return leveldb::Status::OK(); }
  leveldb::Status Flush() override { return leveldb::Status::OK(); }
  leveldb::Status Sync() override { return leveldb::Status::OK(); }

  std::string text;
};

std::string table_of(const std::map<std::string, std::string>& entries) {
  Text file;
  leveldb::Options options;
  options.compression = leveldb::kNoCompression;
  leveldb::TableBuilder builder(options, &file);
  for (const auto& [key, value] : entries) builder.Add(key, value);
  EXPECT_TRUE(builder.Finish().ok());
  return file.text;
}

std::map<std::string, std::string> entries_of(const std::string& table) {
  const std::shared_ptr<std::byte> bytes(new std::byte[table.size()], std::default_delete<std::byte[]>());
  std::copy(table.begin(), table.end(), reinterpret_cast<char*>(bytes.get()));
  return read_table({bytes, table.size()}, "table");
}

/// Floats turned round in place, with the sums of their bytes.
Files turned(const std::string& name, bool say_so) {
  constexpr int kFloat = 1, kBig = 1;
  Files files(name);
  std::string& numbers = files.content[kData];
  auto entries = entries_of(files.content[kIndex]);
  for (auto& [key, value] : entries) {
    if (key.empty()) {
      messages::BundleHeaderProto header;
      EXPECT_TRUE(header.ParseFromString(value));
      if (say_so) header.set_endianness(static_cast<decltype(header.endianness())>(kBig));
      value = header.SerializeAsString();
      continue;
    }
    messages::BundleEntryProto entry;
    EXPECT_TRUE(entry.ParseFromString(value));
    if (entry.dtype() != kFloat) continue;
    const auto at = static_cast<std::size_t>(entry.offset()), size = static_cast<std::size_t>(entry.size());
    for (std::size_t i = at; i < at + size; i += 4) std::reverse(&numbers[i], &numbers[i] + 4);
    const auto* bytes = reinterpret_cast<const std::byte*>(numbers.data() + at);
    entry.set_crc32c(base::masked_crc32c(base::crc32c(bytes, size)));
    value = entry.SerializeAsString();
  }
  files.content[kIndex] = table_of(entries);
  return files;
}

TEST(SavedModelForms, BytesTheOtherWayRound) {
  expect_outputs(turned("images_keras.saved", true), "images");
  expect_outputs(turned("series_function.saved", true), "series");
  // The same bytes taken the usual way are other numbers, so that the header is what counts.
  const graph::Network wrong = turned("images_keras.saved", false).load();
  const graph::Array x = keras::stored(data("images.npz"), "x"), y = keras::stored(data("images.npz"), "y");
  const graph::Array found = keras::run(graph::bind(wrong, {x.shape}), x);
  EXPECT_NE(found.data, y.data);
}

}  // namespace
}  // namespace signxai::tensorflow
