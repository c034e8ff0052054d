// How pictures look: the options of `explain` that only they need.
#pragma once

#include <string>
#include <vector>

#include "signxai/image.h"
#include "signxai/model.h"
#include "vocabulary.h"

namespace CLI {
class App;
}

namespace signxai::cli {

/// --rate, --vocabulary, --format, --colormap, --aggregate, --positive, --clip-quantile and --overlay.
struct PictureOptions {
  double rate = 0;             ///< of series, in Hz; 0: unknown
  std::string format = "png";  ///< of the files in a folder

  void add_to(CLI::App& verb);
  /// kInvalidArgument.
  MapStyle style() const;
  /// Empty where none was named. Errors of Vocabulary::read; kInvalidArgument where the network takes no token ids.
  Vocabulary vocabulary(const std::vector<PortInfo>& inputs) const;

 private:
  std::string vocabulary_, colors_ = "seismic", aggregate_ = "sum";
  double clip_ = 0, overlay_ = 0;
  bool positive_ = false;
};

}  // namespace signxai::cli
