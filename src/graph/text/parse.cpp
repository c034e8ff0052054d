// Parsing the text form of a graph: recursive descent, one node per line; nodes are made by a Builder, so whatever
// parses is well-typed.
#include <map>
#include <memory>

#include "graph/builder.h"
#include "graph/op.h"
#include "graph/text.h"
#include "graph/text/lexer.h"
#include "signxai/error.h"

namespace signxai::graph {
namespace {

constexpr int kMaxDepth = 16;                                 // regions in regions
constexpr std::int64_t kMaxElements = std::int64_t{1} << 48;  // of a constant

class Parser {
 public:
  Parser(Lexer& lexer, const Resolver& resolver, int depth) : lexer_(lexer), resolver_(resolver), depth_(depth) {}

  /// Nodes and outputs up to the end of the text, or of the block.
  Graph parse() {
    for (lexer_.skip_empty_lines(); !lexer_.at_end() && lexer_.peek() != '}'; lexer_.skip_empty_lines()) {
      if (lexer_.peek() == '%') {
        parse_node();
      } else {
        parse_output();
      }
    }
    return builder_.take();
  }

 private:
  void parse_node() {
    lexer_.expect('%');
    const std::string label = lexer_.word("a label");
    lexer_.expect('=');
    const int line = lexer_.line();
    const std::string name = lexer_.word("the name of an operation");
    const OpDef* op = find_op_or_null(name);
    if (!op) lexer_.refuse("'" + name + "' is not an operation of the graph");
    if (values_.count(label) != 0) lexer_.refuse("label %" + label + " stands for two values");
    values_[label] = name == "input" ? parse_input() : name == "const" ? parse_const() : parse_operation(*op, line);
  }

  void parse_output() {
    if (lexer_.word("a node (%label = ...) or an output") != "output") lexer_.refuse("expected a node or an output");
    const std::string name = lexer_.quoted("the name of the output");
    const Value value = parse_value();
    lexer_.end_of_line();
    builder_.output(name, value);
  }

  Value parse_input() {
    const std::string name = lexer_.quoted("the name of the input");
    lexer_.expect(':');
    const Type type = parse_type(0);
    if (type.is_tuple()) lexer_.refuse("an input cannot be a tuple");
    builder_.set_origin(lexer_.end_of_line());
    return builder_.input(name, type.shape);
  }

  Value parse_const() {
    std::string name;
    std::vector<float> values;
    const bool is_named = lexer_.accept('@'), is_list = !is_named && lexer_.accept('[');
    if (is_named) {
      name = lexer_.constant_name();
    } else if (is_list) {
      parse_list([&] { values.push_back(lexer_.float_number()); });
    } else {
      values.push_back(lexer_.float_number());
    }
    lexer_.expect(':');
    const Shape shape = parse_constant_shape();
    Literal literal = is_named ? resolve(name, shape) : made(shape, std::move(values));
    builder_.set_origin(lexer_.end_of_line());
    return builder_.constant(std::move(literal));
  }

  Shape parse_constant_shape() {
    const Type type = parse_type(0);
    std::int64_t count = 1;
    for (auto extent : type.shape) {
      if (extent < 0 || (extent > 0 && count > kMaxElements / extent)) lexer_.refuse("a constant needs bound extents");
      count *= extent;
    }
    if (type.is_tuple()) lexer_.refuse("a constant cannot be a tuple");
    return type.shape;
  }

  Literal made(const Shape& shape, std::vector<float> values) {
    if (static_cast<std::int64_t>(values.size()) == element_count(shape)) return {shape, std::move(values)};
    lexer_.refuse("constant does not fit its type; got " + std::to_string(values.size()) + " numbers, expected " +
                  std::to_string(element_count(shape)));
  }

  Literal resolve(const std::string& name, const Shape& shape) {
    const auto found = resolver_ ? resolver_(name, shape) : std::nullopt;
    if (found && found->shape() == shape) return *found;
    lexer_.refuse("there is no constant '" + name + "' of shape " + signxai::to_string(shape));
  }

