// Runs a piece of work on an untrusted file in a forked child with limits, and returns the bytes it answers with. A
// crash, an endless loop or a memory bomb in a third-party library ends the child, not the user's process.
//
// The child has no standard streams, leaves no core dump and keeps only the descriptors it is given. It ends with
// _exit, so neither exit handlers nor stdio buffers of the parent run twice. Calls from several threads at once are
// fine: the parent side has no shared state. As always after fork() in a threaded process, the child may find a lock
// held by a thread that it does not have. glibc prevents that for malloc, sanitizers and other allocators may not: a
// child that sleeps is therefore replaced by a new one, a few times.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

namespace signxai::hdf5 {

struct SandboxLimits {
  std::chrono::milliseconds wall_time{20'000};
  std::uint64_t cpu_seconds = 5;
  std::uint64_t memory_bytes = std::uint64_t{512} << 20;  ///< address space beyond what the parent has already
  std::uint64_t file_bytes = 0;                           ///< size to which the child may grow a file or memfd
  std::size_t reply_bytes = std::size_t{256} << 20;
};

/// Returns what `work` returned in the child. Throws kCorruptFile with `subject` when the child crashes, exceeds a
/// limit, or lets an exception escape; kIo when no child can be started or all are blocked. No zombie is left in any
/// case. `work` may run more than once, each time in a fresh child.
std::string run_sandboxed(const SandboxLimits& limits, std::span<const int> keep_open, const std::string& subject,
                          const std::function<std::string()>& work);

/// For the child: from here on no file can be opened at all.
void forbid_opening_files() noexcept;

}  // namespace signxai::hdf5
