// Options of pictures.
#include "picture_options.h"

#include <algorithm>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "signxai/error.h"

namespace signxai::cli {

void PictureOptions::add_to(CLI::App& verb) {
  const std::string group = "Pictures";
  verb.add_option("--rate", rate, "Sampling rate of series in Hz, for the time axis")
      ->check(CLI::NonNegativeNumber)
      ->group(group);
  verb.add_option("--vocabulary", vocabulary_, "Tokens by id, for networks of token ids: text (one per line) or JSON")
      ->type_name("FILE")
      ->group(group);
  verb.add_option("--format", format, "Of the pictures in a folder: png, pdf, svg or, with --vocabulary, html")
      ->check(CLI::IsMember({"png", "pdf", "svg", "html"}))
      ->capture_default_str()
      ->group(group);
  verb.add_option("--colormap", colors_, fmt::format("{}", fmt::join(color_map_names(), ", ")))
      ->check(CLI::IsMember(color_map_names()))
      ->type_name("NAME")
      ->capture_default_str()
      ->group(group);
  verb.add_option("--aggregate", aggregate_, "How channels become one value: sum, mean, max_abs or l2")
      ->check(CLI::IsMember({"sum", "mean", "max_abs", "l2"}))
      ->type_name("HOW")
      ->capture_default_str()
      ->group(group);
  verb.add_flag("--positive", positive_, "Show only what speaks for the target")->group(group);
  verb.add_option("--clip-quantile", clip_, "Cut values off at the percentiles Q and 100 - Q before they are coloured")
      ->check(CLI::Range(0.0, 49.999))
      ->type_name("Q")
      ->group(group);
  verb.add_option("--overlay", overlay_, "Lay maps over the gray input; opacity up to 1, 0.8 if not given")
      ->expected(0, 1)
      ->default_str("0.8")
      ->check(CLI::Range(0.0, 1.0))
      ->type_name("[ALPHA]")
      ->group(group);
}

Vocabulary PictureOptions::vocabulary(const std::vector<PortInfo>& inputs) const {
  if (vocabulary_.empty()) return {};
  const bool ids =
      std::any_of(inputs.begin(), inputs.end(), [](const PortInfo& port) { return !port.embeddings.empty(); });
  if (ids) return Vocabulary::read(vocabulary_);
  throw Error(ErrorCode::kInvalidArgument, "arguments", "--vocabulary",
              "is for networks of token ids; this one has no Embedding behind its inputs");
}

MapStyle PictureOptions::style() const {
  MapStyle style(color_map(colors_));
  style.aggregate = aggregate(aggregate_);
  style.positive = positive_;
  style.clip = clip_;
  style.overlay = overlay_;
  return style;
}

}  // namespace signxai::cli
