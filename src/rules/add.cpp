// LRP through sum layers.
#include "rules/layers.h"

namespace signxai::rules {

std::vector<Value> through_add(const reverse::Site& site, Value relevance) {
  graph::Builder& b = site.builder;
  const Value ratio = site.ratio(relevance, site.call().output);
  std::vector<Value> shares;
  for (Value x : site.call().inputs) shares.push_back(b.sum_to(b.mul(x, ratio), Shape(b.shape(x))));
  return shares;
}

}  // namespace signxai::rules
