// What `explain` prints: a table, or one JSON document. Filled chunk by chunk; it holds a few numbers per map.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "outputs.h"

namespace signxai::cli {

class Report {
 public:
  /// How texts are shown.
  struct TextStyle {
    Vocabulary vocabulary;
    MapStyle style;
    bool colored;
  };
  /// The plan must outlive the object.
  Report(const Model& model, const OutputPlan& plan, TextStyle texts, bool json)
      : outputs_(model.outputs()), plan_(plan), texts_(std::move(texts)), json_(json) {}

  /// The rows of a chunk, which are those of the plan from rows() on.
  void add(const Inputs& inputs, const Explanation& explanation);
  /// Rows so far.
  std::size_t rows() const { return rows_; }
  double seconds() const { return seconds_; }
  double compile_seconds() const { return compile_seconds_; }

  std::string text() const;
  /// `methods` and `samples` of the document, and the times.
  nlohmann::ordered_json document() const;
  /// Notes about the maps and the quirks that touched them, on stderr.
  void say_notes() const;

 private:
  struct Method {
    std::string name;
    Shape shape;
    std::vector<std::string> notes, quirks;
  };
  void add_row(const Inputs& inputs, const Explanation& explanation, std::size_t row);
  void add_ledgers(const std::string& input, const std::string& targets, const Explanation& explanation,
                   std::size_t row);

  const std::vector<PortInfo> outputs_;
  const OutputPlan& plan_;
  const TextStyle texts_;
  const bool json_;
  std::size_t rows_ = 0;
  double seconds_ = 0, compile_seconds_ = 0;
  std::vector<Method> methods_;
  std::vector<std::vector<std::string>> table_ = {{"input", "target", "score", "method", "min", "max", "sum"}};
  std::string printed_texts_;
  std::vector<std::string> ledgers_;  ///< by method, all samples one behind the other
  nlohmann::ordered_json samples_ = nlohmann::ordered_json::array();
};

}  // namespace signxai::cli
