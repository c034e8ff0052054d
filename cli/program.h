// The whole command line as a function, for the program and for `python -m signxai_cpp`.
#pragma once

namespace signxai::cli {

/// Runs the command line `argv` (argv[0] is not looked at) and returns the exit code, as docs/cli.md lists them. Ignores
/// SIGPIPE from then on. Throws nothing.
int run_program(int argc, char** argv);

}  // namespace signxai::cli
