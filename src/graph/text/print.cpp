// Printing a graph, and finding its constants again.
#include "graph/text.h"

#include <bit>
#include <cstring>
#include <limits>
#include <map>
#include <utility>

#include "graph/op.h"
#include "graph/text/lexer.h"
#include "graph/text/scalar.h"

namespace signxai::graph {
namespace {

constexpr std::int64_t kInline = 64;  // elements up to which a constant without a name is written out

std::string label(Value value) { return "%" + std::to_string(value.id); }
std::string quote(std::string_view text) { return "\"" + escape(text) + "\""; }

/// FNV-1a over shape and bits: the same on every run and machine.
std::string content_hash(const Literal& literal) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  const auto mix = [&hash](std::uint64_t value) { hash = (hash ^ value) * 0x100000001b3u; };
  for (auto extent : literal.shape()) mix(static_cast<std::uint64_t>(extent));
  for (std::int64_t i = 0; i < literal.size(); ++i) mix(std::bit_cast<std::uint32_t>(literal.data()[i]));
  std::string digits(16, '0');
  for (std::size_t i = 16; i-- > 0; hash >>= 4) digits[i] = "0123456789abcdef"[hash & 15];
  return digits;
}

bool is_inline(const Literal& literal) { return literal.name().empty() && literal.size() <= kInline; }

/// What stands behind "@".
std::string key(const Literal& literal) {
  return literal.name().empty() ? "#" + content_hash(literal) : literal.name();
}

std::string print(const Literal& literal) {
  if (!is_inline(literal)) {
    const bool plain = literal.name().empty() || is_plain_name(literal.name());
    return "@" + (plain ? key(literal) : quote(literal.name()));
  }
  if (literal.shape().empty()) return print_number(*literal.data());
  std::string list;
  for (std::int64_t i = 0; i < literal.size(); ++i) list += (i > 0 ? ", " : "") + print_number(literal.data()[i]);
  return "[" + list + "]";
}

std::string print(const Ints& values) {
  std::string list;
  for (auto v : values) {
    list += list.empty() ? "" : ",";
    list += v == std::numeric_limits<std::int64_t>::max() ? "end" : std::to_string(v);
  }
  return "[" + list + "]";
}

std::string print(const Attr& attr) {
  return std::visit(
      [](const auto& value) -> std::string {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, std::int64_t>) return std::to_string(value);
        if constexpr (std::is_same_v<T, double>) return print_number(value);
        if constexpr (std::is_same_v<T, std::string>) return quote(value);
        if constexpr (std::is_same_v<T, Ints> || std::is_same_v<T, Literal>) return print(value);
        return {};  // regions stand in blocks of their own
      },
      attr);
}

bool is_fallback(const AttrSpec& spec, const Attr& value) {
  return spec.fallback && Attrs{{spec.name, value}} == Attrs{{spec.name, *spec.fallback}};
}

std::string print_attrs(const Node& node) {
  std::string list;
  for (const auto& [name, value] : node.attrs.entries()) {
    for (const AttrSpec& spec : node.op->attrs) {
      if (spec.name != name || spec.type == AttrType::kRegion || is_fallback(spec, value)) continue;
      list += (list.empty() ? "" : ", ") + name + "=" + print(value);
    }
  }
  return list.empty() ? "" : " {" + list + "}";
}

std::string print_operation(const Node& node) {
  if (node.is("input")) return " " + quote(node.attrs.text("name"));
  if (node.is("const")) return " " + print(node.attrs.literal("value"));
  std::string text;
  for (Value input : node.inputs) text += " " + label(input);
  return text + print_attrs(node);
}

std::string print_line(const Graph& graph, Value value) {
  const Node& node = graph[value];
  const std::string& origin = graph.origin(value);
  return label(value) + " = " + node.op->name + print_operation(node) + " : " + to_string(node.type) +
         (origin.empty() ? "" : "  # " + escape(origin)) + "\n";
}

void print(const Graph& graph, const std::string& indent, std::string& text) {
  for (std::int32_t i = 0; i < graph.size(); ++i) {
    text.append(indent).append(print_line(graph, Value{i}));
    for (const auto& [name, value] : graph[Value{i}].attrs.entries()) {
      const auto* region = std::get_if<Region>(&value);
      if (!region) continue;
      text.append(indent).append("  ").append(name).append(" {\n");
      print(**region, indent + "    ", text);
      text.append(indent).append("  }\n");
    }
  }
  for (const Output& out : graph.outputs()) {
    text.append(indent).append("output ").append(quote(out.name)).append(" ").append(label(out.value)).append("\n");
  }
}

using Constants = std::map<std::pair<std::string, Shape>, Literal>;

void collect(const Graph& graph, Constants& constants) {
  for (const Node& node : graph.nodes()) {
    for (const auto& [name, value] : node.attrs.entries()) {
      if (const auto* region = std::get_if<Region>(&value)) collect(**region, constants);
      const auto* literal = std::get_if<Literal>(&value);
      if (literal && !is_inline(*literal)) constants.emplace(std::pair(key(*literal), literal->shape()), *literal);
    }
  }
}

}  // namespace

std::string to_text(const Graph& graph) {
  std::string text;
  print(graph, "", text);
  return text;
}

Resolver constants_of(const Graph& graph) {
  Constants constants;
  collect(graph, constants);
  return [constants = std::move(constants)](std::string_view name, const Shape& shape) -> std::optional<Literal> {
    const auto it = constants.find({std::string(name), shape});
    return it == constants.end() ? std::nullopt : std::optional(it->second);
  };
}

}  // namespace signxai::graph
