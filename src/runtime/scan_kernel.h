// scan on the CPU: its region is a program of its own, compiled with the plan and run once per step.
#pragma once

#include "backends/kernel.h"

namespace signxai::runtime {

/// The entry that a plan takes for scan.
backends::Implementation scan_implementation();

}  // namespace signxai::runtime
