// Several threads on one Explainer, several Explainers of one model, and a child process after fork.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <thread>

#include "signxai/error.h"
#include "signxai/explainer.h"
#include "signxai/extensions.h"
#include "support/golden_case.h"

namespace signxai {
namespace {

golden::Case vendored(const std::string& name) {
  for (golden::Case& found : golden::read_cases(std::string(SIGNXAI_SOURCE_DIR) + "/tests/golden/data")) {
    if (found.name == name) return found;
  }
  throw std::runtime_error("no case " + name);
}

bool same_bits(const Explanation& a, const Explanation& b) {
  bool same = a.maps.size() == b.maps.size() && a.targets == b.targets;
  for (std::size_t i = 0; same && i < a.maps.size(); ++i) {
    const std::vector<float>&x = a.maps[i].map.data, &y = b.maps[i].map.data;
    same = x.size() == y.size() && std::memcmp(x.data(), y.data(), x.size() * sizeof(float)) == 0;
  }
  return same;
}

ExplainerOptions threads(int count) {
  ExplainerOptions options;
  options.threads = count;
  return options;
}

/// Runs `body(t)` in `count` threads at once.
template <typename Body>
void in_threads(std::size_t count, const Body& body) {
  std::vector<std::thread> workers;
  for (std::size_t t = 0; t < count; ++t) workers.emplace_back([&body, t] { body(t); });
  for (std::thread& worker : workers) worker.join();
}

class ConcurrencyTest : public testing::Test {
 protected:
  static constexpr const char* kMethods[] = {
      "lrp_z",    "lrp_epsilon_0_1", "lrp_alpha_2_beta_1", "lrpsign_z",
      "gradient", "guided_backprop", "smoothgrad",         "w2lrp_sequential_composite_b"};

  /// Call number i: a method, and one sample or both.
  Explanation call(const Explainer& explainer, std::size_t i) const {
    const std::string method = kMethods[i % std::size(kMethods)];
    Parameters parameters;
    if (method == "smoothgrad") parameters = {{"augment_by_n", 3.0}, {"seed", 1.0}};
    return explainer.explain(i % 3 == 0 ? one_ : both_, {{method, parameters}});
  }

  /// Calls of eight threads at once, each beginning elsewhere, equal those of one.
  void expect_same_bits(int per_call) const {
    constexpr std::size_t kThreads = 8, kCalls = 2 * std::size(kMethods);
    const Explainer alone(model_, threads(per_call)), shared(model_, threads(per_call));
    std::vector<Explanation> expected;
    for (std::size_t i = 0; i < kCalls; ++i) expected.push_back(call(alone, i));
    std::vector<int> differing(kThreads, -1);
    in_threads(kThreads, [&](std::size_t t) {
      for (std::size_t k = 0; k < kCalls; ++k) {
        const std::size_t i = (k + 3 * t) % kCalls;
        if (!same_bits(call(shared, i), expected[i])) differing[t] = static_cast<int>(i);
      }
    });
    EXPECT_EQ(differing, std::vector<int>(kThreads, -1));
  }

