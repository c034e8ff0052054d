// What is refused, with which error. Nothing here may crash, and each message names layer and reason.
#include "importers/keras_fixture.h"

namespace signxai::keras {
namespace {

Json dense(const std::string& name, int units) { return layer("Dense", name, {{"units", units}}); }
Json input() { return input_layer("in", {nullptr, 2}); }

void expect_corrupt(const std::vector<std::string>& parts, const Json& model) {
  expect_error(ErrorCode::kCorruptFile, parts, [&] { build(model); });
}
void expect_unsupported(const std::vector<std::string>& parts, const Json& model) {
  expect_error(ErrorCode::kUnsupported, parts, [&] { build(model); });
}

TEST(KerasRefusal, AllUnsupportedLayersAtOnce) {
  const Json inner = sequential({input(), layer("Hashing", "hash", {{"num_bins", 2}})}, "inner");
  Json odd = dense("odd", 2);
  odd["config"]["activation"] = "tanhh";
  expect_unsupported(
      {"5 layers", "code (Lambda): contains marshalled", "op (TFOpLambda): is the operation on tensors 'math.igamma'",
       "supported are Absolute, Add, ", "inner/hash (Hashing)", "odd (Dense): activation 'tanhh'", "did you mean tanh",
       "mine (Custom>Mine): layers of this class", "--custom-layers"},
      sequential({input(), layer("Lambda", "code", {{"function", {"4wEAAAA=", nullptr, nullptr}}}),
                  layer("TFOpLambda", "op", {{"function", "math.igamma"}}), inner, odd, layer("Custom>Mine", "mine")}));
}

TEST(KerasRefusal, ReasonsThatOnlyTheImportFindsAreCollectedToo) {
  expect_unsupported({"2 layers", "b1 (BatchNormalization): normalizes over several", "b2 (BatchNormalization)"},
                     functional({input_layer("in", {nullptr, 2, 2}),
                                 called(layer("BatchNormalization", "b1", {{"axis", {1, 2}}}), {{"in"}}),
                                 called(layer("BatchNormalization", "b2", {{"axis", 0}}), {{"in"}}),
                                 called(layer("Add", "sum"), {{"b1", "b2"}})},
                                {"in"}, {"sum"}));
}

TEST(KerasRefusal, MarshalledActivations) {
  for (const char* form : {R"({"class_name": "function", "config": ["4wEA", null, null]})",
                           R"({"class_name": "__lambda__", "config": {"value": "4wEA"}})"}) {
    Json head = dense("d", 2);
    head["config"]["activation"] = Json::parse(form);
    expect_unsupported({"d (Dense)", "never executed"}, sequential({input(), head}));
  }
}

TEST(KerasRefusal, CallsWithArguments) {
  const auto with = [](const Json& arguments) {
    return functional({input(), called(layer("Dropout", "drop"), {{Json{"in", 0, 0, arguments}}})}, {"in"}, {"drop"});
  };
  EXPECT_NO_THROW(build(with({{"training", false}, {"mask", nullptr}})));
  expect_unsupported({"drop (Dropout)", "training=true"}, with({{"training", true}}));
  expect_unsupported(
      {"drop (Dropout)", "constant"},
      functional({input(), called(layer("Dropout", "drop"), {{Json{"_CONSTANT_VALUE", -1, 3.0}}})}, {"in"}, {"drop"}));
}

TEST(KerasRefusal, OtherModelClassesAndKeras3) {
  expect_unsupported({"net.h5", "MyModel"}, {{"class_name", "MyModel"}, {"config", Json::object()}});
  Json model = functional({input(), dense("d", 2)}, {"in"}, {"d"});
  model["config"]["layers"][1]["inbound_nodes"] = {Json{{"args", Json::array()}, {"kwargs", Json::object()}}};
  expect_unsupported({"d (Dense)", "called with nothing"}, model);
}

TEST(KerasRefusal, BrokenStructure) {
  expect_corrupt({"net.h5", "expected an object"}, Json::parse("[1]"));
  expect_corrupt({"'class_name' is missing"}, Json::object());
  expect_corrupt({"no layers"}, sequential({}));
  expect_corrupt({"two layers", "'d'"}, sequential({input(), dense("d", 2), dense("d", 2)}));
  expect_corrupt({"has no name"}, sequential({input(), Json{{"class_name", "Dense"}, {"config", Json::object()}}}));
  expect_corrupt({"d (Dense)", "'nobody'", "does not exist"},
                 functional({input(), called(dense("d", 2), {{"nobody"}})}, {"in"}, {"d"}));
  expect_corrupt({"'d'", "call 3"}, functional({input(), called(dense("d", 2), {{Json{"in", 3, 0}}})}, {"in"}, {"d"}));
  expect_corrupt({"'d'", "result 1"},
                 functional({input(), called(dense("d", 2), {{Json{"in", 0, 1}}})}, {"in"}, {"d"}));
  expect_corrupt({"d (Dense)", "two indices"},
                 functional({input(), called(dense("d", 2), {{Json{"in", -1, 0}}})}, {"in"}, {"d"}));
  expect_corrupt({"'d'", "which has 0"}, functional({input(), called(dense("d", 2), {})}, {"in"}, {"d"}));
  expect_corrupt({"'d'", "not an InputLayer"}, functional({input(), called(dense("d", 2), {{"in"}})}, {"d"}, {"d"}));
  expect_corrupt({"'output_layers'"}, functional({input()}, {"in"}, {}));
}

TEST(KerasRefusal, Cycles) {
  expect_corrupt({"depends on its own output"},
                 functional({input(), called(dense("a", 2), {{"b"}}), called(dense("b", 2), {{"a"}})}, {"in"}, {"b"}));
}

TEST(KerasRefusal, InputsThatTheModelDoesNotList) {
  expect_corrupt({"other", "not an input of the model"}, functional({input(), input_layer("other", {nullptr, 2}),
                                                                     called(layer("Add", "sum"), {{"in", "other"}})},
                                                                    {"in"}, {"sum"}));
}

TEST(KerasRefusal, ExplodingNesting) {
  Json model = functional({input(), called(layer("Dropout", "x"), {{"in"}})}, {"in"}, {"x"}, "m");
  for (int depth = 0; depth < 20; ++depth) {
    model = functional(
        {input(), called(model, {{"in"}, {Json{"m", 1, 0}}}), called(layer("Dropout", "x"), {{Json{"m", 2, 0}}})},
        {"in"}, {"x"}, "m");
  }
  expect_unsupported({"more than 20000"}, model);
}

TEST(KerasRefusal, AbsurdShapes) {
  for (const Json& shape :
       {Json{nullptr, 0}, Json{nullptr, -3}, Json{nullptr, 4294967296}, Json{nullptr, "x"}, Json::array(), Json(5)}) {
    expect_corrupt({"in (InputLayer)", "'batch_input_shape'"}, sequential({input_layer("in", shape)}));
  }
  expect_corrupt({"in (InputLayer)", "absurd shape"},
                 sequential({input_layer("in", {nullptr, 2000000000, 2000000000, 2000000000})}));
  expect_corrupt(
      {"z (ZeroPadding2D)", "absurd shape"},
      sequential({input_layer("in", {nullptr, 4, 4, 1}), layer("ZeroPadding2D", "z", {{"padding", 2000000000}})}));
  expect_corrupt(
      {"u (UpSampling1D)", "absurd shape"},
      sequential({input_layer("in", {nullptr, 2000000000, 16}), layer("UpSampling1D", "u", {{"size", 2000000000}})}));
  expect_corrupt(
      {"r (Reshape)", "'target_shape'"},
      sequential({input(), layer("Reshape", "r", {{"target_shape", {2000000000, 2000000000, 2000000000, -1}}})}));
}

TEST(KerasRefusal, LayersThatDoNotFitTheirInput) {
  expect_corrupt({"r (Reshape)", "does not fit", "(None, 2)"},
                 sequential({input(), layer("Reshape", "r", {{"target_shape", {3}}})}));
  expect_corrupt({"c (Conv2D)", "number of axes", "(None, 2)"},
                 sequential({input(), layer("Conv2D", "c", {{"filters", 1}, {"kernel_size", 1}})}));
  expect_corrupt(
      {"c (Conv1D)", "(None, 3, 1)"},
      sequential({input_layer("in", {nullptr, 3, 1}), layer("Conv1D", "c", {{"filters", 1}, {"kernel_size", 5}})}));
  expect_corrupt({"c (Conv1D)", "groups"},
                 sequential({input_layer("in", {nullptr, 3, 4}),
                             layer("Conv1D", "c", {{"filters", 2}, {"kernel_size", 1}, {"groups", 4}})}));
  expect_corrupt({"d (Dense)", "must be known", "None"},
                 sequential({input_layer("in", {nullptr, nullptr}), dense("d", 2)}));
  expect_corrupt({"crop (Cropping1D)", "everything"},
                 sequential({input_layer("in", {nullptr, 3, 1}), layer("Cropping1D", "crop", {{"cropping", {1, 2}}})}));
  expect_corrupt({"d (Dense)", "'units' is \"many\""}, sequential({input(), layer("Dense", "d", {{"units", "many"}})}));
  expect_corrupt({"d (Dense)", "'dtype'", "float31"},
                 sequential({input(), layer("Dense", "d", {{"units", 2}, {"dtype", "float31"}})}));
  expect_corrupt({"sub (Subtract)", "expected 2"},
                 functional({input(), called(layer("Subtract", "sub"), {{"in"}})}, {"in"}, {"sub"}));
  expect_unsupported({"in (InputLayer)", "sparse"},
                     sequential({layer("InputLayer", "in", {{"batch_input_shape", {nullptr, 2}}, {"sparse", true}})}));
}

TEST(KerasRefusal, WeightsThatDoNotFit) {
  const auto load = [](const MemoryWeights::Groups& groups) {
    MemoryWeights weights(groups);
    build(sequential({input(), dense("d", 3)}), weights);
  };
  const MemoryWeights::Entry kernel{"d/kernel:0", {2, 3}, {1, 2, 3, 4, 5, 6}}, bias{"d/bias:0", {3}, {0, 0, 0}};
  const MemoryWeights::Entry square{"d/kernel:0", {3, 3}, {}};
  EXPECT_NO_THROW(load({{"d", {kernel, bias}}}));
  expect_error(ErrorCode::kCorruptFile, {"d (Dense)", "'kernel'", "got (3, 3)", "expected (2, 3)"}, [&] {
    load({{"d", {square, bias}}});
  });
  expect_error(ErrorCode::kCorruptFile, {"d (Dense)", "'bias', (3,), is missing", "d/kernel:0"}, [&] {
    load({{"d", {kernel}}});
  });
  expect_error(ErrorCode::kCorruptFile, {"d (Dense)", "got 3", "expected 2"}, [&] {
    load({{"d", {kernel, bias, bias}}});
  });
  expect_error(ErrorCode::kCorruptFile, {"d (Dense)", "no group 'd'"}, [&] { load({{"e", {kernel, bias}}}); });
}

TEST(KerasRefusal, BadTextIsAnErrorAndNotACrash) {
  AnyWeights weights;
  for (const char* text : {"", "{", "null", "{\"class_name\": 3}", "\x80\x04pickle", "[[[[",
                           "{\"class_name\": \"Sequential\", \"config\": 1}"}) {
    EXPECT_THROW(build_network(text, weights, "x.json"), Error) << text;
  }
}

}  // namespace
}  // namespace signxai::keras
