// The walk: inputs first, then calls in topological order; a nested model is walked in place.
#include "importers/keras/assembler.h"

#include <algorithm>

#include "importers/operations/operation.h"
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

std::set<std::pair<CallRef, std::size_t>> used_results(const ModelDef& model, const std::vector<CallRef>& calls) {
  std::set<std::pair<CallRef, std::size_t>> used;
  const auto use = [&](const TensorRef& ref) { used.insert({{ref.layer, ref.node}, ref.tensor}); };
  for (const TensorRef& ref : model.outputs) use(ref);
  for (const CallRef& call : calls) {
    if (model.layers[call.layer].masks_only) continue;
    for (const TensorRef& ref : model.layers[call.layer].calls[call.node]) use(ref);
  }
  return used;
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
    if (!results.count(call)) results[call] = import_call({model, call, top, {{call, 0}}, {}});
  }
  walk(model, top, results);
  throw_unsupported(unsupported_, model.name);
  for (const TensorRef& ref : model.outputs) {
    outputs_.push_back(at(results, model, ref, "output_layers"));
    output_names_.push_back(unused_output_name(model.layers[ref.layer].name));
  }
}

void Assembler::follow(const ModelDef& model) {
  const Scope top{"", "", 0, &weights_, model.keras};
  for (; followed_layers_ < model.layers.size(); ++followed_layers_) {
    const CallRef ref{followed_layers_, 0};
    const LayerDef& layer = model.layers[ref.layer];
    followed_[ref] = {Tensor{}};
    if (!layer.refusal.empty()) continue;
    std::vector<Tensor> inputs;
    for (const TensorRef& input : layer.calls.front()) inputs.push_back(at(followed_, model, input, layer.name));
    followed_[ref] = import_call({model, ref, top, {}, inputs});
  }
}

std::optional<Shape> Assembler::shape_of(const TensorRef& tensor) const {
  const auto found = followed_.find({tensor.layer, tensor.node});
  if (found == followed_.end() || tensor.tensor >= found->second.size()) return std::nullopt;
  const Value value = found->second[tensor.tensor].value;
  if (!value) return std::nullopt;
  return builder_.shape(value);
}

