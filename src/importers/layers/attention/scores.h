// What the attention layers share: masks and the weighted mean of values. Part of the layer importers.
#pragma once

#include "importers/layers/layer.h"

namespace signxai::keras {

/// An option of the call; false where it is left out.
bool flag_of_call(const LayerContext& context, const char* name);

/// [1, T, S] with 1 where position t may look at s: s <= t if `causal`, |t - s| < window if that is positive. Invalid
/// where neither is asked for. `queries` and `keys` are [N, T, ...] and [N, S, ...]; their lengths must be known.
graph::Value position_mask(LayerContext& context, graph::Value queries, graph::Value keys, bool causal,
                           std::int64_t window);

/// Where both masks are 1; either may be invalid, which is 1 everywhere.
graph::Value both_masks(graph::Builder& builder, graph::Value a, graph::Value b);
/// A mask [N, S] of the steps as one of scores, [N, 1, S] or with `rows` [N, S, 1].
graph::Value along_scores(LayerContext& context, graph::Value mask, bool rows);

/// `scores` minus 1e9 where the mask, which broadcasts against them, is 0.
graph::Value masked(graph::Builder& builder, graph::Value scores, graph::Value mask);

/// Softmax over the last `axes` axes.
graph::Value softmax(graph::Builder& builder, graph::Value scores, std::size_t axes);

}  // namespace signxai::keras
