// Functions in the place of their calls.
#include "importers/tensorflow/flatten.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <set>

#include "importers/tensorflow/signature.h"
#include "signxai/error.h"

namespace signxai::tensorflow {
namespace {

using messages::FunctionDef;
using messages::NodeDef;

constexpr std::size_t kMostNodes = std::size_t{1} << 20;
constexpr std::size_t kMostCalls = std::size_t{1} << 16;
constexpr std::size_t kDeepest = 64;

/// The names of results of operations that have several, in order.
struct Results {
  std::string_view operation;
  std::vector<std::string_view> names;
};

int place_of(const std::string& operation, const std::string& result, int index) {
  static const std::vector<Results> kSeveral{
      {"FusedBatchNorm", {"y", "batch_mean", "batch_variance", "reserve_space_1", "reserve_space_2"}},
      {"FusedBatchNormV2", {"y", "batch_mean", "batch_variance", "reserve_space_1", "reserve_space_2"}},
      {"FusedBatchNormV3",
       {"y", "batch_mean", "batch_variance", "reserve_space_1", "reserve_space_2", "reserve_space_3"}},
      {"TopKV2", {"values", "indices"}},
      {"TopK", {"values", "indices"}},
      {"Unique", {"y", "idx"}},
      {"MaxPoolWithArgmax", {"output", "argmax"}},
  };
  for (const Results& entry : kSeveral) {
    if (entry.operation != operation) continue;
    const auto it = std::find(entry.names.begin(), entry.names.end(), result);
    if (it != entry.names.end()) return static_cast<int>(it - entry.names.begin());
  }
  return index;
}

/// "node:result:index", "node:index", "node" or the name of an argument.
struct Reference {
  std::string node, result;
  int index = 0;
};

Reference read_reference(const std::string& text) {
  Reference reference;
  const std::size_t first = text.find(':'), last = text.rfind(':');
  reference.node = text.substr(0, first);
  if (first == std::string::npos) return reference;
  if (first != last) reference.result = text.substr(first + 1, last - first - 1);
  std::from_chars(text.data() + last + 1, text.data() + text.size(), reference.index);
  return reference;
}

bool is_control(const std::string& input) { return !input.empty() && input.front() == '^'; }

class Flattener {
 public:
  Flattener(const SavedModel& saved, const Signature& signature) : saved_(saved) {
    for (const FunctionDef& function : saved.graph().graph_def().library().function()) {
      functions_[function.signature().name()] = &function;
    }
    function_ = find(signature.function);
    if (!function_) corrupt("the function '" + signature.function + "' is not in the file");
  }

  FlatGraph flatten(const Signature& signature) {
    const auto& parameters = function_->signature().input_arg();
    std::vector<Source> arguments;
    const int own = parameters.size() - static_cast<int>(signature.captures.size());
    if (own < 0) corrupt("the function '" + signature.function + "' captures more than it takes");
    for (int i = 0; i < parameters.size(); ++i) {
      arguments.push_back(i < own ? argument(parameters[i], i, signature)
                                  : capture(signature.captures[static_cast<std::size_t>(i - own)]));
    }
    graph_.outputs = expand(*function_, arguments, 0);
    order_like_the_call(own);
    return std::move(graph_);
  }

 private:
  [[noreturn]] void corrupt(const std::string& message) const {
    throw Error(ErrorCode::kCorruptFile, "import", saved_.subject() + "/saved_model.pb", message);
  }

  const FunctionDef* find(const std::string& name) const {
    const auto it = functions_.find(name);
    return it == functions_.end() ? nullptr : it->second;
  }

  Source add(FlatNode node) {
    if (graph_.nodes.size() >= kMostNodes) {
      throw Error(ErrorCode::kUnsupported, "import", saved_.subject(), "its functions have more than a million nodes");
    }
    graph_.nodes.push_back(std::move(node));
    return {static_cast<int>(graph_.nodes.size()) - 1, 0};
  }

