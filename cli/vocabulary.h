// The tokens behind ids: --vocabulary.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace signxai::cli {

class Vocabulary {
 public:
  /// A text file with the token of id N in line N + 1, as BERT's vocab.txt is, or JSON: a list of tokens in the order
  /// of their ids, or an object from token to id or from id to token. kNotFound, kIo; kCorruptFile for anything else,
  /// and for ids that come twice.
  static Vocabulary read(const std::string& path);

  /// Is there one at all?
  explicit operator bool() const { return !tokens_.empty(); }
  /// "[17]" for an id that it lacks.
  std::string token(std::int64_t id) const;

 private:
  std::vector<std::string> tokens_;  ///< by id; empty where there is none
};

}  // namespace signxai::cli
