// The walk over the nodes, names of layers, and what a node may see and answer.
#include "importers/tensorflow/translate.h"

#include <algorithm>
#include <cmath>

#include "importers/operations/operands.h"
#include "signxai/error.h"

namespace signxai::tensorflow {
namespace {

using keras::Json;
using keras::TensorRef;

/// Operations that hand on their first input, or each of their inputs in its place.
bool is_identity(const std::string& op) {
  static const std::set<std::string> kIdentities{
      "Identity",      "IdentityN", "ReadVariableOp", "PreventGradient",
      "CheckNumerics", "Snapshot",  "EnsureShape",    "PlaceholderWithDefault"};
  return kIdentities.count(op) != 0;
}

/// Scopes that TensorFlow's functions open inside of a layer.
bool is_inner(const std::string& scope) {
  static const std::set<std::string> kInner{
      "Tensordot",        "Conv1D",           "conv1d",    "convolution", "conv1d_transpose",
      "conv2d_transpose", "conv3d_transpose", "einsum",    "depthwise",   "separable_conv2d",
      "separable_conv1d", "resize",           "batchnorm", "Gelu",        "moments",
      "MatMul",           "BiasAdd",          "Conv2D",    "Conv3D"};
  return kInner.count(scope) != 0;
}

std::string before_last(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

std::string last_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

Translator::Translator(SavedModel& saved, const FlatGraph& graph, keras::ModelBuilder& builder)
    : saved_(saved), graph_(graph), builder_(builder), values_(graph.nodes.size()) {}

void Translator::run() {
  find_needed();
  find_prefix();
  require_known();
  for (const Argument& argument : graph_.arguments) {
    if (argument.shape.empty()) continue;
    if (argument.shape.front() > 0) batch_ = argument.shape.front();
  }
  std::vector<std::size_t> inputs(graph_.arguments.size());
  for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
    if (graph_.nodes[i].argument >= 0) inputs[static_cast<std::size_t>(graph_.nodes[i].argument)] = i;
  }
  for (const std::size_t i : inputs) values_[i] = {input(graph_.nodes[i])};
  for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
    if (needed_[i] && graph_.nodes[i].argument < 0) translate(i);
  }
  make_calls();
  for (const Source& output : graph_.outputs) builder_.output(tensor(value(output)));
}

void Translator::find_needed() {
  needed_.assign(graph_.nodes.size(), false);
  std::vector<int> pending;
  const auto need = [&](const Source& source) {
    ++uses_[source];
    const auto at = static_cast<std::size_t>(source.node);
    if (!needed_[at]) pending.push_back(source.node);
    needed_[at] = true;
  };
  for (const Source& output : graph_.outputs) need(output);
  while (!pending.empty()) {
    const FlatNode& next = graph_.nodes[static_cast<std::size_t>(pending.back())];
    pending.pop_back();
    for (const Source& source : next.inputs) need(source);
  }
}

/// The name of the model itself stands in front of all names.
void Translator::find_prefix() {
  bool first = true;
  for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
    const FlatNode& each = graph_.nodes[i];
    if (!needed_[i] || !each.definition || each.inputs.empty() || is_identity(each.definition->op())) continue;
    const std::size_t slash = each.name.find('/');
    const std::string head = slash == std::string::npos ? "" : each.name.substr(0, slash + 1);
    const bool inside = !head.empty() && each.name.find('/', slash + 1) != std::string::npos;
    if (!inside || (!first && head != prefix_)) {
      prefix_.clear();
      return;
    }
    prefix_ = head;
    first = false;
  }
}

std::string Translator::scope_of(const std::string& name) const {
  std::string scope =
      before_last(name.substr(prefix_.size() <= name.size() && name.starts_with(prefix_) ? prefix_.size() : 0));
  while (scope.find('/') != std::string::npos && is_inner(last_of(scope))) scope = before_last(scope);
  return scope;
}

Shape Translator::open(Shape shape) const {
  if (!shape.empty() && batch_ > 0 && shape.front() == batch_) shape.front() = -1;
  return shape;
}

const Value& Translator::value(const Source& source) const {
  const auto& results = values_[static_cast<std::size_t>(source.node)];
  const auto index = static_cast<std::size_t>(source.output);
  if (index < results.size()) return results[index];
  if (!results.empty() && !results.front().trouble.empty()) return results.front();
  throw Error(ErrorCode::kUnsupported, "import", node(source).name,
              "gives a result " + std::to_string(index) + ", which is not supported");
}