  const golden::Case case_ = vendored("digits_cnn");
  const Model model_ = case_.load();
  const Tensor both_ = golden::Arrays(case_).read("input");
  const Tensor one_ = golden::sample(both_, 1);
};

TEST_F(ConcurrencyTest, EightThreadsGiveTheBitsOfOneOnOneCoreEach) { expect_same_bits(1); }

TEST_F(ConcurrencyTest, EightThreadsGiveTheBitsOfOneOnTwoCoresEach) { expect_same_bits(2); }

TEST_F(ConcurrencyTest, ExplainersOfOneModelShareWhatTheyPack) {
  const Explainer first(model_), second(model_, threads(1));
  EXPECT_EQ(first.model().cache(), second.model().cache());
  EXPECT_NE(first.model().cache(), case_.load().cache());
}

TEST_F(ConcurrencyTest, AnExplainerMayBeGoneBeforeItsSibling) {
  auto first = std::make_unique<Explainer>(model_, threads(1));
  const Explainer second(model_, threads(1));
  const Explanation expected = first->explain(both_, {{"lrp_z", {}}});
  first.reset();
  EXPECT_TRUE(same_bits(second.explain(both_, {{"lrp_z", {}}}), expected));
}

TEST_F(ConcurrencyTest, ExplainersOfOneModelCompileAtOnce) {
  const Explainer alone(case_.load(), threads(1));
  const Explanation expected[] = {call(alone, 0), call(alone, 1)};
  std::vector<char> same(6, 0);  // not of bool, whose elements share bytes
  in_threads(same.size(), [&](std::size_t t) {
    ExplainerOptions options = threads(1);
    if (t >= 4) options.max_memory = std::int64_t{1} << 28;  // with a cache of its own
    same[t] = same_bits(call(Explainer(model_, options), t % 2), expected[t % 2]);
  });
  EXPECT_EQ(same, std::vector<char>(same.size(), 1));
}

TEST_F(ConcurrencyTest, ACallThatIsStoppedLeavesOthersAlone) {
  const Explainer explainer(model_, threads(1));
  const MethodRequest method{"smoothgrad", {{"augment_by_n", 8.0}, {"seed", 1.0}}};
  const Explanation expected = explainer.explain(both_, {method});
  std::vector<char> as_told(6, 0);
  in_threads(as_told.size(), [&](std::size_t t) {
    const bool stops = t % 2 == 0;
    try {
      const Explanation found =
          explainer.explain(both_, {method}, Target::max(), [&](std::int64_t, std::int64_t) { return !stops; });
      as_told[t] = !stops && same_bits(found, expected);
    } catch (const Error& error) {
      as_told[t] = stops && error.code() == ErrorCode::kCancelled;
    }
  });
  EXPECT_EQ(as_told, std::vector<char>(as_told.size(), 1));
}

TEST_F(ConcurrencyTest, OwnMethodsAskFromSeveralThreadsAndProgressIsOneCallAtATime) {
  const auto table = std::make_shared<Extensions>();
  table->add({"split", {}, "", [](const MethodCall& call) {
                std::vector<Explanation> parts(4);
                in_threads(parts.size(), [&](std::size_t t) { parts[t] = call.explain({{"lrp_z", {}}}, {}); });
                for (const Explanation& part : parts) EXPECT_TRUE(same_bits(part, parts.front()));
                return std::vector<Tensor>{parts.back().maps[0].map};
              }});
  ExplainerOptions options = threads(1);
  options.extensions = table;
  const Explainer explainer(model_, options);
  std::atomic<int> inside{0};
  int calls = 0, overlaps = 0;
  const auto progress = [&](std::int64_t, std::int64_t) {
    overlaps += inside++ != 0 ? 1 : 0;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    ++calls;
    --inside;
    return true;
  };
  const Explanation found = explainer.explain(both_, {{"split", {}}}, Target::max(), progress);
  EXPECT_EQ(found.maps[0].map.data, explainer.explain(both_, {{"lrp_z", {}}}).maps[0].map.data);
  EXPECT_GE(calls, 5);
  EXPECT_EQ(overlaps, 0);
}

TEST_F(ConcurrencyTest, MethodsAreAddedWhileOthersRun) {
  const auto table = std::make_shared<Extensions>();
  ExplainerOptions options = threads(1);
  options.extensions = table;
  const Explainer explainer(model_, options);
  in_threads(4, [&](std::size_t t) {
    const std::string name = "own_" + std::to_string(t);
    const auto maps = [](const MethodCall& call) {
      return std::vector<Tensor>{call.explain({{"gradient", {}}}, {}).maps[0].map};
    };
    table->add({name, {}, "", maps});
    EXPECT_EQ(explainer.explain(one_, {{name, {}}}).maps.size(), 1u);
  });
}

class ForkTest : public ConcurrencyTest {
 protected:
  /// Exit code of a child process that runs `body`; it is ended after two minutes.
  template <typename Body>
  static int in_child(Body&& body) {
    const pid_t child = fork();
    if (child == 0) {
      alarm(120);
      int code = 2;
      try {
        code = body() ? 0 : 1;
      } catch (...) {
      }
      _exit(code);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
};

TEST_F(ForkTest, AChildExplainsWithSeveralThreadsLikeItsParent) {
  const Explainer explainer(model_, threads(4));
  const std::vector<MethodRequest> methods = {{"lrp_epsilon_0_1", {}}, {"gradient", {}}};
  const Explanation expected = explainer.explain(both_, methods);
  EXPECT_EQ(in_child([&] { return same_bits(explainer.explain(both_, methods), expected); }), 0);
  EXPECT_TRUE(same_bits(explainer.explain(both_, methods), expected)) << "the parent goes on";
}

TEST_F(ForkTest, AChildMayCompileAndLoadAnew) {
  const Explanation expected = Explainer(model_, threads(4)).explain(both_, {{"lrp_alpha_2_beta_1", {}}});
  EXPECT_EQ(in_child([&] {
              const Explainer anew(case_.load(), threads(4));
              return same_bits(anew.explain(both_, {{"lrp_alpha_2_beta_1", {}}}), expected);
            }),
            0);
}

TEST_F(ForkTest, AChildOfAnotherThreadExplains) {
  const Explainer explainer(model_, threads(4));
  const Explanation expected = explainer.explain(both_, {{"lrp_z", {}}});
  int code = -1;
  std::thread([&] {
    explainer.explain(one_, {{"lrp_z", {}}});
    code = in_child([&] { return same_bits(explainer.explain(both_, {{"lrp_z", {}}}), expected); });
  }).join();
  EXPECT_EQ(code, 0);
}

TEST_F(ForkTest, AGrandchildExplainsFromACallback) {
  const Explainer explainer(model_, threads(4));
  const Explanation expected = explainer.explain(both_, {{"lrp_z", {}}});
  int code = -1;
  explainer.explain(one_, {{"lrp_z", {}}}, Target::max(), [&](std::int64_t, std::int64_t) {
    code = in_child([&] {
      return in_child([&] { return same_bits(explainer.explain(both_, {{"lrp_z", {}}}), expected); }) == 0;
    });
    return true;
  });
  EXPECT_EQ(code, 0);
}

}  // namespace
}  // namespace signxai
