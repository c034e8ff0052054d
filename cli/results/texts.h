// Maps of token ids as texts: which maps they are, and how they are printed.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "inputs.h"
#include "signxai/explainer.h"
#include "vocabulary.h"

namespace signxai::cli {

/// The texts of one explanation; all must outlive the object. Rows are those of Painter.
class Texts {
 public:
  Texts(const Inputs& inputs, const Explanation& explanation, const Vocabulary& vocabulary)
      : inputs_(inputs), explanation_(explanation), vocabulary_(vocabulary) {}

  /// Is there a vocabulary, and has the map a value for each token?
  bool is_text(std::size_t row, std::size_t map) const;
  std::vector<std::string> tokens(std::size_t row, std::size_t map) const;
  /// A line for the terminal: the tokens on the colours of their relevance, or without `colored` followed by numbers.
  std::string line(std::size_t row, std::size_t map, const MapStyle& style, bool colored) const;
  /// [{"id", "token", "relevance"}], the relevance being the sum over features.
  nlohmann::ordered_json document(std::size_t row, std::size_t map) const;

 private:
  TensorView ids(std::size_t row, std::size_t map) const;

  const Inputs& inputs_;
  const Explanation& explanation_;
  const Vocabulary& vocabulary_;
};

/// Whether stdout takes colours: a terminal, unless NO_COLOR is set; always with CLICOLOR_FORCE.
bool stdout_has_colors();

}  // namespace signxai::cli
