// The C interface beside the C++ one: values, names, failures, ownership of what NULL stands for.
#include "signxai/signxai.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "signxai/explainer.h"
#include "support/golden_case.h"

namespace signxai {
namespace {

using testing::HasSubstr;

golden::Case vendored(const std::string& name) {
  for (golden::Case& found : golden::read_cases(std::string(SIGNXAI_SOURCE_DIR) + "/tests/golden/data")) {
    if (found.name == name) return found;
  }
  throw std::runtime_error("no case " + name);
}

std::vector<float> values_of(const signxai_array& array) {
  const Shape shape(array.shape, array.shape + array.rank);
  return {array.data, array.data + element_count(shape)};
}

class CInterface : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(signxai_load(path_.c_str(), nullptr, R"({"threads": 1})", &handle_), SIGNXAI_OK); }
  void TearDown() override {
    signxai_result_free(result_);
    signxai_free(handle_);
  }
  signxai_array view() const { return {input_.data.data(), input_.shape.data(), input_.shape.size()}; }
  signxai_code explain(const char* method, const char* parameters, const char* target) {
    signxai_result_free(result_);
    const signxai_array input = view();
    return signxai_explain(handle_, &input, 1, method, parameters, target, &result_);
  }

  const golden::Case case_ = vendored("digits_cnn");
  const std::string path_ = case_.path("model.h5");
  const Tensor input_ = golden::Arrays(case_).read("input");
  signxai_explainer* handle_ = nullptr;
  signxai_result* result_ = nullptr;
};

TEST_F(CInterface, DescribesTheNetwork) {
  EXPECT_EQ(signxai_version(), version());
  EXPECT_EQ(signxai_input_count(handle_), 1U);
  EXPECT_EQ(signxai_output_count(handle_), 1U);
  const signxai_array shape = signxai_input_shape(handle_, 0);
  EXPECT_EQ(Shape(shape.shape, shape.shape + shape.rank), (Shape{28, 28, 1}));
  EXPECT_EQ(signxai_output_shape(handle_, 0).shape[0], 10);
  EXPECT_EQ(signxai_input_name(handle_, 0), case_.load().inputs()[0].name);
  EXPECT_EQ(signxai_output_name(handle_, 0), case_.load().outputs()[0].name);
  EXPECT_EQ(signxai_input_name(handle_, 1), nullptr);
  EXPECT_EQ(signxai_input_shape(handle_, 1).rank, 0U);
}

TEST_F(CInterface, GivesTheNumbersOfTheCppInterface) {
  ExplainerOptions options;
  options.threads = 1;
  const Explainer explainer(case_.load(), options);
  const signxai_array input = view();
  ASSERT_EQ(signxai_predict(handle_, &input, 1, &result_), SIGNXAI_OK);
  EXPECT_EQ(values_of(signxai_result_array(result_, 0)), explainer.predict(input_)[0].data);
  EXPECT_EQ(signxai_result_targets(result_, nullptr), nullptr);

  ASSERT_EQ(explain("lrp.epsilon", R"({"epsilon": 0.25, "input_layer_rule": "SIGN"})", "3"), SIGNXAI_OK);
  const Parameters parameters = {{"epsilon", 0.25}, {"input_layer_rule", std::string("SIGN")}};
  const Explanation expected = explainer.explain(input_, {{"lrp.epsilon", parameters}}, Target::index(3));
  ASSERT_EQ(signxai_result_count(result_), 1U);
  EXPECT_STREQ(signxai_result_name(result_, 0), "lrp.epsilon");
  EXPECT_EQ(values_of(signxai_result_array(result_, 0)), expected.maps[0].map.data);
  std::size_t count = 0;
  const std::int64_t* targets = signxai_result_targets(result_, &count);
  EXPECT_EQ(std::vector<std::int64_t>(targets, targets + count), expected.targets);
  EXPECT_EQ(signxai_result_array(result_, 1).data, nullptr);
  EXPECT_EQ(signxai_result_name(result_, 1), nullptr);
}

TEST_F(CInterface, TurnsFailuresIntoCodesAndMessages) {
  EXPECT_EQ(explain("lrp_zz", nullptr, nullptr), SIGNXAI_INVALID_ARGUMENT);
  EXPECT_EQ(result_, nullptr);
  EXPECT_THAT(signxai_last_error(), HasSubstr("lrp_zz"));
  EXPECT_EQ(explain("lrp_z", "[1]", nullptr), SIGNXAI_INVALID_ARGUMENT);
  EXPECT_THAT(signxai_last_error(), HasSubstr("JSON object"));
  EXPECT_EQ(explain("lrp_z", "{\"epsilon\"", nullptr), SIGNXAI_INVALID_ARGUMENT);
  EXPECT_EQ(explain("lrp_z", nullptr, "99"), SIGNXAI_INVALID_ARGUMENT);
  EXPECT_EQ(explain(nullptr, nullptr, nullptr), SIGNXAI_INVALID_ARGUMENT);
  EXPECT_THAT(signxai_last_error(), HasSubstr("method: is NULL"));
  signxai_array input = view();
  input.data = nullptr;
  EXPECT_EQ(signxai_predict(handle_, &input, 1, &result_), SIGNXAI_INVALID_ARGUMENT);
  EXPECT_EQ(signxai_predict(handle_, nullptr, 1, &result_), SIGNXAI_INVALID_ARGUMENT);
  EXPECT_EQ(signxai_predict(nullptr, &input, 1, &result_), SIGNXAI_INVALID_ARGUMENT);
  EXPECT_EQ(signxai_predict(handle_, &input, 1, nullptr), SIGNXAI_INVALID_ARGUMENT);
}

TEST_F(CInterface, RefusesFilesAndOptions) {
  signxai_explainer* none = handle_;
  EXPECT_EQ(signxai_load("/nowhere/model.h5", nullptr, nullptr, &none), SIGNXAI_NOT_FOUND);
  EXPECT_EQ(none, nullptr);
  EXPECT_EQ(signxai_load(case_.path("expected.json").c_str(), nullptr, nullptr, &none), SIGNXAI_NOT_FOUND);
  EXPECT_EQ(signxai_load(nullptr, nullptr, nullptr, &none), SIGNXAI_INVALID_ARGUMENT);
  for (const char* options : {"3", R"({"cores": 2})", R"({"threads": "2"})", R"({"threads": 99999999999})",
                              R"({"backend": "gpu"})", R"({"semantics": "best"})", R"({"batch": -1})"}) {
    EXPECT_EQ(signxai_load(path_.c_str(), nullptr, options, &none), SIGNXAI_INVALID_ARGUMENT) << options;
  }
}

TEST_F(CInterface, KeepsOneMessagePerThread) {
  explain("lrp_zz", nullptr, nullptr);
  std::string other = "unset";
  std::thread([&] { other = signxai_last_error(); }).join();
  EXPECT_EQ(other, "");
  EXPECT_THAT(signxai_last_error(), HasSubstr("lrp_zz"));
}

TEST_F(CInterface, TakesNullWhereNothingIsAsked) {
  signxai_free(nullptr);
  signxai_result_free(nullptr);
  EXPECT_EQ(signxai_input_count(nullptr), 0U);
  EXPECT_EQ(signxai_result_count(nullptr), 0U);
  EXPECT_EQ(signxai_result_array(nullptr, 0).data, nullptr);
}

}  // namespace
}  // namespace signxai
