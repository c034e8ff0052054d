// The forked side of the sandbox (sandbox.h).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "importers/hdf5/sandbox.h"

namespace signxai::hdf5 {

// Exit statuses other than 0.
inline constexpr int kExitNoMemory = 101;
inline constexpr int kExitException = 102;
inline constexpr int kExitPipe = 103;

/// Confines the calling process, writes the length of what `work` returns (8 bytes) and then the bytes themselves to
/// `pipe`, and exits. `keep` must have room for one more descriptor: nothing is allocated before the limits hold.
[[noreturn]] void run_child(const SandboxLimits& limits, std::vector<int> keep, int pipe,
                            const std::function<std::string()>& work) noexcept;

}  // namespace signxai::hdf5
