// Networks of operations on tensors that Keras 2 and 3 saved (tests/importers/data/operations): outputs and gradients
// are those that Keras computed.
#include <gtest/gtest.h>

#include <cmath>

#include "signxai/array_file.h"
#include "signxai/explainer.h"

namespace signxai::explain {
namespace {

std::string data(const std::string& name) {
  return std::string(SIGNXAI_SOURCE_DIR) + "/tests/importers/data/operations/" + name;
}

/// The arrays beside the file whose names begin with that letter, in order.
std::vector<Tensor> stored(const std::string& file, char kind) {
  std::vector<Tensor> found;
  for (NamedTensor& array : read_npz(data(file.substr(0, file.find('.')) + ".npz"), {})) {
    if (array.name[0] == kind) found.push_back(std::move(array.tensor));
  }
  return found;
}

void expect_close(const Tensor& got, const Tensor& expected) {
  ASSERT_EQ(got.shape, expected.shape);
  float largest = 0;
  for (const float v : expected.data) largest = std::max(largest, std::fabs(v));
  for (std::size_t i = 0; i < expected.data.size(); ++i) {
    EXPECT_NEAR(got.data[i], expected.data[i], 1e-4f * largest) << "element " << i;
  }
}

class OperationFiles : public testing::TestWithParam<const char*> {};

TEST_P(OperationFiles, OutputsAndGradientsOfKeras) {
  const std::vector<Tensor> inputs = stored(GetParam(), 'x'), gradients = stored(GetParam(), 'g');
  const std::vector<TensorView> views(inputs.begin(), inputs.end());
  const Explainer explainer(Model::load(data(GetParam())));
  expect_close(explainer.predict(views).at(0), stored(GetParam(), 'y').at(0));
  const Explanation found = explainer.explain(views, {{"gradient", {}}}, Target::index(1));
  ASSERT_EQ(found.maps.size(), gradients.size());
  for (std::size_t i = 0; i < gradients.size(); ++i) expect_close(found.maps[i].map, gradients[i]);
}

INSTANTIATE_TEST_SUITE_P(Files, OperationFiles,
                         testing::Values("arithmetic2.h5", "arithmetic3.keras", "functions2.h5", "functions3.keras",
                                         "arithmetic3.h5", "moves2.h5", "moves3.keras", "pairs2.h5", "pairs3.h5",
                                         "pairs3.keras", "reductions2.h5", "reductions3.keras"),
                         [](const auto& tested) {
                           std::string name = tested.param;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

}  // namespace
}  // namespace signxai::explain
