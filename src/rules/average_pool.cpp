// LRP through average pooling, local and global.
#include "graph/rewrite.h"
#include "rules/layers.h"

namespace signxai::rules {

Value through_average_pool(const reverse::Site& site, Value relevance) {
  graph::Builder& b = site.builder;
  const Value x = site.call().inputs.front(), y = site.call().output;
  return b.mul(x, graph::pull_back(b, y, site.ratio(relevance, y), {x}).front());
}

}  // namespace signxai::rules
