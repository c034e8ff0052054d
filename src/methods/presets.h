// Composites as methods: what LRP with a given rule, the built-in composites and those known from zennit share.
#pragma once

#include <string>
#include <vector>

#include "methods/method.h"
#include "rules/composite.h"

namespace signxai::methods {

/// A method that walks with the LRP step of a composite.
MethodDef composite_method(const char* name, const char* description, std::vector<ParameterInfo> parameters,
                           CompositeOf composite, void (*check)(const Parameters&));

/// Parameters of every composite method.
std::vector<ParameterInfo> shared_parameters();
/// Throws Error(kInvalidArgument) where the parameter layer_map is not well formed.
void check_layer_map(const Parameters& parameters);
/// Adds the entries of the parameter layer_map behind those there are, but before them where they name a layer by its
/// whole name; takes over merge_batch_norm.
void with_layer_map(rules::Composite& composite, const Parameters& parameters, const graph::Network& network);

/// The entries of a preset by its name (EpsilonPlus, epsilon_plus); throws Error(kInvalidArgument) with near names.
std::vector<rules::Entry> preset_entries(const std::string& name, const Parameters& parameters);

bool is_preset(const std::string& name);

}  // namespace signxai::methods
