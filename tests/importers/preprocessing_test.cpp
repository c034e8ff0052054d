// Preprocessing layers and spectral normalisation: numbers that can be checked by hand, what is refused, and files of
// both Keras versions (tests/importers/data/preprocessing) with the outputs and gradients that Keras computed.
#include "importers/layers/preprocessing/resampling.h"
#include "importers/stored_case.h"

namespace signxai::keras {
namespace {

graph::Array counting(Shape shape) {
  graph::Array result(std::move(shape));
  for (std::size_t i = 0; i < result.data.size(); ++i) result.data[i] = static_cast<double>(i);
  return result;
}

graph::Array resized(const Json& config, const graph::Array& x) {
  Json shape = x.shape;
  shape[0] = nullptr;
  return run(build_layer(shape, layer("Resizing", "r", config)), x);
}

TEST(Preprocessing, RowsOfFiltersSumToOne) {
  for (const char* method : {"bilinear", "bicubic", "lanczos3", "lanczos5", "gaussian", "mitchellcubic", "area"}) {
    for (const std::int64_t to : {1, 3, 7, 20}) {
      for (const bool antialias : {false, true}) {
        const std::vector<float> matrix = resampling_matrix(7, to, {method, antialias});
        for (std::int64_t row = 0; row < to; ++row) {
          double sum = 0;
          for (std::int64_t i = 0; i < 7; ++i) sum += matrix[static_cast<std::size_t>(row * 7 + i)];
          EXPECT_NEAR(sum, 1.0, 1e-6) << method << " to " << to;
        }
      }
    }
  }
}

TEST(Preprocessing, AreaAveragesWhatASampleCovers) {
  const graph::Array y = resized({{"height", 1}, {"width", 2}, {"interpolation", "area"}}, counting({1, 1, 3, 1}));
  expect_near(y, {1, 1, 2, 1}, {(0 + 0.5 * 1) / 1.5, (0.5 * 1 + 2) / 1.5});
}

TEST(Preprocessing, ResizingTakesImagesOfAnySize) {
  const graph::Network net =
      build_layer({nullptr, nullptr, nullptr, 1}, layer("Resizing", "r", {{"height", 1}, {"width", 2}}));
  expect_near(run(net, counting({1, 1, 4, 1})), {1, 1, 2, 1}, {0.5, 2.5});
  expect_near(run(net, counting({1, 3, 2, 1})), {1, 1, 2, 1}, {2, 3});
}

TEST(Preprocessing, CropsAndPadsToTheAspectRatio) {
  const Json square = {{"height", 2}, {"width", 2}, {"interpolation", "nearest"}};
  Json crop = square, pad = square;
  crop["crop_to_aspect_ratio"] = true;
  pad.update({{"pad_to_aspect_ratio", true}, {"fill_value", 9}, {"height", 4}, {"width", 4}});
  expect_near(resized(crop, counting({1, 2, 5, 1})), {1, 2, 2, 1}, {1, 2, 6, 7});
  expect_near(resized(pad, counting({1, 2, 4, 1})), {1, 4, 4, 1}, {9, 9, 9, 9, 0, 1, 2, 3, 4, 5, 6, 7, 9, 9, 9, 9});
}

TEST(Preprocessing, TheCentreIsCutOut) {
  const graph::Network net = build_layer({nullptr, 3, 4, 1}, layer("CenterCrop", "c", {{"height", 1}, {"width", 2}}));
  expect_near(run(net, counting({1, 3, 4, 1})), {1, 1, 2, 1}, {5, 6});
}

TEST(Preprocessing, BinsBeginAtTheirBoundary) {
  const graph::Array x = array({1, 4}, {-1, 0, 1.5, 2});
  const auto bins = [&](const char* mode) {
    const Json config = {{"bin_boundaries", {0, 2}}, {"output_mode", mode}};
    return run(build_layer({nullptr, 4}, layer("Discretization", "d", config)), x);
  };
  expect_near(bins("int"), {1, 4}, {0, 1, 1, 2});
  expect_near(bins("one_hot"), {1, 4, 3}, {1, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1});
  expect_near(bins("multi_hot"), {1, 3}, {1, 1, 1});
  expect_near(bins("count"), {1, 3}, {1, 2, 1});
}

TEST(Preprocessing, StepsAreNotedAndOfAKindOfTheirOwn) {
  const graph::Network net = build_layer({nullptr, 2}, layer("CategoryEncoding", "c", {{"num_tokens", 3}}));
  EXPECT_EQ(call(net, "c").kind, graph::LayerKind::kSteps);
  ASSERT_EQ(net.notes.size(), 1u);
  EXPECT_THAT(net.notes[0], testing::HasSubstr("c (CategoryEncoding): is a step function"));
}

Json spectral(const Json& inner) {
  return layer("SpectralNormalization", "s", {{"layer", inner}, {"power_iterations", 1}});
}

TEST(Preprocessing, SpectralNormalizationIsTheLayerThatItWraps) {
  const Json dense = {{"class_name", "Dense"}, {"config", {{"name", "d"}, {"units", 2}}}};
  const MemoryWeights::Entry kernel{"s/d/kernel", {1, 2}, {1, 2}}, bias{"s/d/bias", {2}, {3, 4}},
      vector{"s/vector_u", {1, 2}, {50, 60}};
  using Entries = std::vector<MemoryWeights::Entry>;
  const Entries trained{kernel, bias, vector}, frozen{kernel, vector, bias}, archive{kernel, vector, kernel, bias};
  for (const Entries& entries : {trained, frozen, archive}) {
    MemoryWeights weights({{"s", entries}});
    const graph::Network net = build(sequential({input_layer("in", {nullptr, 1}), spectral(dense)}), weights);
    expect_near(run(net, array({1, 1}, {10})), {1, 2}, {13, 24});
    EXPECT_EQ(call(net, "s").class_name, "Dense");
    EXPECT_EQ(call(net, "s").kind, graph::LayerKind::kKernel);
    EXPECT_EQ(call(net, "s").weights.size(), 2u);
  }
  MemoryWeights more({{"s", {kernel, bias, vector, bias}}});
  expect_error(ErrorCode::kCorruptFile, {"s (SpectralNormalization)", "more weights"}, [&] {
    build(sequential({input_layer("in", {nullptr, 1}), spectral(dense)}), more);
  });
}

TEST(Preprocessing, APipelineIsItsLayers) {
  const Json row = {layer("Rescaling", "twice", {{"scale", 2}}), layer("RandomFlip", "flip"),
                    layer("CenterCrop", "middle", {{"height", 1}, {"width", 2}})};
  const Json pipeline = layer("Pipeline", "p", {{"layers", row}});
  const graph::Network net = build_layer({nullptr, 1, 4, 1}, pipeline);
  expect_near(run(net, counting({1, 1, 4, 1})), {1, 1, 2, 1}, {2, 4});
  EXPECT_EQ(names(net), (std::vector<std::string>{"in", "p/twice", "p/flip", "p/middle"}));
  const graph::Network each = build_layer({nullptr, 2, 1, 4, 1}, layer("TimeDistributed", "t", {{"layer", pipeline}}));
  expect_near(run(each, counting({1, 2, 1, 4, 1})), {1, 2, 1, 2, 1}, {2, 4, 10, 12});
  const Json unknown = layer("Pipeline", "p", {{"layers", {layer("AutoContrast", "a")}}});
  expect_error(ErrorCode::kUnsupported, {"p/a (AutoContrast)"}, [&] { build_layer({nullptr, 1, 4, 1}, unknown); });
  expect_error(ErrorCode::kCorruptFile, {"p (Pipeline)", "layers"}, [&] {
    build_layer({nullptr, 1, 4, 1}, layer("Pipeline", "p"));
  });
}

void expect_refused(const std::vector<std::string>& parts, const Json& entry, const Json& shape) {
  SCOPED_TRACE(entry.dump());
  expect_error(ErrorCode::kUnsupported, parts, [&] { build_layer(shape, entry); });
}

TEST(Preprocessing, RefusalsNameTheLayerAndWhatIsSupported) {
  const Json open = {nullptr, nullptr, 4, 1};
  expect_refused({"c (CenterCrop)", "known size"}, layer("CenterCrop", "c", {{"height", 1}, {"width", 2}}), open);
  expect_refused({"r (Resizing)", "known size"},
                 layer("Resizing", "r", {{"height", 1}, {"width", 2}, {"interpolation", "bicubic"}}), open);
  expect_refused({"d (Discretization)", "adapted"}, layer("Discretization", "d", {{"num_bins", 3}}), {nullptr, 2});
  expect_refused({"c (CategoryEncoding)", "[N, categories]"}, layer("CategoryEncoding", "c", {{"num_tokens", 3}}),
                 {nullptr, 2, 2});
  const Json dropout = {{"class_name", "Dropout"}, {"config", {{"name", "d"}}}};
  expect_refused({"s/d (Dropout)", "inside a SpectralNormalization"}, spectral(dropout), {nullptr, 2});
  const auto corrupt = [](const Json& entry, const Json& shape) {
    SCOPED_TRACE(entry.dump());
    expect_error(ErrorCode::kCorruptFile, {entry["name"].get<std::string>()}, [&] { build_layer(shape, entry); });
  };
  corrupt(layer("Discretization", "d", {{"bin_boundaries", {2, 1}}}), {nullptr, 2});
  corrupt(layer("Resizing", "r", {{"height", 1}, {"width", 2}, {"interpolation", "sinc"}}), open);
}

class PreprocessingFiles : public testing::TestWithParam<const char*> {};

TEST_P(PreprocessingFiles, OutputsAndGradientsOfKeras) { expect_stored(std::string("preprocessing/") + GetParam()); }

INSTANTIATE_TEST_SUITE_P(Files, PreprocessingFiles,
                         testing::Values("padded3.keras", "antialias3.keras", "bins3.keras", "spectral3.keras",
                                         "frozen3.h5", "rms3.keras", "gaussian2.h5", "coarse2.h5", "bins2.h5",
                                         "counts2.keras", "center2.h5", "cropped2.h5"),
                         [](const auto& instance) { return stem(instance.param); });

}  // namespace
}  // namespace signxai::keras
