// Options that several verbs share, and what they become: a loaded model, an explainer, method requests, a target.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "signxai/explainer.h"
#include "signxai/extensions.h"

namespace CLI {
class App;
}

namespace signxai::cli {

/// MODEL, --weights and --custom-layers.
struct ModelOptions {
  std::string path, weights, custom_layers;

  void add_to(CLI::App& verb);
  /// Loads the model; its notes are left to the caller.
  Model load() const;
};

/// --threads, --batch, --backend and --disable-pass.
struct ComputeOptions {
  ExplainerOptions options;

  /// For an explainer of so many samples; it is asked once where there is one.
  ExplainerOptions options_for(std::size_t samples) const;
  void add_to(CLI::App& verb);
};

/// --method, --param, --layer-map and --composite.
struct MethodOptions {
  std::vector<std::string> names, assignments;
  std::string layer_map, composite;
  std::shared_ptr<const Extensions> known;

  bool asks_for_all() const;
  void add_to(CLI::App& verb, bool required, std::shared_ptr<const Extensions> additions);

  /// The methods in the order they were named, each once; "all" stands for the reference's list without what evaluates
  /// many points. A parameter goes to the methods that take it; one that no
  /// method takes is an error, and so is an unknown method (kInvalidArgument).
  std::vector<MethodRequest> requests() const;
  /// Those of the requests that the network and its inputs allow, where all methods were asked for; says which do not.
  std::vector<MethodRequest> fitting(std::vector<MethodRequest> requests, const Explainer& explainer,
                                     const std::vector<Shape>& sample) const;
};

/// --target.
struct TargetOptions {
  std::string text = "max";

  void add_to(CLI::App& verb);
  /// kInvalidArgument.
  Target parse(const Model& model) const;
};

/// The shapes of one sample of each input.
std::vector<Shape> sample_shapes(const std::vector<TensorView>& batch);
/// The pieces between commas; empty pieces are kept.
std::vector<std::string> split_commas(const std::string& text);

}  // namespace signxai::cli
