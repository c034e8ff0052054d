// One node as its translator sees it: operands, attributes, and the ways to answer. Lives for the time of the
// translation only. Third stage of the importer of SavedModels.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "importers/tensorflow/flatten.h"
#include "importers/tensorflow/value.h"

namespace signxai::tensorflow {

class Translator;

class Node {
 public:
  Node(Translator& translator, const FlatNode& node) : translator_(translator), node_(node) {}

  const std::string& op() const { return node_.definition->op(); }
  const std::string& name() const { return node_.name; }
  /// The layer that it belongs to, by its name.
  std::string scope() const;
  const FlatNode& flat() const { return node_; }
  Translator& translator() const { return translator_; }

  std::size_t count() const { return node_.inputs.size(); }
  const Value& operand(std::size_t index) const;
  /// Whether nothing else uses that operand, so that it can become part of this layer.
  bool only_use(std::size_t index) const;
  /// The node behind an operand, and behind what hands it on unchanged; null where it is none of that operation.
  const FlatNode* made_by(std::size_t index, std::string_view op) const;

  /// An operand that has to be known. `what` names it in the refusal.
  const graph::Literal& numbers(std::size_t index, const char* what) const;
  graph::Ints integers(std::size_t index, const char* what) const;
  std::int64_t integer(std::size_t index, const char* what) const;
  /// An axis counted from the front of `rank`; refuses one that is outside.
  std::int64_t from_front(std::int64_t axis, std::size_t rank) const;

  bool flag(const std::string& name, bool fallback = false) const;
  std::int64_t integer(const std::string& name, std::int64_t fallback) const;
  double number(const std::string& name, double fallback) const;
  std::string text(const std::string& name, const std::string& fallback) const;
  graph::Ints list(const std::string& name) const;
  int type(const std::string& name) const;
  /// The shape that the file has for a result; empty where it has none.
  std::optional<Shape> shape(std::size_t result = 0) const;

  [[noreturn]] void refuse(const std::string& reason) const;

  /// A call that nothing can be added to. `shape`: what the file says, unless given.
  Value layer(const char* class_name, keras::Json config, const std::vector<Value>& inputs,
              std::vector<graph::Literal> weights = {}, std::optional<Shape> shape = {}) const;
  /// An operation of the table; `options` as there, with {"tensor": i} for inputs.
  Value operation(const char* class_name, keras::Json options, const std::vector<Value>& inputs,
                  std::optional<Shape> shape = {}) const;
  /// A call with kernel, which may get a bias and an activation.
  Value kernel(const char* class_name, keras::Json config, const Value& input, std::vector<graph::Literal> weights,
               Shape shape) const;
  /// Numbers, with the integers noted.
  static Value constant(graph::Literal literal, bool integer);
  /// How a value stands among the options of an operation: {"tensor": i}, its place among `inputs`, or a number.
  keras::Json option(const Value& value, std::vector<Value>& inputs) const;

 private:
  Translator& translator_;
  const FlatNode& node_;
};

using Translate = std::vector<Value> (*)(Node& node);

}  // namespace signxai::tensorflow