int Translator::uses(const Source& source) const {
  const auto it = uses_.find(source);
  return it == uses_.end() ? 0 : it->second;
}

Source Translator::origin(Source source) const {
  while (true) {
    const FlatNode& each = node(source);
    if (!each.definition || !is_identity(each.definition->op())) return source;
    const auto place = each.definition->op() == "IdentityN" ? static_cast<std::size_t>(source.output) : 0;
    if (place >= each.inputs.size()) return source;
    source = each.inputs[place];
  }
}

const FlatNode* Translator::behind(const FlatNode& node, std::size_t index, std::string_view op) const {
  if (index >= node.inputs.size()) return nullptr;
  const FlatNode& found = this->node(origin(node.inputs[index]));
  return found.definition && found.definition->op() == op ? &found : nullptr;
}

Value Translator::input(const FlatNode& node) {
  const Argument& argument = graph_.arguments[static_cast<std::size_t>(node.argument)];
  Value made;
  if (argument.shape.empty()) {
    throw Error(ErrorCode::kUnsupported, "import", saved_.subject(),
                "its input '" + argument.name + "' is a scalar; expected a batch of samples");
  }
  if (element_of(argument.type) == hdf5::ElementType::kOther) {
    throw Error(ErrorCode::kUnsupported, "import", saved_.subject(),
                "its input '" + argument.name + "' is of " + type_name(argument.type) + "; expected numbers");
  }
  made.shape = argument.shape;
  made.shape.front() = -1;
  made.draft = draft();
  made.draft->made = builder_.input(argument.name, made.shape);
  names_.insert(argument.name);
  made.integer = is_integer(argument.type);
  return made;
}

void Translator::translate(std::size_t index) {
  const FlatNode& flat = graph_.nodes[index];
  try {
    values_[index] = values_of(flat);
    require_small(flat, values_[index]);
  } catch (const Error& e) {
    if (e.code() != ErrorCode::kUnsupported || e.stage() != "import") throw;
    values_[index] = refused(flat, e.message());
  }
}

/// Few nodes can make constants of any size: they may have some times the size of what the file holds.
void Translator::require_small(const FlatNode& flat, const std::vector<Value>& values) {
  constexpr std::int64_t kMost = std::int64_t{1} << 27;
  std::int64_t size = 0;
  for (const Value& value : values) size += value.numbers ? value.numbers->size() : 0;
  const auto* tensor = flat.definition ? attribute(*flat.definition, "value") : nullptr;
  const bool stored = flat.variable >= 0 || (tensor && !tensor->tensor().tensor_content().empty());
  (stored ? stored_ : computed_) += size;
  if (computed_ <= kMost + 8 * stored_) return;
  throw Error(ErrorCode::kOutOfMemory, "import", saved_.subject(),
              "its constants have more than " + std::to_string(kMost) + " elements, at '" + flat.name + "'");
}

std::vector<Value> Translator::values_of(const FlatNode& flat) {
  if (flat.variable >= 0) {
    const bool integer = is_integer(saved_.objects().nodes(flat.variable).variable().dtype());
    return {Node::constant(saved_.read(flat.variable, flat.name), integer)};
  }
  const std::string& op = flat.definition->op();
  std::vector<Value> results;
  if (is_identity(op)) {
    for (const Source& source : flat.inputs) results.push_back(value(source));
    if (op != "IdentityN" && results.size() > 1) results.resize(1);
    return results;
  }
  Node node(*this, flat);
  const Translate function = find_translation(op);
  if (!function) node.refuse(reason_against(op));
  return function(node);
}

/// Behind a node that cannot be translated there is nothing to translate: its users are not reported.
std::vector<Value> Translator::refused(const FlatNode& flat, const std::string& reason) {
  for (const Source& source : flat.inputs) {
    if (!value(source).trouble.empty()) return {value(source)};
  }
  Value made{.trouble = reason};
  made.draft = draft();
  made.draft->call.name = flat.name;
  made.draft->call.class_name = flat.definition ? flat.definition->op() : "variable";
  made.draft->refusal = reason;
  return {made};
}

std::shared_ptr<Draft> Translator::draft() {
  drafts_.push_back(std::make_shared<Draft>());
  return drafts_.back();
}

