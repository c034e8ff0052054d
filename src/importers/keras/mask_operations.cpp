// One function per operation.
#include "importers/keras/mask_operations.h"

#include <algorithm>
#include <iterator>

#include "importers/layers/layer.h"

namespace signxai::keras {
namespace {

using graph::Builder;
using graph::Value;
using Values = std::vector<Value>;

struct Call {
  Builder& builder;
  const Config& config;
  const Json& options;
  const Values& inputs;

  Shape shape(std::size_t input) const { return builder.shape(inputs[input]); }
};

/// An axis of a value with `rank` axes, from the front; never that of the batch.
std::int64_t axis_of(const Call& call, std::size_t rank) {
  const graph::Ints axes = call.config.integers("axis");
  const auto count = static_cast<std::int64_t>(rank);
  const std::int64_t axis = axes.size() == 1 && axes[0] < 0 ? axes[0] + count : axes.empty() ? -1 : axes[0];
  if (axes.size() != 1 || axis < 1 || axis >= count) call.config.wrong("axis", "one axis behind the batch");
  return axis;
}

Value ones(Builder& b, Value like) { return b.make("equal", {like, like}); }

Value any_of(const Call& call) {
  const bool keep = call.config.flag("keepdims", false);
  return call.builder.reduce("reduce_max", call.inputs[0], {axis_of(call, call.shape(0).size())}, keep);
}

Value joined(const Call& call) {
  return call.builder.make("concat", call.inputs, {{"axis", axis_of(call, call.shape(0).size())}});
}

Value with_axis(const Call& call) {
  Shape shape = call.shape(0);
  const std::int64_t axis = axis_of(call, shape.size() + 1);
  std::fill(shape.begin(), shape.begin() + axis, 0);
  shape.insert(shape.begin() + axis, 1);
  return call.builder.reshape(call.inputs[0], shape);
}

Value differing(const Call& call) {
  const Json& number = call.options.contains("number") ? call.options["number"] : Json();
  if (!number.is_number()) call.config.wrong("x2", "a number that the tensor is compared with");
  return differs(call.builder, call.inputs[0], number.get<double>(), false);
}

Value same(const Call& call) { return call.inputs[0]; }
Value either(const Call& call) { return call.builder.make("maximum", call.inputs); }
Value both(const Call& call) { return call.builder.make("minimum", call.inputs); }
Value ones_like(const Call& call) { return ones(call.builder, call.inputs[0]); }
Value zeros_like(const Call& call) {
  return call.builder.sub(call.builder.constant(1.0), ones(call.builder, call.inputs[0]));
}

struct Operation {
  std::string_view class_name;
  std::size_t least, most;  ///< inputs
  Value (*make)(const Call&);
};

constexpr Operation kOperations[] = {
    {"Any", 1, 1, any_of},           {"Concatenate", 1, 1024, joined}, {"ConvertToTensor", 1, 1, same},
    {"ExpandDims", 1, 1, with_axis}, {"LogicalAnd", 2, 2, both},       {"LogicalOr", 2, 2, either},
    {"NotEqual", 1, 1, differing},   {"OnesLike", 1, 1, ones_like},    {"ZerosLike", 1, 1, zeros_like},
};

const Operation* find_operation(const std::string& class_name) {
  const auto it = std::find_if(std::begin(kOperations), std::end(kOperations),
                               [&](const Operation& operation) { return operation.class_name == class_name; });
  return it == std::end(kOperations) ? nullptr : &*it;
}

void add_argument(const Json& value, const std::string& name, const std::string& subject, InboundCall& call) {
  if (value.is_number()) {
    call.arguments.options["number"] = value;
  } else if (!value.is_structured() || !collect_tensors(value, subject, call.inputs)) {
    if (!value.is_null() && name != "dtype") call.refusal = "is called with " + brief(value);
  }
}

}  // namespace

bool is_mask_operation(const std::string& class_name) { return find_operation(class_name) != nullptr; }

InboundCall read_mask_operation(const Json& node, const std::string& subject) {
  const Config config(node, subject);
  const Json* arguments = as_list(config.at("args"));
  if (!arguments) config.wrong("args", "a list");
  InboundCall call;
  for (const Json& value : *arguments) add_argument(value, "", subject, call);
  if (!config.has("kwargs")) return call;
  const Json& others = config.at("kwargs");
  if (!others.is_object()) config.wrong("kwargs", "an object");
  for (const auto& [name, value] : others.items()) add_argument(value, name, subject, call);
  return call;
}

Value mask_operation(Builder& builder, const std::string& class_name, const Config& config, const Json& options,
                     const Values& inputs) {
  const Operation& operation = *find_operation(class_name);
  if (inputs.size() < operation.least || inputs.size() > operation.most) {
    config.wrong("inbound_nodes", "a call with " + std::to_string(operation.least) + " inputs");
  }
  return operation.make({builder, config, options, inputs});
}

}  // namespace signxai::keras
