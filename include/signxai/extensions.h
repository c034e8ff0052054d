// What a program adds to the built-in methods, rules and composites. An explainer gets it by
// ExplainerOptions::extensions.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "signxai/explainer.h"
#include "signxai/export.h"
#include "signxai/method.h"
#include "signxai/model.h"

namespace signxai {

/// What a method of your own works with: some of the samples of a call, and other methods. Valid until the method
/// returns; safe to use from several threads.
struct MethodCall {
  const Model& model;
  const Parameters& parameters;    ///< those that the caller gave
  std::vector<TensorView> inputs;  ///< one per input of the model, (samples, *sample shape)
  /// Explained neurons (flat index; -1 where there is no single one), row-major in `targets_shape`.
  std::vector<std::int64_t> targets;
  Shape targets_shape;  ///< (samples), or with several explained outputs (samples, outputs)
  /// Maps of other methods, built-in ones or your own, in the options of the call: of the same samples for the same
  /// targets where `at` is empty, else of inputs given in their place, one array per input of the model with as many
  /// samples. The largest outputs (Target::max) are then found at the samples and not anew. Error(kInvalidArgument) for
  /// what explain() refuses, and for a method that would call itself.
  std::function<Explanation(const std::vector<MethodRequest>& methods, const std::vector<TensorView>& at)> explain;
};

/// A method that composes others.
struct UserMethod {
  std::string name;
  std::vector<ParameterInfo> parameters;
  std::string description;
  /// One map per input of the model: (samples, *shape), with the shape of the input, with that without its channels, or
  /// with that of a map that the call computed; finite. It is called with as many samples as are computed together, so
  /// the map of one must not depend on the others; with the targets top and each a sample comes once per neuron.
  /// Several calls may run at once. What it throws reaches the caller.
  std::function<std::vector<Tensor>(const MethodCall& call)> maps;
  std::string origin{};  ///< who defines it: the same may define it anew
};

/// A rule or composite as JSON (docs/composites.md) that depends on parameters.
struct UserStatement {
  std::string name;
  std::vector<ParameterInfo> parameters;
  std::string description;
  /// A rule: {"shares": [...]}; a "name" that is missing is added, with the given parameters. A composite: [entries].
  std::function<std::string(const Parameters& given)> state;
  std::string origin{};
};

/// A table of them. Own rules may stand wherever a rule is named in parameters of methods (layer_map, composite, rule,
/// input_layer_rule, until_index_rule), own composites for `composite`, and "lrp.NAME" is the method with that
/// composite. Additions count for calls that begin after them. Safe to use from several threads.
class SIGNXAI_API Extensions {
 public:
  Extensions();
  ~Extensions();
  Extensions(const Extensions&) = delete;
  Extensions& operator=(const Extensions&) = delete;

  /// Each throws Error(kInvalidArgument) for a name that is built in, that another origin defined, or that is not made
  /// of letters, digits, '_', '-' and '.'.
  void add(UserMethod method);
  void add_rule(UserStatement rule);
  void add_composite(UserStatement composite);
  /// A file that additions come from, for the provenance of results.
  void add_source(ModelFile file);

  std::vector<ModelFile> sources() const;
  /// As method_table() and describe_method(), with the additions.
  std::vector<MethodInfo> method_table() const;
  MethodInfo describe_method(std::string_view name) const;

  std::shared_ptr<const UserMethod> find(std::string_view method) const;
  /// The parameters of a method with the names of own rules and composites replaced by what they state.
  Parameters stated(std::string_view method, const Parameters& given) const;
  /// The composite that "lrp.NAME" is for; empty: none.
  std::string composite_of(std::string_view method) const;

 private:
  struct Tables;
  std::unique_ptr<Tables> tables_;
};

}  // namespace signxai
