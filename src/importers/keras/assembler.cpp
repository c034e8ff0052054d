// The walk: inputs first, then calls in topological order; a nested model is walked in place.
#include "importers/keras/assembler.h"

#include <algorithm>

#include "importers/weights/composed_weights.h"
#include "signxai/error.h"

namespace signxai::keras {
namespace {

using graph::LayerCall;
using graph::LayerKind;
using graph::Value;

/// A model may call models that call models: a small file can ask for very many layers.
constexpr std::size_t kMaxCalls = 20000;

std::string subject_of(const std::string& name, const LayerDef& layer) { return name + " (" + layer.class_name + ")"; }

/// Where nothing is written down (Sequential models, compositions), inputs are arguments in order.
CallArguments call_of(const LayerDef& layer, std::size_t node, const LayerImporter& importer, std::size_t inputs) {
  if (node < layer.arguments.size() && !layer.arguments[node].names.empty()) return layer.arguments[node];
  CallArguments call;
  const bool list = !importer.arguments.empty() && importer.arguments.front() == "inputs";
  for (std::size_t i = 0; i < inputs && i < importer.arguments.size(); ++i) {
    call.names.emplace_back(importer.arguments[list ? 0 : i]);
  }
  return call;
}

}  // namespace

void Assembler::run(const ModelDef& model) {
  network_.name = model.name;
  network_.sequential = model.sequential;
  Results results;
  const Scope top{"", "", 0, &weights_, model.keras};
  // The graph's inputs stand in the model's order, whatever the order of the layers is.
  for (const TensorRef& ref : model.inputs) {
    const CallRef call{ref.layer, ref.node};
    if (!results.count(call)) results[call] = import_call(model, call, top, {});
  }
  walk(model, top, results);
  throw_unsupported(unsupported_, model.name);
  for (const TensorRef& ref : model.outputs) {
    outputs_.push_back(results.at({ref.layer, ref.node})[ref.tensor]);
    output_names_.push_back(unused_output_name(model.layers[ref.layer].name));
  }
}

void Assembler::walk(const ModelDef& model, const Scope& scope, Results& results) {
  for (const CallRef& ref : call_order(model)) {
    if (results.count(ref)) continue;
    const LayerDef& layer = model.layers[ref.layer];
    if (layer.class_name == "InputLayer") {
      throw Error(ErrorCode::kCorruptFile, "import", scope.prefix + layer.name,
                  "is needed, but is not an input of the model");
    }
    std::vector<Tensor> inputs;
    for (const TensorRef& input : layer.calls[ref.node]) {
      inputs.push_back(results.at({input.layer, input.node})[input.tensor]);
    }
    results[ref] = import_call(model, ref, scope, inputs);
  }
}

std::vector<Assembler::Tensor> Assembler::expand(const ModelDef& model, const Scope& scope,
                                                 const std::vector<Tensor>& inputs) {
  if (inputs.size() != model.inputs.size()) {
    throw Error(ErrorCode::kCorruptFile, "import", scope.prefix + model.name,
                "the model is called with " + std::to_string(inputs.size()) + " inputs, expected " +
                    std::to_string(model.inputs.size()));
  }
  Results results;
  for (std::size_t i = 0; i < inputs.size(); ++i) results[{model.inputs[i].layer, model.inputs[i].node}] = {inputs[i]};
  walk(model, scope, results);
  std::vector<Tensor> outputs;
  for (const TensorRef& ref : model.outputs) outputs.push_back(results.at({ref.layer, ref.node})[ref.tensor]);
  return outputs;
}

std::vector<Assembler::Tensor> Assembler::import_call(const ModelDef& model, CallRef ref, const Scope& scope,
                                                      const std::vector<Tensor>& inputs) {
  const LayerDef& layer = model.layers[ref.layer];
  const std::size_t number = scope.instance * layer.calls.size() + ref.node;
  const std::string path = scope.prefix + layer.name;
  if (++calls_ > kMaxCalls) {
    throw Error(ErrorCode::kUnsupported, "import", network_.name, "the model has more than 20000 layer calls");
  }
  const bool nested = !scope.weight_group.empty();
  WeightOwner owner{nested ? scope.weight_group : layer.name, layer.name, nested, path, subject_of(path, layer)};
  // Behind a layer that cannot be computed there is nothing to compute; its like are listed by class already.
  const bool missing = std::any_of(inputs.begin(), inputs.end(), [](const Tensor& t) { return !t.value; });
  if (layer.nested) {
    const Scope inner{path + "/", owner.group, number, scope.weights, std::max(scope.keras, layer.nested->keras)};
    if (layer.composed && !missing) return expand_composed(layer, inner, owner, inputs);
    return expand(*layer.nested, inner, inputs);
  }
  if (missing) return {Tensor{}};
  try {
    return {import_layer(layer, ref.node, scope, unused_name(path, number), std::move(owner), inputs)};
  } catch (const Error& e) {
    if (e.code() != ErrorCode::kUnsupported || e.stage() != "import") throw;
    unsupported_.push_back(e.subject() + ": " + e.message());
    return {Tensor{}};
  }
}

std::vector<Assembler::Tensor> Assembler::expand_composed(const LayerDef& layer, const Scope& scope,
                                                          const WeightOwner& owner, const std::vector<Tensor>& inputs) {
  const bool frozen = !Config(*layer.config, owner.subject).flag("trainable", true);
  ComposedWeights weights(*scope.weights, owner, *layer.nested, frozen);
  const std::size_t failed = unsupported_.size();
  Scope inner = scope;
  inner.weights = &weights;
  std::vector<Tensor> outputs = expand(*layer.nested, inner, inputs);
  if (unsupported_.size() == failed) weights.close();
  return outputs;
}

Assembler::Tensor Assembler::import_layer(const LayerDef& layer, std::size_t node, const Scope& scope,
                                          const std::string& name, WeightOwner owner,
                                          const std::vector<Tensor>& inputs) {
  const std::string subject = owner.subject;
  const Config config(*layer.config, subject, scope.keras);
  const LayerImporter& importer = *find_layer(layer.class_name);
  LayerCall call;
  call.name = name;
  call.class_name = layer.class_name;
  call.kind = importer.kind;
  std::vector<Value> values;
  for (const Tensor& input : inputs) {
    call.inputs.push_back(input.value);
    call.producers.push_back(input.producer);
    values.push_back(input.value);
  }
  note_dtype(config);
  builder_.set_origin(name);
  LayerContext context(builder_, config, *scope.weights, std::move(owner), values, network_.notes);
  context.set_call(call_of(layer, node, importer, inputs.size()));
  if (suppressed_.count(name)) context.suppress_head();
  LayerResult result;
  try {
    result = importer.import(context);
  } catch (const Error& e) {
    if (e.stage() != "graph") throw;
    std::string shapes;
    for (const Value v : values) shapes += (shapes.empty() ? "" : ", ") + signxai::to_string(builder_.shape(v));
    const std::string input = shapes.empty() ? "" : " its input " + shapes;
    throw Error(ErrorCode::kCorruptFile, "import", subject, "does not fit" + input + ": " + e.message());
  }
  call.weights = context.finish();
  const bool vanished = suppressed_.count(name) && importer.kind != LayerKind::kKernel;
  if (vanished) return inputs.front();
  call.kernel_output = result.kernel_output;
  call.output = result.output;
  call.activation = result.activation;
  const int index = static_cast<int>(network_.calls.size());
  if (result.head) heads_[index] = *result.head;
  network_.calls.push_back(std::move(call));
  return {result.output, index};
}

void Assembler::note_dtype(const Config& config) {
  const Json* value = config.find("dtype");
  if (!value) return;
  std::string name;
  if (value->is_string()) {
    name = value->get<std::string>();
  } else {  // {"class_name": "Policy" or "DTypePolicy", "config": {"name": "mixed_float16"}}
    const Config policy(*value, config.subject());
    const Config inner(policy.at("config"), config.subject());
    name = inner.text(inner.has("name") ? "name" : "source_name");
    if (policy.text("class_name", "").starts_with("Quantized")) {
      throw Error(ErrorCode::kUnsupported, "import", config.subject(), "is quantized (" + name + ")");
    }
  }
  const std::set<std::string> known{"float64", "float16", "bfloat16", "mixed_float16", "mixed_bfloat16", "int8",
                                    "int16",   "int32",   "int64",    "uint8",         "uint16",         "bool"};
  if (name == "float32" || name == "_infer") return;
  if (!known.count(name)) config.wrong("dtype", "float32 or another number type");
  if (noted_dtypes_.insert(name).second) {
    network_.notes.push_back("the model is of type " + name + "; it is computed in float32");
  }
}

std::string Assembler::unused_name(const std::string& base, std::size_t number) {
  std::string name = number == 0 ? base : base + ":" + std::to_string(number);
  while (!names_.insert(name).second) name = base + ":" + std::to_string(++number);
  return name;
}

/// A model may have the same output twice; Keras counts them then, and so do we.
std::string Assembler::unused_output_name(const std::string& base) const {
  std::string name = base;
  const auto& taken = output_names_;
  for (int n = 1; std::find(taken.begin(), taken.end(), name) != taken.end(); ++n)
    name = base + "_" + std::to_string(n);
  return name;
}

const HeadFunction* Assembler::head_of(int call) const {
  const auto it = heads_.find(call);
  return it == heads_.end() ? nullptr : &it->second;
}

graph::Network Assembler::take() {
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    network_.outputs.push_back(outputs_[i].producer);
    builder_.output(output_names_[i], outputs_[i].value);
  }
  network_.graph = builder_.take();
  return std::move(network_);
}

}  // namespace signxai::keras