  Source argument(const messages::OpDef::ArgDef& parameter, int index, const Signature& signature) {
    const auto shape = signature.shapes.find(parameter.name());
    Argument made{parameter.name(), {}, parameter.type()};
    if (shape != signature.shapes.end()) {
      made.shape = shape->second;
    } else {
      const auto attrs = function_->arg_attr().find(static_cast<std::uint32_t>(index));
      const auto* list = attrs == function_->arg_attr().end() ? nullptr : find_shapes(attrs->second);
      if (!list || list->shape_size() != 1 || list->shape(0).unknown_rank()) {
        throw Error(ErrorCode::kUnsupported, "import", saved_.subject(),
                    "the file does not say what shape the input '" + parameter.name() +
                        "' has; try saving the model with an input signature");
      }
      made.shape = shape_of(list->shape(0), saved_.subject());
    }
    graph_.arguments.push_back(std::move(made));
    FlatNode node{nullptr, parameter.name()};
    node.argument = static_cast<int>(graph_.arguments.size()) - 1;
    return add(std::move(node));
  }

  static const messages::AttrValue::ListValue* find_shapes(const FunctionDef::ArgAttrs& attrs) {
    const auto it = attrs.attr().find("_output_shapes");
    return it == attrs.attr().end() ? nullptr : &it->second.list();
  }

  Source capture(int object) {
    if (object < 0 || object >= saved_.objects().nodes_size())
      corrupt("a function captures an object that is not there");
    const messages::SavedObject& held = saved_.objects().nodes(object);
    FlatNode node{nullptr, "captured"};
    if (held.has_variable()) {
      node.name = held.variable().name();
      node.variable = object;
    } else if (held.has_constant()) {
      node.name = held.constant().operation();
      for (const NodeDef& each : saved_.graph().graph_def().node()) {
        if (each.name() == node.name) node.definition = &each;
      }
      if (!node.definition) corrupt("the constant '" + node.name + "' is not in the file");
    } else {
      node.refusal = held.has_asset()      ? "reads another file while it runs"
                     : held.has_resource() ? "is a table that is looked up in"
                                           : "is captured from elsewhere";
    }
    return add(std::move(node));
  }

  /// The nodes of a function in topological order; each call is expanded where it stands.
  std::vector<Source> expand(const FunctionDef& function, const std::vector<Source>& arguments, std::size_t depth) {
    const std::string& name = function.signature().name();
    if (depth > kDeepest) {
      throw Error(ErrorCode::kUnsupported, "import", saved_.subject(),
                  "the calls of its functions go deeper than " + std::to_string(kDeepest) + ", at '" + name + "'");
    }
    if (++expanded_ > kMostCalls) {
      throw Error(ErrorCode::kUnsupported, "import", saved_.subject(), "its functions call one another too often");
    }
    const auto& parameters = function.signature().input_arg();
    if (parameters.size() != static_cast<int>(arguments.size()))
      corrupt("the function '" + name + "' is called with other arguments");
    Names known;
    for (int i = 0; i < parameters.size(); ++i) known[parameters[i].name()] = {arguments[static_cast<std::size_t>(i)]};
    for (const NodeDef* node : ordered(function, known)) known[node->name()] = visit(*node, known, depth);
    std::vector<Source> results;
    for (const auto& result : function.signature().output_arg()) {
      const auto it = function.ret().find(result.name());
      if (it == function.ret().end()) corrupt("the function '" + name + "' does not say what its result is");
      results.push_back(resolve(it->second, known));
    }
    return results;
  }

  using Names = std::map<std::string, std::vector<Source>>;  ///< results of calls by place; others have one entry

  std::vector<const NodeDef*> ordered(const FunctionDef& function, const Names& arguments) const {
    std::map<std::string, std::vector<const NodeDef*>> users;
    std::map<const NodeDef*, std::size_t> missing;
    std::vector<const NodeDef*> ready, order;
    std::set<std::string> names;
    for (const NodeDef& node : function.node_def()) {
      if (!names.insert(node.name()).second || arguments.count(node.name()))
        corrupt("two nodes have the name '" + node.name() + "'");
      std::set<std::string> inputs;
      for (const std::string& input : node.input()) {
        const std::string from = read_reference(input).node;
        if (!is_control(input) && !arguments.count(from)) inputs.insert(from);
      }
      for (const std::string& input : inputs) users[input].push_back(&node);
      missing[&node] = inputs.size();
      if (inputs.empty()) ready.push_back(&node);
    }
    for (std::size_t i = 0; i < ready.size(); ++i) {
      order.push_back(ready[i]);
      for (const NodeDef* user : users[ready[i]->name()]) {
        if (--missing[user] == 0) ready.push_back(user);
      }
    }
    if (order.size() != static_cast<std::size_t>(function.node_def_size())) {
      corrupt("the nodes of the function '" + function.signature().name() +
              "' depend on one another, or on what is not there");
    }
    return order;
  }

