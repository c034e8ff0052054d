// EinsumDense: einsum(x, kernel) + bias, with an equation in letters and perhaps an ellipsis at either end of x.
#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>

#include "importers/layers/activations.h"
#include "importers/layers/attention/einsum.h"
#include "importers/layers/importers.h"

namespace signxai::keras {
namespace {

using graph::Value;

struct Spec {
  Equation equation;
  std::size_t ellipsis = 0;  ///< how many axes it stands for
  bool left = false;         ///< it stands in front of the letters of x
};

/// Letters in place of the ellipsis that x and result have both, or neither.
Equation without_ellipsis(const std::string& text, std::size_t rank, Spec& spec) {
  const std::string dots = "...";
  const std::size_t first = text.find(dots), arrow = text.find("->");
  if (first == std::string::npos) return parse_equation(text);
  const std::size_t second = text.find(dots, first + 3);
  spec.left = first == 0;
  const bool placed = arrow != std::string::npos && second != std::string::npos &&
                      (spec.left ? second == arrow + 2 : second + 3 == text.size() && text.find(',') == first + 3);
  const std::size_t letters = text.find(',') - 3;
  if (!placed || letters > rank)
    throw std::invalid_argument("'" + text + "' does not fit an input with " + std::to_string(rank) + " axes");
  std::string axes;
  for (char c = 'A'; axes.size() < rank - letters && c <= 'Z'; ++c) {
    if (text.find(c) == std::string::npos) axes += c;
  }
  spec.ellipsis = axes.size();
  return parse_equation(text.substr(0, first) + axes + text.substr(first + 3, second - first - 3) + axes +
                        text.substr(second + 3));
}

Spec read_equation(LayerContext& context, std::size_t rank) {
  try {
    Spec spec;
    spec.equation = without_ellipsis(context.config().text("equation"), rank, spec);
    if (spec.equation.left.size() != rank) {
      throw std::invalid_argument("it has " + std::to_string(spec.equation.left.size()) + " axes, the input " +
                                  std::to_string(rank));
    }
    return spec;
  } catch (const std::invalid_argument& e) {
    context.refuse("the equation cannot be computed: " + std::string(e.what()));
  }
}

using Extents = std::map<char, std::int64_t>;

/// Extents by letter: those of x, and from `output_shape`, which leaves out the batch and an ellipsis, those of the
/// rest.
Extents extents_of(LayerContext& context, Value x, const Spec& spec) {
  Extents extents;
  const Equation& e = spec.equation;
  for (std::size_t i = 0; i < e.left.size(); ++i) extents[e.left[i]] = context.shape(x)[i];
  const bool one = context.config().at("output_shape").is_number();
  const Shape given =
      one ? Shape{context.config().positive("output_shape")} : context.config().open_shape("output_shape");
  // What the file writes down follows the batch, which is the first letter or part of an ellipsis in front.
  const std::size_t begin = spec.left ? std::max<std::size_t>(spec.ellipsis, 1) : 1;
  const std::size_t end = spec.left ? e.out.size() : e.out.size() - spec.ellipsis;
  if (end < begin || given.size() != end - begin) {
    context.config().wrong("output_shape", std::to_string(end < begin ? 0 : end - begin) +
                                               " extents for the equation '" + context.config().text("equation") + "'");
  }
  for (std::size_t i = 0; i < given.size(); ++i) extents.emplace(e.out[begin + i], given[i]);
  return extents;
}

Shape shape_of(LayerContext& context, const Extents& extents, const std::string& letters) {
  Shape shape;
  for (const char letter : letters) {
    const auto it = extents.find(letter);
    if (it == extents.end() || it->second == graph::kOpen) {
      context.corrupt(std::string("the extent of axis ") + letter + " of the equation '" +
                      context.config().text("equation") + "' is not known");
    }
    shape.push_back(it->second);
  }
  return shape;
}

/// One extent for each axis of the result from the first bias axis on, 1 along those without bias.
Value bias_of(LayerContext& context, const Spec& spec, const Extents& extents, const std::string& axes) {
  const std::string& out = spec.equation.out;
  const std::size_t first = out.find_first_of(axes);
  if (first == std::string::npos || axes.find_first_not_of(out) != std::string::npos) {
    context.config().wrong("bias_axes", "letters of the equation's result");
  }
  Shape shape;
  for (std::size_t i = first; i < out.size(); ++i) {
    const bool biased = axes.find(out[i]) != std::string::npos;
    shape.push_back(biased ? shape_of(context, extents, out.substr(i, 1)).front() : 1);
  }
  return context.weight("bias", shape);
}

}  // namespace

LayerResult import_einsum_dense(LayerContext& context) {
  const Config& config = context.config();
  const Value x = context.input(1);
  if (config.has("quantization_config")) context.refuse("is quantized; try saving the model before that");
  const Spec spec = read_equation(context, context.shape(x).size());
  const Extents extents = extents_of(context, x, spec);
  const Value kernel = context.weight("kernel", shape_of(context, extents, spec.equation.right));
  Value z = einsum(context.builder(), spec.equation, x, kernel);
  if (config.has("bias_axes")) z = context.builder().add(z, bias_of(context, spec, extents, config.text("bias_axes")));
  return fused_activation(context, z);
}

}  // namespace signxai::keras
