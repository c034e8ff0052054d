// The picture of a digit, the class that a network sees in it, and why: the map as characters on the terminal.
//
//   explain_digit MODEL PICTURE [METHOD]
//
// Prints one line per row of pixels, '+' and '#' where they speak for the class, '-' and '=' where against it, and at
// the end what became of the relevance that was put in at the output.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>
#include <string>

#include "signxai/explainer.h"
#include "signxai/image.h"

namespace {

using namespace signxai;

char symbol_of(float relevance, float largest) {
  const float part = largest > 0 ? relevance / largest : 0;
  if (std::fabs(part) < 0.1F) return '.';
  if (part > 0) return part > 0.5F ? '#' : '+';
  return part < -0.5F ? '=' : '-';
}

void print_map(const Tensor& map) {
  float largest = 0;
  for (float value : map.data) largest = std::max(largest, std::fabs(value));
  const auto width = static_cast<std::size_t>(map.shape[2]);
  for (std::size_t i = 0; i < map.data.size(); ++i) {
    std::putchar(symbol_of(map.data[i], largest));
    if ((i + 1) % width == 0) std::putchar('\n');
  }
}

double total(const std::vector<LedgerRow>& rows, std::vector<double> LedgerRow::*part) {
  double sum = 0;
  for (const LedgerRow& row : rows) sum += (row.*part)[0];
  return sum;
}

void run(const std::string& model, const std::string& picture, const std::string& method) {
  const Explainer explainer(Model::load(model));
  const Tensor input =
      preprocess(load_image_file(picture), preprocess_preset("unit"), explainer.model().sample_shape());
  const Explanation explanation = explainer.explain(input, {{method, {}, true}});
  const auto target = static_cast<std::size_t>(explanation.targets[0]);
  std::printf("class %zu, score %.4f\n", target, static_cast<double>(explanation.outputs[0].data[target]));
  print_map(explanation.maps[0].map);
  const Ledger& ledger = explanation.ledgers[0];
  std::printf("put in %.6g = arrived %.6g + bias %.6g + epsilon %.6g + other %.6g\n", ledger.put_in[0],
              ledger.arrived[0], total(ledger.rows, &LedgerRow::bias), total(ledger.rows, &LedgerRow::epsilon),
              total(ledger.rows, &LedgerRow::other));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: explain_digit MODEL PICTURE [METHOD]\n");
    return 2;
  }
  try {
    run(argv[1], argv[2], argc > 3 ? argv[3] : "lrp_epsilon_0_1");
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "explain_digit: %s\n", error.what());
    return 1;
  }
}
