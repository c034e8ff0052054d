// Table and document of `explain`.
#include "report.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "console.h"
#include "ledger.h"

namespace signxai::cli {
namespace {

using Json = nlohmann::ordered_json;

/// Extremes and sum of one row's map; NaN, all three, where it holds one.
struct Summary {
  double least = HUGE_VAL, most = -HUGE_VAL, sum = 0;
};

Summary summary_of(const TensorView& map) {
  Summary summary;
  for (std::int64_t i = 0; i < element_count(map.shape); ++i) {
    summary.least = std::min(summary.least, static_cast<double>(map.data[i]));
    summary.most = std::max(summary.most, static_cast<double>(map.data[i]));
    summary.sum += map.data[i];
    if (std::isnan(map.data[i])) return {NAN, NAN, NAN};
  }
  return summary;
}

/// What is explained: `target` and `score`, or one of them per output under `targets`.
void describe_target(Json& entry, const std::vector<Explained>& explained) {
  for (const Explained& one : explained) {
    Json& into = explained.size() == 1 ? entry : entry["targets"][one.output];
    into["target"] = one.neuron;
    if (one.neuron >= 0) into["score"] = one.score;
  }
}

/// Target and score as two cells of the table.
std::pair<std::string, std::string> cells_of(const std::vector<Explained>& explained) {
  std::vector<std::string> targets, scores;
  for (const Explained& one : explained) {
    const std::string prefix = explained.size() > 1 ? one.output + ":" : "";
    targets.push_back(prefix + (one.neuron < 0 ? "all" : std::to_string(one.neuron)));
    scores.push_back(one.neuron < 0 ? "-" : short_number(one.score));
  }
  return {fmt::format("{}", fmt::join(targets, ",")), fmt::format("{}", fmt::join(scores, ","))};
}

}  // namespace

void Report::add(const Inputs& inputs, const Explanation& explanation) {
  seconds_ += explanation.seconds;
  compile_seconds_ += explanation.compile_seconds;
  if (methods_.empty()) {
    for (const MethodMap& map : explanation.maps)
      methods_.push_back({map.name(), map.map.shape, map.notes, map.quirks});
  } else {
    for (std::size_t m = 0; m < methods_.size(); ++m) {
      methods_[m].shape.front() += explanation.maps[m].map.shape.front();
    }
  }
  const std::size_t rows = inputs.samples.size() * rows_per_sample(explanation);
  for (std::size_t row = 0; row < rows; ++row) add_row(inputs, explanation, row);
  rows_ += rows;
}

void Report::add_row(const Inputs& inputs, const Explanation& explanation, std::size_t row) {
  const std::string& input = inputs.samples[row / rows_per_sample(explanation)].name;
  const std::vector<Explained> explained = explained_of(explanation, outputs_, row);
  const auto [targets, scores] = cells_of(explained);
  const Texts texts(inputs, explanation, texts_.vocabulary);
  Json entry = {{"input", input}};
  describe_target(entry, explained);
  entry["maps"] = Json::object();
  const OutputPlan::Files* files = plan_.files.empty() ? nullptr : &plan_.files[rows_ + row];
  for (std::size_t m = 0; m < explanation.maps.size(); ++m) {
    const Summary summary = summary_of(row_of(explanation, m, row));
    const bool is_text = texts.is_text(row, m);
    if (is_text && !json_) {
      printed_texts_ += fmt::format("\ntokens of {}, {}, target {}\n", methods_[m].name, input, targets) +
                        texts.line(row, m, texts_.style, texts_.colored);
    }
    if (!json_) {
      table_.push_back({input, targets, scores, methods_[m].name, short_number(summary.least),
                        short_number(summary.most), short_number(summary.sum)});
      continue;
    }
    Json& map = entry["maps"][methods_[m].name];
    map = {{"min", summary.least}, {"max", summary.most}, {"sum", summary.sum}};
    if (is_text) map["tokens"] = texts.document(row, m);
    if (files != nullptr && !files->maps.empty()) map["picture"] = files->maps[m];
  }
  if (!explanation.ledgers.empty() && json_) entry["ledgers"] = ledgers_document(explanation, row);
  if (!json_) add_ledgers(input, targets, explanation, row);
  if (files != nullptr) entry["panel"] = files->panel;
  if (json_) samples_.push_back(std::move(entry));
}

void Report::add_ledgers(const std::string& input, const std::string& targets, const Explanation& explanation,
                         std::size_t row) {
  ledgers_.resize(explanation.ledgers.size());
  for (std::size_t i = 0; i < ledgers_.size(); ++i) {
    const Ledger& ledger = explanation.ledgers[i];
    ledgers_[i] +=
        fmt::format("\nledger of {}, {}, target {}\n", ledger.method, input, targets) + ledger_table(ledger, row);
  }
}

std::string Report::text() const {
  std::string text = table(table_) + printed_texts_;
  for (const std::string& ledger : ledgers_) text += ledger;
  return text;
}

Json Report::document() const {
  Json document = {{"seconds", seconds_}, {"compile_seconds", compile_seconds_}};
  for (const Method& method : methods_) {
    document["methods"].push_back(
        {{"name", method.name}, {"shape", method.shape}, {"notes", method.notes}, {"quirks", method.quirks}});
  }
  document["samples"] = samples_;
  return document;
}

void Report::say_notes() const {
  for (const Method& method : methods_) {
    for (const std::string& note : method.notes) say("note: " + method.name + ": " + note);
    if (method.quirks.empty()) continue;
    say(fmt::format("note: {}: quirks of the reference apply: {}; `signxai compare` shows what they change",
                    method.name, fmt::join(method.quirks, ", ")));
  }
}

}  // namespace signxai::cli
