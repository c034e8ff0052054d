// The checks, node by node.
#include "graph/verify.h"

#include <algorithm>
#include <string>

#include "graph/op.h"
#include "signxai/error.h"

namespace signxai::graph {
namespace {

class Verifier {
 public:
  Verifier(const Graph& graph, std::string prefix) : graph_(graph), prefix_(std::move(prefix)) {}

  void run() {
    for (node_ = 0; node_ < graph_.size(); ++node_) {
      check_operation();
      check_operands();
      check_attributes();
      check_type();
      check_regions();
    }
    check_inputs();
    check_outputs();
  }

 private:
  const Node& node() const { return graph_[Value{node_}]; }

  void require(bool holds, const std::string& why) const {
    if (holds) return;
    const std::string op = node_ < graph_.size() && node().op ? " (" + node().op->name + ")" : "";
    const std::string subject = node_ < graph_.size() ? "%" + std::to_string(node_) + op : "graph";
    throw Error(ErrorCode::kInternal, "verify", prefix_ + subject, why);
  }

  void check_operation() const {
    require(node().op != nullptr, "has no operation");
    require(find_op_or_null(node().op->name) == node().op, "is no entry of the op table");
    require(node().origin >= 0, "has no origin");
  }

  void check_operands() const {
    const int count = static_cast<int>(node().inputs.size());
    require(count >= node().op->min_inputs && count <= node().op->max_inputs,
            "has " + std::to_string(count) + " operands");
    for (Value input : node().inputs) {
      require(input.id >= 0 && input.id < node_, "operand %" + std::to_string(input.id) + " does not stand before it");
    }
  }

  void check_attributes() const {
    const auto& specs = node().op->attrs;
    for (const auto& entry : node().attrs.entries()) {
      const std::string& name = entry.first;
      const Attr& value = entry.second;
      const auto spec = std::find_if(specs.begin(), specs.end(), [&](const AttrSpec& s) { return s.name == name; });
      require(spec != specs.end(), "has an unknown attribute '" + name + "'");
      require(value.index() == static_cast<std::size_t>(spec->type), "attribute '" + name + "' has the wrong type");
      const auto* region = std::get_if<Region>(&value);
      require(!region || *region, "region '" + name + "' is missing");
    }
    for (const AttrSpec& spec : specs) {
      require(node().attrs.contains(spec.name), "attribute '" + spec.name + "' is missing");
    }
  }

  std::vector<Type> operand_types() const {
    std::vector<Type> types;
    for (Value input : node().inputs) types.push_back(graph_.type(input));
    return types;
  }

  void check_type() const {
    const std::vector<Type> types = operand_types();
    try {
      const Type inferred = node().op->infer({node().attrs, types});
      require(inferred == node().type, "is stored as " + to_string(node().type) + "; expected " + to_string(inferred));
    } catch (const Error& error) {
      if (error.code() == ErrorCode::kInternal) throw;
      require(false, "does not fit its operands: " + error.message());
    }
  }

  void check_regions() const {
    for (const auto& [name, value] : node().attrs.entries()) {
      const auto* region = std::get_if<Region>(&value);
      if (region) Verifier(**region, prefix_ + "%" + std::to_string(node_) + "." + name + " ").run();
    }
    if (!node().op->adapt) return;
    const std::vector<Type> types = operand_types();
    require(node().op->adapt({node().attrs, types}) == node().attrs, "its region does not take its operands");
  }

  void check_inputs() const {
    std::vector<Value> found;
    for (std::int32_t i = 0; i < graph_.size(); ++i) {
      if (graph_[Value{i}].is("input")) found.push_back(Value{i});
    }
    require(found == graph_.inputs(), "the list of inputs is not that of the input nodes");
  }

  void check_outputs() const {
    for (const Output& out : graph_.outputs()) {
      require(out.value.id >= 0 && out.value.id < graph_.size(), "output '" + out.name + "' is no value of the graph");
    }
  }

  const Graph& graph_;
  std::string prefix_;
  std::int32_t node_ = 0;
};

}  // namespace

void verify(const Graph& graph) { Verifier(graph, "").run(); }

}  // namespace signxai::graph