  std::vector<Source> visit(const NodeDef& node, const Names& known, std::size_t depth) {
    std::vector<Source> inputs;
    for (const std::string& input : node.input()) {
      if (!is_control(input)) inputs.push_back(resolve(input, known));
    }
    const FunctionDef* called = find(node.op());
    if (!called && (node.op() == "PartitionedCall" || node.op() == "StatefulPartitionedCall")) {
      const messages::AttrValue* function = attribute(node, "f");
      called = function ? find(function->func().name()) : nullptr;
      if (!called) corrupt("'" + node.name() + "' calls a function that is not in the file");
    }
    if (called) {
      std::vector<Source> results = expand(*called, inputs, depth + 1);
      if (depth == 0) calls_.push_back({inputs, results});
      return results;
    }
    FlatNode made{&node, node.name(), std::move(inputs)};
    if (made.name.empty()) corrupt("a node has no name");
    if (depth == 0 && node.op() != "Identity" && node.op() != "NoOp") calls_.push_back({});
    return {add(std::move(made))};
  }

  Source resolve(const std::string& text, const Names& known) const {
    const Reference reference = read_reference(text);
    const auto it = known.find(reference.node);
    if (it == known.end() || reference.index < 0) corrupt("'" + text + "' is not there");
    const std::vector<Source>& results = it->second;
    const bool is_call = results.size() != 1 || !is_node(results.front(), reference.node);
    if (is_call) {
      if (static_cast<std::size_t>(reference.index) >= results.size()) corrupt("'" + text + "' is not there");
      return results[static_cast<std::size_t>(reference.index)];
    }
    const FlatNode& node = graph_.nodes[static_cast<std::size_t>(results.front().node)];
    return {results.front().node, place_of(node.definition->op(), reference.result, reference.index)};
  }

  /// Whether the result is that of the node of this name itself, and not of a node behind a call or an argument.
  bool is_node(const Source& source, const std::string& name) const {
    const FlatNode& node = graph_.nodes[static_cast<std::size_t>(source.node)];
    return node.definition && node.definition->name() == name && source.output == 0;
  }

  /// Signatures have inputs and outputs in the order of their names. What they call may have them in the model's.
  void order_like_the_call(int count) {
    if (calls_.size() != 1) return;
    const std::vector<Source>& inputs = calls_.front().inputs;
    std::vector<Source>& results = calls_.front().results;
    for (Source& result : results) result = behind_identities(result);
    const auto place = [](const std::vector<Source>& list, const Source& source) {
      return std::find(list.begin(), list.end(), source) - list.begin();
    };
    std::vector<Source>& outputs = graph_.outputs;
    for (Source& output : outputs) output = behind_identities(output);
    std::stable_sort(outputs.begin(), outputs.end(),
                     [&](const Source& a, const Source& b) { return place(results, a) < place(results, b); });
    std::vector<int> order;
    for (int i = 0; i < count; ++i) order.push_back(i);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return place(inputs, {a}) < place(inputs, {b}); });
    std::vector<Argument> arguments;
    for (std::size_t i = 0; i < order.size(); ++i) {
      arguments.push_back(graph_.arguments[static_cast<std::size_t>(order[i])]);
      graph_.nodes[static_cast<std::size_t>(order[i])].argument = static_cast<int>(i);
    }
    graph_.arguments = std::move(arguments);
  }

  Source behind_identities(Source source) const {
    while (true) {
      const FlatNode& node = graph_.nodes[static_cast<std::size_t>(source.node)];
      if (!node.definition || node.definition->op() != "Identity" || node.inputs.size() != 1) return source;
      source = node.inputs.front();
    }
  }

  struct Call {
    std::vector<Source> inputs{}, results{};
  };

  const SavedModel& saved_;
  std::map<std::string, const FunctionDef*> functions_;
  const FunctionDef* function_ = nullptr;
  FlatGraph graph_;
  std::size_t expanded_ = 0;
  std::vector<Call> calls_;  ///< of the outermost function, and an empty one for each other node
};

}  // namespace

const messages::AttrValue* attribute(const NodeDef& node, const std::string& name) {
  const auto it = node.attr().find(name);
  return it == node.attr().end() ? nullptr : &it->second;
}

FlatGraph flatten(const SavedModel& saved) {
  const Signature signature = find_signature(saved);
  return Flattener(saved, signature).flatten(signature);
}

}  // namespace signxai::tensorflow
