// The program `signxai`.
#include "program.h"

int main(int argc, char** argv) { return signxai::cli::run_program(argc, argv); }
