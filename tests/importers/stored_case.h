// Model files with what Keras computed for them: NAME.npz beside the file holds samples x, outputs y, and the gradient
// g of output 1.
#pragma once

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "graph/rewrite.h"
#include "importers/importer.h"
#include "importers/keras_fixture.h"
#include "signxai/array_file.h"

namespace signxai::keras {

inline graph::Array stored(const std::string& path, const std::string& name) {
  for (const NamedTensor& entry : read_npz(path.substr(0, path.rfind('.')) + ".npz", {})) {
    if (entry.name != name) continue;
    graph::Array result(entry.tensor.shape);
    std::copy(entry.tensor.data.begin(), entry.tensor.data.end(), result.data.begin());
    return result;
  }
  throw std::out_of_range(name);
}

inline void expect_close(const graph::Array& got, const graph::Array& expected) {
  double largest = 0;
  for (const double v : expected.data) largest = std::max(largest, std::fabs(v));
  expect_near(got, expected.shape, expected.data, 1e-5 * largest);
}

/// Outputs and gradients of a network with one input and three outputs; `file` below tests/importers/data.
inline void expect_stored(const std::string& file) {
  const std::string path = std::string(SIGNXAI_SOURCE_DIR) + "/tests/importers/data/" + file;
  const graph::Array x = stored(path, "x");
  const graph::Network open = load_network(path);
  graph::verify(open.graph);
  const graph::Network net = graph::bind(open, {x.shape});
  expect_close(run(net, x), stored(path, "y"));
  graph::Builder b(net.graph);
  const graph::Value y = net.graph.outputs()[0].value;
  const graph::Value second = b.constant(graph::Literal({1, 3}, std::vector<float>{0, 1, 0}));
  const graph::Value seed = b.broadcast(second, Shape(b.shape(y)));
  const graph::Value gradient = graph::pull_back(b, y, seed, {net.graph.inputs()[0]}).front();
  b.clear_outputs();
  b.output("gradient", gradient);
  const graph::Graph whole = b.take();
  graph::verify(whole);
  expect_close(reference::evaluate(whole, std::vector<graph::Array>{x}).at(0), stored(path, "g"));
}

/// For the names of tests.
inline std::string stem(const std::string& file) { return file.substr(0, file.find('.')); }

}  // namespace signxai::keras
