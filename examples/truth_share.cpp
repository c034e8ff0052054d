// How much of the relevance lies where it should? An example of the C++ interface, run by `make demo`.
//
//   truth_share MODEL METHOD[,METHOD...] SERIES.csv [SERIES.csv ...]
//
// Beside each SERIES.csv lies SERIES.truth.csv with a 1 at every value that decides the class. For each method the
// program prints the share of positive relevance on those values, and that of the area they cover.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include "signxai/array_file.h"
#include "signxai/explainer.h"

namespace {

using namespace signxai;

std::vector<MethodRequest> requests_of(const std::string& names) {
  std::vector<MethodRequest> requests;
  for (std::size_t begin = 0; begin <= names.size();) {
    const std::size_t end = std::min(names.find(',', begin), names.size());
    requests.push_back({names.substr(begin, end - begin), {}});
    begin = end + 1;
  }
  return requests;
}

Tensor read_truth(const std::string& series) {
  const std::size_t dot = series.rfind(".csv");
  if (dot == std::string::npos) throw std::invalid_argument(series + ": the name does not end in .csv");
  return read_csv(series.substr(0, dot) + ".truth.csv").values;
}

double share_inside(const Tensor& map, const Tensor& truth) {
  if (map.data.size() != truth.data.size()) throw std::invalid_argument("the truth does not have the size of the map");
  double inside = 0, all = 0;
  for (std::size_t i = 0; i < truth.data.size(); ++i) {
    const double positive = std::max(map.data[i], 0.0F);
    all += positive;
    inside += truth.data[i] > 0 ? positive : 0;
  }
  return all > 0 ? inside / all : 0;
}

double covered_area(const Tensor& truth) {
  const auto ones = std::count_if(truth.data.begin(), truth.data.end(), [](float value) { return value > 0; });
  return static_cast<double>(ones) / static_cast<double>(truth.data.size());
}

void run(const std::string& model, const std::string& methods, const std::vector<std::string>& files) {
  const Explainer explainer(Model::load(model));
  const std::vector<MethodRequest> requests = requests_of(methods);
  std::vector<double> sums(requests.size());
  double area = 0;
  for (const std::string& file : files) {
    const Tensor truth = read_truth(file);
    const Explanation explanation = explainer.explain(read_csv(file).values, requests);
    area += covered_area(truth);
    for (std::size_t m = 0; m < requests.size(); ++m) sums[m] += share_inside(explanation.maps[m].map, truth);
  }
  const auto count = static_cast<double>(files.size());
  std::printf("share of positive relevance inside the truth, which is %.0f %% of the area\n", 100 * area / count);
  for (std::size_t m = 0; m < requests.size(); ++m) {
    std::printf("  %-32s %.2f\n", requests[m].name.c_str(), sums[m] / count);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: truth_share MODEL METHOD[,METHOD...] SERIES.csv [SERIES.csv ...]\n");
    return 2;
  }
  try {
    run(argv[1], argv[2], {argv + 3, argv + argc});
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "truth_share: %s\n", error.what());
    return 1;
  }
}
