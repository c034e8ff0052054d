// Reading vocabularies.
#include "vocabulary.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "signxai/error.h"

namespace signxai::cli {
namespace {

using Json = nlohmann::ordered_json;

/// The engine holds ids as float32, exact below this.
constexpr std::int64_t kMostIds = std::int64_t{1} << 24;

[[noreturn]] void refuse_vocabulary(const std::string& path, const std::string& message) {
  throw Error(ErrorCode::kCorruptFile, "input", path, message);
}

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(ErrorCode::kNotFound, "input", path, "the vocabulary cannot be opened");
  std::ostringstream content;
  content << file.rdbuf();
  if (file.bad() || content.str().empty())
    throw Error(ErrorCode::kIo, "input", path, "the vocabulary is empty or cannot be read");
  return std::move(content).str();
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    lines.push_back(std::move(line));
  }
  return lines;
}

class FromJson {
 public:
  FromJson(const Json& document, const std::string& path) : path_(path) {
    if (document.is_array()) {
      for (const Json& token : document) put(static_cast<std::int64_t>(tokens.size()), token, false);
    } else {
      for (const auto& [key, value] : document.items()) {
        value.is_number_integer() ? put(value.get<std::int64_t>(), key) : put(id_of(key), value);
      }
    }
    if (tokens.empty()) refuse_vocabulary(path, "the vocabulary has no token");
  }

  std::vector<std::string> tokens;

 private:
  std::int64_t id_of(const std::string& key) const {
    std::int64_t id = -1;
    const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), id);
    if (error != std::errc() || end != key.data() + key.size()) {
      refuse_vocabulary(path_, "'" + key + "' has no id; expected {token: id} or {id: token}");
    }
    return id;
  }

  void put(std::int64_t id, const Json& token, bool once = true) {
    if (!token.is_string()) refuse_vocabulary(path_, "got " + token.dump() + " in place of a token");
    if (id < 0 || id >= kMostIds)
      refuse_vocabulary(path_, fmt::format("id {} is out of range; expected 0 to {}", id, kMostIds - 1));
    const auto at = static_cast<std::size_t>(id);
    if (once && at < tokens.size() && !tokens[at].empty())
      refuse_vocabulary(path_, fmt::format("id {} has two tokens", id));
    if (at >= tokens.size()) tokens.resize(at + 1);
    tokens[at] = token.get<std::string>();
  }

  const std::string& path_;
};

}  // namespace

Vocabulary Vocabulary::read(const std::string& path) {
  const std::string content = content_of(path);
  const std::size_t start = content.find_first_not_of(" \t\r\n");
  const bool json = start != std::string::npos && (content[start] == '{' || content[start] == '[');
  const Json document = json ? Json::parse(content, nullptr, false) : Json();
  Vocabulary vocabulary;
  // "[PAD]" in the first line of a text begins as a list does.
  vocabulary.tokens_ =
      document.is_object() || document.is_array() ? FromJson(document, path).tokens : lines_of(content);
  if (json && content[start] == '{' && document.is_discarded()) refuse_vocabulary(path, "is no JSON");
  return vocabulary;
}

std::string Vocabulary::token(std::int64_t id) const {
  const auto at = static_cast<std::size_t>(id);
  return id >= 0 && at < tokens_.size() && !tokens_[at].empty() ? tokens_[at] : fmt::format("[{}]", id);
}

}  // namespace signxai::cli
