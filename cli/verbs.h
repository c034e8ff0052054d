// The verbs. Each function adds its arguments and options to a subcommand and returns what to run after parsing; that
// returns the exit code. Those that know methods get what the caller added to the built-in ones.
#pragma once

#include <functional>
#include <memory>

#include "signxai/extensions.h"

namespace CLI {
class App;
}

namespace signxai::cli {

using Action = std::function<int()>;
using Additions = std::shared_ptr<const Extensions>;

/// The exit code of a comparison that was made and found a difference.
inline constexpr int kDiffers = 9;

Action add_explain(CLI::App& verb, const Additions& additions);
Action add_compare(CLI::App& verb, const Additions& additions);
Action add_predict(CLI::App& verb, const Additions& additions);
Action add_verify(CLI::App& verb, const Additions& additions);
Action add_inspect(CLI::App& verb, const Additions& additions);
Action add_methods(CLI::App& verb, const Additions& additions);
Action add_bench(CLI::App& verb, const Additions& additions);

}  // namespace signxai::cli
