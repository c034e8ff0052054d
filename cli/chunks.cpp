// The loop over chunks of inputs.
#include "chunks.h"

#include <fmt/format.h>

#include "progress.h"
#include "signxai/error.h"

namespace signxai::cli {

void for_each_chunk(InputStream& stream, std::int64_t chunk,
                    const std::function<void(const Inputs&, std::int64_t, const Progress&)>& body) {
  const Interrupt interrupt;
  const auto samples = static_cast<std::int64_t>(stream.size());
  ProgressLine line(samples);
  const auto stop = [samples](std::int64_t done) {
    throw Error(ErrorCode::kCancelled, "explain", "",
                fmt::format("stopped after {} of {} samples; nothing is kept", done, samples));
  };
  for (std::int64_t first = 0; first < samples;) {
    line.show(first);
    const Inputs inputs = stream.next(static_cast<std::size_t>(chunk));
    if (Interrupt::requested()) stop(first);
    std::int64_t done = first;
    const auto progress = [&](std::int64_t of_chunk, std::int64_t) {
      done = first + of_chunk;
      return !Interrupt::requested();
    };
    try {
      body(inputs, first, progress);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kCancelled) throw;
      stop(done);
    }
    first += static_cast<std::int64_t>(inputs.samples.size());
    if (Interrupt::requested()) stop(first);
    line.show(first);
  }
}

Target target_part(const Target& target, std::int64_t first, std::int64_t count, std::int64_t samples) {
  const auto given = static_cast<std::int64_t>(target.indices.size());
  if (target.kind != Target::Kind::kIndex || given == 1) return target;
  if (given != samples) {
    throw Error(ErrorCode::kInvalidArgument, "explain", "target",
                fmt::format("got {} indices for {} samples; expected one, or one per sample", given, samples));
  }
  Target part = target;
  part.indices.assign(target.indices.begin() + first, target.indices.begin() + first + count);
  return part;
}

}  // namespace signxai::cli
