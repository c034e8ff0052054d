// Many inputs through one network by several threads that share one Explainer, as a server would do it.
//
//   stream_threads MODEL METHOD THREADS PICTURE [PICTURE ...]
//
// Each thread takes the next picture, explains it on one core, and takes the next. Prints a line per picture, in their
// order: class, and the sum of the map. The lines do not depend on the number of threads.
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "signxai/explainer.h"
#include "signxai/image.h"

namespace {

using namespace signxai;

struct Line {
  std::int64_t target = 0;
  double sum = 0;
};

Line explain(const Explainer& explainer, const std::string& picture, const std::string& method) {
  const Tensor input =
      preprocess(load_image_file(picture), preprocess_preset("unit"), explainer.model().sample_shape());
  const Explanation explanation = explainer.explain(input, {{method, {}}});
  const std::vector<float>& map = explanation.maps[0].map.data;
  return {explanation.targets[0], std::accumulate(map.begin(), map.end(), 0.0)};
}

/// Explains all pictures; rethrows the first exception of a thread.
std::vector<Line> stream(const Explainer& explainer, const std::string& method,
                         const std::vector<std::string>& pictures, int threads) {
  std::vector<Line> lines(pictures.size());
  std::atomic<std::size_t> next = 0;
  std::exception_ptr failure;
  std::mutex mutex;
  const auto work = [&] {
    try {
      for (std::size_t i; (i = next++) < pictures.size();) lines[i] = explain(explainer, pictures[i], method);
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
    }
  };
  std::vector<std::thread> workers;
  for (int t = 0; t < threads; ++t) workers.emplace_back(work);
  for (std::thread& worker : workers) worker.join();
  if (failure) std::rethrow_exception(failure);
  return lines;
}

}  // namespace

int main(int argc, char** argv) {
  const int threads = argc > 4 ? std::atoi(argv[3]) : 0;
  if (threads < 1 || threads > 256) {
    std::fprintf(stderr, "usage: stream_threads MODEL METHOD THREADS PICTURE [PICTURE ...]\n");
    return 2;
  }
  try {
    ExplainerOptions options;
    options.threads = 1;  // per call; the calls run side by side
    const Explainer explainer(Model::load(argv[1]), options);
    const std::vector<std::string> pictures(argv + 4, argv + argc);
    const std::vector<Line> lines = stream(explainer, argv[2], pictures, threads);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      std::printf("%s class %lld sum %.9g\n", pictures[i].c_str(), static_cast<long long>(lines[i].target),
                  lines[i].sum);
    }
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "stream_threads: %s\n", error.what());
    return 1;
  }
}