/// Long chains of drafts would otherwise be taken apart by recursion.
Translator::~Translator() {
  for (const auto& each : drafts_) each->inputs.clear();
}

/// What the outputs need, and all that is refused.
void Translator::make_calls() {
  std::set<Draft*> wanted;
  std::vector<Draft*> pending;
  for (const Source& output : graph_.outputs) pending.push_back(value(output).draft.get());
  for (const auto& each : drafts_) {
    if (!each->refusal.empty()) pending.push_back(each.get());
  }
  while (!pending.empty()) {
    Draft* next = pending.back();
    pending.pop_back();
    if (!next || !wanted.insert(next).second) continue;
    for (const Value& input : next->inputs) pending.push_back(input.draft.get());
  }
  for (const auto& each : drafts_) {
    if (wanted.count(each.get())) make(*each);
  }
}

void Translator::make(Draft& draft) {
  std::vector<Draft*> pending{&draft};
  while (!pending.empty()) {
    Draft* next = pending.back();
    const auto it = std::find_if(next->inputs.begin(), next->inputs.end(),
                                 [](const Value& v) { return v.draft && !v.draft->made; });
    if (it != next->inputs.end()) {
      pending.push_back(it->draft.get());
      continue;
    }
    if (!next->made) make_one(*next);
    pending.pop_back();
  }
}

void Translator::make_one(Draft& draft) {
  keras::NodeCall call = draft.call;
  for (const Value& input : draft.inputs) call.inputs.push_back(tensor(input));
  if (!draft.refusal.empty()) {
    draft.made = builder_.refused(std::move(call), draft.refusal);
    return;
  }
  call.name = unused_name(draft);
  draft.made = draft.operation ? builder_.operation(std::move(call)) : builder_.layer(std::move(call));
}

/// The first call in a scope has its name; others have that of their node.
std::string Translator::unused_name(const Draft& draft) {
  const std::string node = draft.call.name.substr(draft.call.name.starts_with(prefix_) ? prefix_.size() : 0);
  std::string name = draft.scope.empty() ? last_of(node) : draft.scope;
  if (names_.insert(name).second) return name;
  name = draft.scope.empty() ? node : draft.scope + "/" + last_of(node);
  for (std::size_t i = 2; !names_.insert(name).second; ++i) name = node + "_" + std::to_string(i);
  return name;
}

TensorRef Translator::tensor(const Value& value) {
  if (value.numbers) return builder_.constant("constant", *value.numbers);
  const TensorRef made = keras::result_of(*value.draft->made, value.result);
  if (!value.in_other_form()) return made;
  keras::NodeCall call{value.draft->call.name + "/expanded", "ExpandDims", Json::object(), {made}, {}, {}};
  call.arguments.options = {{"x", {{"tensor", 0}}}, {"axis", value.expanded}};
  if (value.expanded > 0 && !value.merged && !value.centred && value.blocks.empty())
    return builder_.operation(std::move(call));
  call.class_name = "Reshape";
  return builder_.refused(std::move(call),
                          "moves the batch axis or joins it with others; the first axis has to stay the batch");
}

/// All at once, before anything that only leads to them is looked at.
void Translator::require_known() const {
  constexpr std::size_t kMost = 12;
  std::map<std::string, std::vector<std::string>> unknown;  // names by operation
  for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
    const FlatNode& each = graph_.nodes[i];
    if (!needed_[i]) continue;
    if (!each.refusal.empty()) unknown[each.refusal].push_back(each.name);
    if (!each.definition || is_identity(each.definition->op()) || find_translation(each.definition->op())) continue;
    unknown[reason_against(each.definition->op())].push_back(each.name + " (" + each.definition->op() + ")");
  }
  if (unknown.empty()) return;
  std::string list;
  std::size_t count = 0;
  for (const auto& [reason, nodes] : unknown) {
    list += list.empty() ? "" : "; ";
    for (std::size_t i = 0; i < nodes.size() && i < kMost; ++i) list += (i ? ", " : "") + nodes[i];
    if (nodes.size() > kMost) list += " and " + std::to_string(nodes.size() - kMost) + " more";
    list += ": " + reason;
    count += nodes.size();
  }
  throw Error(ErrorCode::kUnsupported, "import", saved_.subject(),
              std::to_string(count) + (count == 1 ? " node" : " nodes") +
                  " of its inference function cannot be computed: " + list);
}

}  // namespace signxai::tensorflow
