// Reads problem lines and runs kernels on them.
#include "support/cpu_problem.h"

#include <hwy/targets.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <sstream>

#include "backends/cpu/implementations.h"
#include "graph/builder.h"
#include "graph/op.h"

namespace signxai::cpu {
namespace {

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

Shape parse_shape(const std::string& text) {
  Shape shape;
  if (text == ".") return shape;
  for (const std::string& extent : split(text, 'x')) shape.push_back(std::stoll(extent));
  return shape;
}

graph::Attr parse_attr(graph::AttrType type, const std::string& text) {
  graph::Ints list;
  switch (type) {
    case graph::AttrType::kInteger: return static_cast<std::int64_t>(std::stoll(text));
    case graph::AttrType::kNumber: return std::stod(text);
    case graph::AttrType::kInts:
      for (const std::string& entry : split(text, ',')) list.push_back(std::stoll(entry));
      return list;
    default: return text;
  }
}

std::vector<float> random_values(std::int64_t count, const std::string& kind, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::uniform_int_distribution<int> small(-2, 2);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) {
    value = kind == "ties" ? static_cast<float>(small(random)) : normal(random);
    if (kind == "positive") value = std::fabs(value) + 0.01f;
    if (kind == "wide") value *= 20.0f;
  }
  return values;
}

}  // namespace

backends::Problem CpuProblem::problem() const {
  backends::Problem p{node(), {}, {}};
  for (const graph::Value input : node().inputs) {
    p.inputs.push_back(graph.type(input));
    p.constants.push_back(graph.literal(input));
  }
  return p;
}

CpuProblem make_problem(graph::Graph graph, const std::string& data) {
  CpuProblem problem{std::move(graph), {}};
  unsigned seed = 7;
  for (const graph::Value input : problem.node().inputs) {
    const Shape& shape = problem.graph.type(input).shape;
    if (const graph::Literal* literal = problem.graph.literal(input)) {
      problem.inputs.emplace_back(shape, std::vector<float>(literal->data(), literal->data() + literal->size()));
    } else {
      problem.inputs.emplace_back(shape, random_values(element_count(shape), data, seed++));
    }
  }
  return problem;
}

CpuProblem parse_problem(const std::string& line) {
  const auto words = split(line, ' ');
  const graph::OpDef& op = graph::find_op(words.at(0));
  std::map<std::string, std::string> keys{{"constant", ""}, {"data", "normal"}};
  graph::Attrs attrs;
  for (std::size_t i = 2; i < words.size(); ++i) {
    const auto equals = words[i].find('=');
    const std::string key = words[i].substr(0, equals), value = words[i].substr(equals + 1);
    const auto spec = std::find_if(op.attrs.begin(), op.attrs.end(), [&](const auto& s) { return s.name == key; });
    if (spec == op.attrs.end()) {
      keys.at(key) = value;
    } else {
      attrs.set(key, parse_attr(spec->type, value));
    }
  }
  graph::Builder builder;
  std::vector<graph::Value> inputs;
  for (const std::string& text : split(words.at(1), ';')) {
    const Shape shape = parse_shape(text);
    const std::string index = std::to_string(inputs.size());
    if (keys["constant"].find(index) == std::string::npos) {
      inputs.push_back(builder.input("x" + index, shape));
    } else {
      const auto seed = 100 + static_cast<unsigned>(inputs.size());
      inputs.push_back(builder.constant({shape, random_values(element_count(shape), keys["data"], seed)}));
    }
  }
  builder.make(op.name, inputs, attrs);
  return make_problem(builder.take(), keys["data"]);
}

std::vector<float> expected_result(const CpuProblem& problem) {
  std::vector<graph::Array> arrays;
  for (const Tensor& input : problem.inputs) {
    arrays.emplace_back(input.shape).data.assign(input.data.begin(), input.data.end());
  }
  std::vector<const graph::Array*> pointers;
  for (const graph::Array& array : arrays) pointers.push_back(&array);
  const graph::Array result = problem.node().op->evaluate(problem.node(), pointers);
  return {result.data.begin(), result.data.end()};
}

std::vector<float> run_kernel(const backends::Kernel& kernel, const CpuProblem& problem) {
  const graph::Node& node = problem.node();
  std::vector<const float*> inputs;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const graph::Literal* literal = problem.graph.literal(node.inputs[i]);
    inputs.push_back(literal != nullptr ? literal->data() : problem.inputs[i].data.data());
  }
  std::vector<float> output(static_cast<std::size_t>(element_count(node.type.shape)), std::nanf(""));
  const auto scratch = backends::allocate_aligned(kernel.scratch_bytes());
  std::fill_n(scratch.get(), kernel.scratch_bytes(), std::byte{0xff});
  kernel.run({inputs, output.data(), scratch.get()});
  return output;
}

std::vector<float> run_implementation(const backends::Implementation& implementation, const CpuProblem& problem,
                                      backends::PackedWeights& weights) {
  return run_kernel(*implementation.make(problem.problem(), weights), problem);
}

double deviation(const std::vector<float>& a, const std::vector<float>& b) {
  double largest = 0, scale = 1e-30;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const bool same = a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i]));
    if (!same && !(std::isfinite(a[i]) && std::isfinite(b[i]))) return std::numeric_limits<double>::infinity();
    if (std::isfinite(b[i])) scale = std::max(scale, std::fabs(double{b[i]}));
    if (!same) largest = std::max(largest, std::fabs(double{a[i]} - double{b[i]}));
  }
  return a.size() == b.size() ? largest / scale : std::numeric_limits<double>::infinity();
}

std::vector<backends::Implementation> candidates(const CpuProblem& problem) {
  std::vector<backends::Implementation> fitting;
  for (const backends::Implementation& entry : implementations()) {
    const bool is_candidate = entry.op == problem.node().op->name && entry.name != "reference";
    if (is_candidate && entry.reject(problem.problem()).empty()) fitting.push_back(entry);
  }
  return fitting;
}

void on_every_target(const std::function<void(std::int64_t)>& test) {
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    test(target);
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

}  // namespace signxai::cpu
