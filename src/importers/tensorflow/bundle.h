// The variables of a SavedModel, a "tensor bundle": variables/variables.index is a sorted table in the format of
// LevelDB, from keys to places in variables/variables.data-SSSSS-of-NNNNN. First stage of the importer of SavedModels.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "importers/tensorflow/open_file.h"
#include "importers/tensorflow/types.h"

namespace signxai::tensorflow {

/// Keys and values of a table. Throws Error(kCorruptFile) where it is damaged; its checksums are compared.
std::map<std::string, std::string> read_table(const base::Bytes& table, const std::string& subject);

/// The key under which one part of a tensor is stored that is in several.
std::string slice_key(const std::string& name, const messages::TensorSliceProto& slice);

/// Not safe for concurrent use; the literals that come out are.
class Bundle {
 public:
  struct Entry {
    int type = 0;
    Shape shape;
    messages::BundleEntryProto message;
  };

  /// `subject` names the folder in errors. Throws Error(kNotFound, kCorruptFile).
  Bundle(OpenFile open, std::string subject);

  /// Null where there is no such key.
  const Entry* find(const std::string& key) const;
  /// The numbers of a tensor, where they lie if they are of float32; checksum compared. The key must exist.
  graph::Literal read(const std::string& key, const std::string& name);
  /// The one string of a tensor.
  std::string text(const std::string& key);
  /// "the weights are stored as float16 ...", if any were not of float32.
  std::vector<std::string> notes() const;

 private:
  const Entry& entry(const std::string& key) const;
  base::Bytes bytes_of(const std::string& key, const Entry& entry);
  const base::Bytes& shard(int index);
  base::Bytes checked(const std::string& key, const Entry& entry);
  std::vector<float> numbers(const base::Bytes& bytes, const Entry& entry) const;
  std::vector<float> joined(const std::string& key, const Entry& entry);
  [[noreturn]] void fail(const std::string& key, const std::string& message) const;

  OpenFile open_;
  std::string subject_;
  int shards_ = 0;
  bool big_endian_ = false;
  std::map<std::string, Entry> entries_;
  std::map<int, base::Bytes> data_;
  std::set<std::string> converted_;
};

}  // namespace signxai::tensorflow