void Assembler::walk(const ModelDef& model, const Scope& scope, Results& results) {
  const std::vector<CallRef> order = call_order(model);
  const Used used = used_results(model, order);
  for (const CallRef& ref : order) {
    if (results.count(ref)) continue;
    const LayerDef& layer = model.layers[ref.layer];
    if (layer.class_name == "InputLayer") {
      throw Error(ErrorCode::kCorruptFile, "import", scope.prefix + layer.name,
                  "is needed, but is not an input of the model");
    }
    std::vector<Tensor> inputs;
    for (const TensorRef& input : layer.calls[ref.node]) {
      inputs.push_back(at(results, model, input, layer.name));
    }
    results[ref] = import_call({model, ref, scope, used, inputs, given_masks(model, ref, results)});
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
  for (const TensorRef& ref : model.outputs) outputs.push_back(at(results, model, ref, "output_layers"));
  return outputs;
}

Assembler::Tensor Assembler::at(const Results& results, const ModelDef& model, const TensorRef& ref,
                                const std::string& user) const {
  const std::vector<Tensor>& found = results.at({ref.layer, ref.node});
  if (ref.tensor < found.size()) {
    Tensor tensor = found[ref.tensor];
    if (unmasked_.count(tensor.value)) tensor.mask = {};
    return tensor;
  }
  if (found.size() == 1 && !found[0].value) return {};  // could not be computed
  throw Error(ErrorCode::kCorruptFile, "import", model.name,
              "'" + user + "' takes result " + std::to_string(ref.tensor) + " of layer '" +
                  model.layers[ref.layer].name + "', which has " + std::to_string(found.size()));
}

/// Masks that the call has as arguments, in the order of its inputs.
std::vector<Value> Assembler::given_masks(const ModelDef& model, CallRef ref, const Results& results) {
  const LayerDef& layer = model.layers[ref.layer];
  std::vector<Value> given;
  const auto found = layer.masks.find(ref.node);
  if (found == layer.masks.end()) return given;
  given.resize(layer.calls[ref.node].size());
  for (const MaskRef& mask : found->second) {
    const Value value = at(results, model, mask.of, layer.name).value;
    if (!value || mask.input >= given.size()) continue;
    const bool is_mask = model.layers[mask.of.layer].masks_only;
    given[mask.input] = is_mask ? value : differs(builder_, value, 0, false);
  }
  return given;
}

std::vector<Assembler::Tensor> Assembler::import_call(const Site& site) {
  const LayerDef& layer = site.layer();
  const Scope& scope = site.scope;
  const std::size_t number = scope.instance * layer.calls.size() + site.ref.node;
  const std::string path = scope.prefix + layer.name;
  if (++calls_ > kMaxCalls) {
    throw Error(ErrorCode::kUnsupported, "import", network_.name, "the model has more than 20000 layer calls");
  }
  const bool nested = !scope.weight_group.empty();
  WeightOwner owner{nested ? scope.weight_group : layer.name, layer.name, nested, path, subject_of(path, layer)};
  // Behind a layer that cannot be computed there is nothing to compute; its like are listed by class already.
  const bool missing = std::any_of(site.inputs.begin(), site.inputs.end(), [](const Tensor& t) { return !t.value; });
  if (layer.nested && !layer.wraps) {
    const Scope inner{path + "/", owner.group, number, scope.weights, std::max(scope.keras, layer.nested->keras)};
    if (layer.composed && !missing) return expand_composed(layer, inner, owner, site.inputs);
    return expand(*layer.nested, inner, site.inputs);
  }
  if (missing) return {Tensor{}};
  if (layer.constant) return {{builder_.constant({layer.constant->shape(), layer.constant->storage(), path})}};
  try {
    if (layer.masks_only) return import_operation(site, path, std::move(owner));
    const std::string name = unused_name(path, number);
    return layer.operation ? import_operation(site, name, std::move(owner))
                           : import_layer(site, name, std::move(owner));
  } catch (const Error& e) {
    if (e.code() != ErrorCode::kUnsupported || e.stage() != "import") throw;
    unsupported_.push_back(e.subject() + ": " + e.message());
    return {Tensor{}};
  }
}

/// A call without weights and masks; constants are no inputs, and without a derivative nothing is.
std::vector<Assembler::Tensor> Assembler::import_operation(const Site& site, const std::string& name,
                                                           WeightOwner owner) {
  const LayerDef& layer = site.layer();
  const Operation& operation = *find_operation(operation_name(layer.class_name, *layer.config));
  const Config options(layer.arguments[site.ref.node].options, owner.subject, site.scope.keras);
  std::vector<Value> values;
  LayerCall call;
  for (const Tensor& input : site.inputs) {
    values.push_back(input.value);
    if (operation.derivative != Derivative::kFull || builder_.graph().literal(input.value)) continue;
    call.inputs.push_back(input.value);
    call.producers.push_back(input.producer);
  }
  if (operation.derivative == Derivative::kStopped) ++stops_;
  call.name = name;
  call.class_name = layer.class_name;
  const bool sum_of_one = operation.kind == LayerKind::kAdd && call.inputs.size() < 2;
  call.kind = sum_of_one ? LayerKind::kOther : operation.kind;
  builder_.set_origin(name);
  LayerContext context(builder_, options, *site.scope.weights, std::move(owner), values, network_.notes);
  context.set_call(layer.arguments[site.ref.node]);
  if (suppressed_.count(name)) context.suppress_head();
  const auto import = [&](LayerContext& c) {
    Operands operands(c);
    return operation.import(operands);
  };
  const LayerResult result = run_importer(import, context);
  if (layer.masks_only) {
    std::vector<Tensor> made{{result.output}};
    for (const Value value : result.more) made.push_back({value});
    return made;
  }
  if (suppressed_.count(name)) return {site.inputs.front()};
  call.activation = result.activation;
  return record(site, call, result);
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

std::vector<Assembler::Tensor> Assembler::import_layer(const Site& site, const std::string& name, WeightOwner owner) {
  const LayerDef& layer = site.layer();
  const Config config(*layer.config, owner.subject, site.scope.keras);
  const LayerImporter& importer = *find_layer(layer.class_name);
  LayerCall call;
  call.name = name;
  call.class_name = layer.class_name;
  call.kind = importer.kind;
  std::vector<Value> masks;
  for (const Tensor& input : site.inputs) {
    call.inputs.push_back(input.value);
    call.producers.push_back(input.producer);
    masks.push_back(input.mask);
  }
  note_dtype(config);
  builder_.set_origin(name);
  std::vector<graph::Weight> inner_weights;
  const Scope inner{owner.path + "/", owner.group, 0, site.scope.weights, site.scope.keras};
  LayerContext context(builder_, config, *site.scope.weights, std::move(owner), call.inputs, network_.notes);
  context.set_call(call_of(layer, site.ref.node, importer, site.inputs.size()));
  context.set_masks(std::move(masks), site.masks);
  if (suppressed_.count(name)) context.suppress_head();
  if (layer.wraps) {
    context.set_inner_model([&](graph::Builder& builder, Value input) {
      return apply_inner_model(site, inner, builder, input, inner_weights);
    });
  }
  const LayerResult result = run_importer(importer.import, context);
  call.weights = context.finish();
  call.weights.insert(call.weights.end(), inner_weights.begin(), inner_weights.end());
  const bool vanished = suppressed_.count(name) && importer.kind != LayerKind::kKernel;
  if (vanished) return {site.inputs.front()};
  call.activation = result.activation;
  if (!result.stands_for.empty()) {
    call.class_name = result.stands_for;
    call.kind = find_layer(result.stands_for)->kind;
  }
  if (result.takes_masks) unmasked_.insert(call.inputs.begin(), call.inputs.end());
  return record(site, call, result);
}

LayerResult Assembler::run_importer(const std::function<LayerResult(LayerContext&)>& importer, LayerContext& context) {
  try {
    return importer(context);
  } catch (const Error& e) {
    if (e.stage() != "graph") throw;
    std::string shapes;
    for (const Value v : context.inputs()) {
      shapes += (shapes.empty() ? "" : ", ") + signxai::to_string(builder_.shape(v));
    }
    const std::string input = shapes.empty() ? "" : " its input " + shapes;
    throw Error(ErrorCode::kCorruptFile, "import", context.subject(), "does not fit" + input + ": " + e.message());
  }
}

std::vector<Assembler::Tensor> Assembler::record(const Site& site, const LayerCall& call, const LayerResult& result) {
  const std::vector<Value> masks = masks_of(site, result);
  std::vector<Tensor> tensors;
  for (std::size_t i = 0; i <= result.more.size(); ++i) {
    const Value output = i == 0 ? result.output : result.more[i - 1];
    tensors.push_back({output, -1, i < masks.size() ? masks[i] : Value{}});
    if (!result.more.empty() && !site.used.count({site.ref, i})) continue;
    LayerCall made = call;
    made.output = output;
    made.kernel_output = i == 0 ? result.kernel_output : output;
    if (i > 0) made.name += "[" + std::to_string(i) + "]";
    const bool first = std::all_of(tensors.begin(), tensors.end(), [](const Tensor& t) { return t.producer < 0; });
    if (!first) made.weights.clear();  // they count once
    tensors.back().producer = static_cast<int>(network_.calls.size());
    if (i == 0 && result.head) heads_[tensors.back().producer] = *result.head;
    network_.calls.push_back(std::move(made));
  }
  return tensors;
}

std::vector<Value> Assembler::masks_of(const Site& site, const LayerResult& result) const {
  if (site.layer().operation) return {};
  const Masks masks = find_layer(site.layer().class_name)->masks;
  const bool kept = masks == Masks::kKept || (masks == Masks::kKeptByKeras3 && site.scope.keras == 3);
  if (!kept || site.inputs.empty()) return result.masks;
  const bool given = !site.masks.empty() && site.masks.front();
  return {given ? site.masks.front() : site.inputs.front().mask};
}

/// The calls of a model inside a layer are walked, and then taken back: to everybody else the layer is one call.
Value Assembler::apply_inner_model(const Site& site, const Scope& scope, graph::Builder& builder, Value input,
                                   std::vector<graph::Weight>& weights) {
  const bool elsewhere = &builder != &builder_;  // in a region
  const std::size_t calls = network_.calls.size(), stops = stops_;
  if (elsewhere) std::swap(builder, builder_);
  std::vector<Tensor> outputs;
  try {
    outputs = expand(*site.layer().nested, scope, {{input, -1, {}}});
  } catch (...) {
    if (elsewhere) std::swap(builder, builder_);
    throw;
  }
  if (elsewhere) std::swap(builder, builder_);
  for (std::size_t i = calls; i < network_.calls.size(); ++i) {
    for (const graph::Weight& weight : network_.calls[i].weights) {
      const graph::Literal* literal = (elsewhere ? builder : builder_).graph().literal(weight.value);
      if (literal) weights.push_back({network_.calls[i].name + "/" + weight.role, builder_.constant(*literal)});
    }
  }
  network_.calls.resize(calls);
  heads_.erase(heads_.lower_bound(static_cast<int>(calls)), heads_.end());
  const auto refuse = [&](const std::string& reason) {
    const std::string path = scope.prefix.substr(0, scope.prefix.size() - 1);
    throw Error(ErrorCode::kUnsupported, "import", subject_of(path, site.layer()), reason);
  };
  if (stops_ != stops) refuse("wraps a model that stops the gradient, which is not supported");
  if (outputs.size() != 1) {
    refuse("wraps a model with " + std::to_string(outputs.size()) + " outputs; only one is supported");
  }
  if (!outputs.front().value) refuse("wraps a model of which layers cannot be computed");
  if (outputs.front().mask) refuse("wraps a model whose output has a mask, which is not supported");
  return outputs.front().value;
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
