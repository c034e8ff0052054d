// The whole command line as a function, for the program and for `python -m signxai_cpp`.
#pragma once

#include <memory>

#include "signxai/extensions.h"

namespace signxai::cli {

/// Runs the command line `argv` (argv[0] is not looked at) and returns the exit code, as docs/cli.md lists them.
/// Ignores SIGPIPE from then on. `additions` are known besides the built-in methods; null: none. Throws nothing.
int run_program(int argc, char** argv, std::shared_ptr<const Extensions> additions = nullptr);

}  // namespace signxai::cli
