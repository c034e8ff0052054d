// The verbs. Each function adds its arguments and options to a subcommand and returns what to run after parsing; that
// returns the exit code.
#pragma once

#include <functional>

#include <CLI/CLI.hpp>

namespace signxai::cli {

using Action = std::function<int()>;

/// The exit code of a comparison that was made and found a difference.
inline constexpr int kDiffers = 9;

Action add_explain(CLI::App& verb);
Action add_compare(CLI::App& verb);
Action add_predict(CLI::App& verb);
Action add_verify(CLI::App& verb);
Action add_inspect(CLI::App& verb);
Action add_methods(CLI::App& verb);
Action add_bench(CLI::App& verb);

}  // namespace signxai::cli
