// Finds the verb, runs it, and turns every failure into one line on stderr and an exit code.
#include <fcntl.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <array>
#include <csignal>
#include <exception>
#include <new>
#include <sstream>

#include "console.h"
#include "program.h"
#include "signxai/explainer.h"
#include "verbs.h"

namespace {

using namespace signxai;
using namespace signxai::cli;

constexpr int kUsage = 2, kInternal = 1, kOutOfMemory = 6;

struct Verb {
  const char* name;
  const char* summary;
  Action (*add)(CLI::App&, const Additions&);
};

constexpr std::array<Verb, 7> kVerbs = {{
    {"explain", "Relevance maps of inputs: numbers, pictures, or both", add_explain},
    {"compare", "Which quirks of the reference package change a map, and by how much", add_compare},
    {"predict", "What the network returns for inputs", add_predict},
    {"verify", "Does the network compute these outputs for these inputs?", add_verify},
    {"inspect", "Layers of a network, LRP rules per layer, compiled graphs", add_inspect},
    {"methods", "Names of the methods, or one method's parameters", add_methods},
    {"bench", "Time of methods on this machine", add_bench},
}};

/// Without this, a file opened later could take the number of a standard stream that the caller closed, and results
/// would be written into it.
void keep_standard_streams() {
  for (int number = 0; number < 3; ++number) {
    if (fcntl(number, F_GETFD) == -1) open("/dev/null", number == 0 ? O_WRONLY : O_RDONLY);
  }
}

int report_usage(const CLI::App& app, const CLI::ParseError& error) {
  std::ostringstream out, err;
  if (app.exit(error, out, err) == 0) {
    print(out.str());
    return 0;
  }
  const auto chosen = app.get_subcommands();
  const std::string help = chosen.empty() ? "signxai --help" : "signxai " + chosen.front()->get_name() + " --help";
  say_error(std::string("[usage] ") + error.what() + "; `" + help + "` shows what is expected");
  return kUsage;
}

/// Python takes this option before the program sees it; without Python it is there to say so.
void add_plugin(CLI::App& app) {
  const auto refuse = [](const std::vector<std::string>& files) {
    throw Error(ErrorCode::kInvalidArgument, "usage", "--plugin",
                "cannot load " + files.front() + ": this program runs no Python; try python -m signxai_cpp --plugin " +
                    files.front());
  };
  app.add_option_function<std::vector<std::string>>(
         "--plugin", refuse,
         "Python file with methods, rules and composites; of python -m signxai_cpp; may be repeated")
      ->allow_extra_args(false)
      ->type_name("FILE.py");
}

int run(int argc, char** argv, const Additions& additions) {
  CLI::App app("Explanation maps of trained networks: LRP, SIGN, gradients, Grad-CAM.", "signxai");
  app.set_version_flag("--version", "signxai " + version() + " (" + Explainer::instruction_set() + ")");
  app.require_subcommand(1);
  add_plugin(app);
  app.get_formatter()->column_width(34);
  app.footer(
      "Results go to stdout, messages to stderr. Exit codes: 0 done, 1 internal error, 2 usage or invalid value,\n"
      "3 not found, 4 unsupported, 5 damaged file, 6 out of memory, 7 reading or writing failed, 8 cancelled, 9 "
      "verify: differs.");
  std::array<Action, kVerbs.size()> actions;
  for (std::size_t i = 0; i < kVerbs.size(); ++i) {
    CLI::App* verb = app.add_subcommand(kVerbs[i].name, kVerbs[i].summary);
    verb->footer("");
    verb->fallthrough();
    actions[i] = kVerbs[i].add(*verb, additions);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return report_usage(app, error);
  }
  for (std::size_t i = 0; i < kVerbs.size(); ++i) {
    if (app.got_subcommand(kVerbs[i].name)) return actions[i]();
  }
  return 0;
}

}  // namespace

int signxai::cli::run_program(int argc, char** argv, std::shared_ptr<const Extensions> additions) {
  keep_standard_streams();
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return run(argc, argv, additions ? additions : std::make_shared<const Extensions>());
  } catch (const ReaderLeft&) {
    return 0;
  } catch (const Error& error) {
    say_error(error.what());
    return exit_code(error.code());
  } catch (const std::bad_alloc&) {
    say_error("[memory] out of memory; try fewer inputs, fewer methods or a smaller --batch");
    return kOutOfMemory;
  } catch (const std::exception& error) {
    say_error(std::string("[internal] ") + error.what() + "; this is a defect of signxai, please report it");
    return kInternal;
  }
}