  Value parse_operation(const OpDef& op, int line) {
    std::vector<Value> inputs;
    while (lexer_.peek() == '%') inputs.push_back(parse_value());
    Attrs attrs;
    if (lexer_.accept('{') && !lexer_.accept('}')) {
      do parse_attr(op, attrs);
      while (lexer_.accept(','));
      lexer_.expect('}');
    }
    std::optional<Type> type;
    if (lexer_.accept(':')) type = parse_type(0);
    const std::string origin = lexer_.end_of_line();
    for (const AttrSpec& spec : op.attrs) {
      if (spec.type == AttrType::kRegion) attrs.set(spec.name, parse_region(spec.name));
    }
    builder_.set_origin(origin);
    return make(op, std::move(inputs), std::move(attrs), type, line);
  }

  Value make(const OpDef& op, std::vector<Value> inputs, Attrs attrs, const std::optional<Type>& type, int line) {
    const std::string subject = "line " + std::to_string(line);
    const Value value = [&] {
      try {
        return builder_.make(op.name, std::move(inputs), std::move(attrs));
      } catch (const Error& error) {
        throw Error(ErrorCode::kInvalidArgument, "text", subject, error.subject() + ": " + error.message());
      }
    }();
    if (type && builder_[value].type != *type) {
      throw Error(
          ErrorCode::kInvalidArgument, "text", subject,
          op.name + " has another type; got " + to_string(*type) + ", expected " + to_string(builder_[value].type));
    }
    return value;
  }

  Value parse_value() {
    if (!lexer_.accept('%')) lexer_.fail("a value (%label)");
    const std::string label = lexer_.word("a label");
    const auto it = values_.find(label);
    if (it == values_.end()) lexer_.refuse("there is no value %" + label + " above this line");
    return it->second;
  }

  void parse_attr(const OpDef& op, Attrs& attrs) {
    const std::string name = lexer_.word("the name of an attribute");
    std::string known;
    for (const AttrSpec& spec : op.attrs) {
      known += (known.empty() ? "" : ", ") + spec.name;
      if (spec.name != name || spec.type == AttrType::kRegion) continue;
      if (attrs.contains(name)) lexer_.refuse("attribute '" + name + "' is given twice");
      lexer_.expect('=');
      attrs.set(name, parse_attr_value(spec.type));
      return;
    }
    lexer_.refuse(op.name + " takes no attribute '" + name + "'; expected one of: " + known);
  }

  Attr parse_attr_value(AttrType type) {
    if (type == AttrType::kInteger) return lexer_.integer();
    if (type == AttrType::kNumber) return lexer_.double_number();
    if (type == AttrType::kText) return lexer_.quoted("a text");
    lexer_.expect('[');
    Ints values;
    parse_list([&] { values.push_back(lexer_.integer()); });
    return values;
  }

  Region parse_region(const std::string& name) {
    if (depth_ == kMaxDepth) lexer_.refuse("regions are nested too deeply");
    lexer_.skip_empty_lines();
    if (lexer_.peek() == '%' || lexer_.word("the region '" + name + " {'") != name) lexer_.fail("'" + name + " {'");
    lexer_.expect('{');
    lexer_.end_of_line();
    Graph region = Parser(lexer_, resolver_, depth_ + 1).parse();
    lexer_.expect('}');
    lexer_.end_of_line();
    return std::make_shared<const Graph>(std::move(region));
  }

  Type parse_type(int depth) {
    Type type;
    if (lexer_.accept('(')) {
      if (depth == kMaxDepth) lexer_.refuse("tuples are nested too deeply");
      do type.elements.push_back(parse_type(depth + 1));
      while (lexer_.accept(','));
      lexer_.expect(')');
      return type;
    }
    if (lexer_.word("a type (f32[...])") != "f32") lexer_.refuse("every number is f32");
    lexer_.expect('[');
    parse_list([&] {
      type.shape.push_back(lexer_.accept('?') ? kOpen : lexer_.integer());
      if (type.shape.back() < kOpen) lexer_.refuse("an extent is not negative");
    });
    return type;
  }

  /// Members up to the closing bracket.
  template <typename Member>
  void parse_list(Member&& member) {
    if (lexer_.accept(']')) return;
    do member();
    while (lexer_.accept(','));
    lexer_.expect(']');
  }

  Lexer& lexer_;
  const Resolver& resolver_;
  int depth_;
  Builder builder_;
  std::map<std::string, Value> values_;
};

}  // namespace

Graph from_text(std::string_view text, const Resolver& resolver) {
  Lexer lexer(text);
  Graph graph = Parser(lexer, resolver, 0).parse();
  if (!lexer.at_end()) lexer.fail("a node or an output");
  return graph;
}

}  // namespace signxai::graph
