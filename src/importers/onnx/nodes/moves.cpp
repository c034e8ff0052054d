// Nodes that take parts of tensors, join them or put elements elsewhere.
#include <algorithm>
#include <limits>

#include "importers/onnx/nodes/families.h"

namespace signxai::onnx {
namespace {

using graph::Ints;

const Json kWhole{{"start", nullptr}, {"stop", nullptr}, {"step", nullptr}};

/// x[...] by ranges, one for each axis of the frame.
TensorRef get_item(Node& node, const Tensor& x, Frame frame, std::int64_t axis, const Json& key) {
  Json keys = Json::array();
  for (std::int64_t i = 0; i < in_frame(axis, frame); ++i) keys.push_back(kWhole);
  keys.push_back(key);
  return node.operation("GetItem", {{"x", nth(0)}, {"key", keys}}, {node.in_frame(x, frame)});
}

bool is_far(std::int64_t number) { return number > keras::kMaxExtent || number < -keras::kMaxExtent; }

/// A range as Python writes it; bounds beyond every extent are left out.
Json range(std::int64_t start, std::int64_t stop, std::int64_t step) {
  Json key = kWhole;
  const auto beyond = [&](std::int64_t at) { return is_far(at); };
  if (!beyond(start) && (start != 0 || step < 0)) key["start"] = start;
  if (!beyond(stop)) key["stop"] = stop;
  if (step != 1) key["step"] = step;
  return key;
}

/// A row of the table for each id.
void give_embedding(Node& node, const Constant& table) {
  const Tensor& ids = node.input(1);
  if (table.shape().size() != 2 || node.integer("axis", 0) != 0)
    node.refuse("takes elements of a constant by computed indices; supported are rows of a matrix");
  const Frame frame = Node::frame_for(ids);
  const Json config{{"input_dim", table.shape()[0]}, {"output_dim", table.shape()[1]}};
  node.give(0, node.layer("Embedding", config, {node.in_frame(ids, frame)}, {table.literal("embeddings")}), frame);
}

}  // namespace

void translate_concat(Node& node) {
  std::vector<Tensor> parts;
  for (std::size_t i = 0; i < node.inputs(); ++i) {
    if (!node.input(i).constant || node.input(i).constant->size() > 0) parts.push_back(node.input(i));
  }
  const auto computed = std::find_if(parts.begin(), parts.end(), [](const Tensor& t) { return !t.constant; });
  const std::size_t rank = computed->shape.size();
  const std::int64_t axis = node.axis(node.integer("axis", 1), rank);
  const bool last = std::all_of(parts.begin(), parts.end(), [](const Tensor& t) { return t.channels_last; });
  Frame frame = last ? Frame::kBatch : Frame::kSample;
  const auto batch = [](const Tensor& t) { return Node::frame_for(t) == Frame::kBatch; };
  if (axis > 0 && std::all_of(parts.begin(), parts.end(), batch)) frame = Frame::kBatch;
  const Tensor like = *computed;
  std::vector<TensorRef> refs;
  Json list = Json::array();
  for (const Tensor& part : parts) {
    const Tensor given = part.constant ? node.translator().for_each_sample(*part.constant, like, node.name()) : part;
    list.push_back(nth(refs.size()));
    refs.push_back(last ? given.ref : node.in_frame(given, frame));
  }
  if (!last || axis == 0)
    return node.give(0, node.operation("Concatenate", {{"xs", list}, {"axis", in_frame(axis, frame)}}, refs), frame);
  const std::int64_t at = axis == 1 ? static_cast<std::int64_t>(rank) - 1 : axis - 1;
  Tensor made = like;
  made.ref = node.operation("Concatenate", {{"xs", list}, {"axis", at}}, refs);
  made.missing = !node.translator().shape_of(made.ref);
  made.shape[static_cast<std::size_t>(axis)] = 0;
  for (const Tensor& part : parts)
    made.shape[static_cast<std::size_t>(axis)] += part.shape[static_cast<std::size_t>(axis)];
  node.give(0, made);
}

void translate_gather(Node& node) {
  if (const Constant* table = node.constant(0)) return give_embedding(node, *table);
  const Tensor& x = node.input(0);
  const Constant& indices = node.known(1, "indices");
  const std::int64_t axis = node.axis(node.integer("axis", 0), x.shape.size());
  const Frame frame = Node::frame_for(x, axis);
  const Ints numbers = indices.integers();
  if (numbers.empty()) node.refuse("takes no elements");
  Shape to(x.shape.begin(), x.shape.begin() + axis);
  to.insert(to.end(), indices.shape().begin(), indices.shape().end());
  to.insert(to.end(), x.shape.begin() + axis + 1, x.shape.end());
  TensorRef taken;
  if (is_far(numbers.front())) node.corrupt("takes an element that no axis has");
  if (numbers.size() == 1) {
    taken =
        get_item(node, x, frame, axis,
                 range(numbers[0], numbers[0] == -1 ? std::numeric_limits<std::int64_t>::max() : numbers[0] + 1, 1));
  } else {
    taken = node.operation("Take", {{"x", nth(0)}, {"indices", numbers}, {"axis", in_frame(axis, frame)}},
                           {node.in_frame(x, frame)});
  }
  Tensor made;
  made.ref = taken;
  made.missing = !node.translator().shape_of(taken);
  made.shape = to;
  made.view = node.name() + "/reshape";
  node.give(0, made);
}

void translate_pad(Node& node) {
  const Tensor x = node.translator().channels_first(node.input(0), node.name());
  const std::size_t rank = x.shape.size();
  const std::string mode = node.text("mode", "constant");
  auto pads = node.integers("pads", 1);
  if (node.has(3)) {  // of some axes only
    const Ints axes = node.known(3, "axes").integers(), few = pads.value_or(Ints{});
    if (few.size() != 2 * axes.size()) node.corrupt("has the wrong number of pads");
    pads = Ints(2 * rank, 0);
    for (std::size_t i = 0; i < axes.size(); ++i) {
      const auto at = static_cast<std::size_t>(node.axis(axes[i], rank));
      (*pads)[at] = few[i], (*pads)[at + rank] = few[i + axes.size()];
    }
  }
  if (!pads || pads->size() != 2 * rank) node.corrupt("has the wrong number of pads");
  const double value = node.has(2) ? node.known(2, "value").single() : node.number("value", 0);
  const bool batch = (*pads)[0] == 0 && (*pads)[rank] == 0;
  const Frame frame = Node::frame_for(x, batch ? 1 : 0);
  Json widths = Json::array();
  if (frame == Frame::kSample) widths.push_back({0, 0});
  bool any = false;
  for (std::size_t i = 0; i < rank; ++i) {
    const std::int64_t low = (*pads)[i], high = (*pads)[i + rank];
    if (low < 0 || high < 0) node.refuse("has negative pads, which are not supported");
    any = any || low > 0 || high > 0;
    widths.push_back({low, high});
  }
  if (!any) return node.give(0, x);
  if (mode != "constant" && mode != "reflect")
    node.refuse("pads by '" + mode + "'; supported are constant and reflect");
  const Json options{{"x", nth(0)}, {"width", widths}, {"mode", mode}, {"value", value}};
  node.give(0, node.operation("Pad", options, {node.in_frame(x, frame)}), frame);
}

void translate_slice(Node& node) {
  const Tensor& x = node.input(0);
  const bool attributes = node.has("starts");
  const Ints starts = attributes ? *node.integers("starts") : node.known(1, "starts").integers();
  const Ints ends = attributes ? node.integers("ends").value_or(Ints{}) : node.known(2, "ends").integers();
  Ints axes = (attributes ? node.integers("axes") : node.integers("axes", 3)).value_or(Ints{});
  const Ints steps = (node.has(4) ? node.known(4, "steps").integers() : Ints(starts.size(), 1));
  for (std::size_t i = 0; axes.size() < starts.size(); ++i) axes.push_back(static_cast<std::int64_t>(i));
  if (ends.size() != starts.size() || axes.size() != starts.size() || steps.size() != starts.size())
    node.corrupt("has lists of different lengths");
  const bool touches_batch =
      std::any_of(axes.begin(), axes.end(), [&](std::int64_t a) { return node.axis(a, x.shape.size()) == 0; });
  const Frame frame = Node::frame_for(x, touches_batch ? 0 : 1);
  Json keys = Json::array();
  for (std::size_t i = 0; i < x.shape.size() + (frame == Frame::kSample ? 1 : 0); ++i) keys.push_back(kWhole);
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const std::int64_t axis = node.axis(axes[i], x.shape.size());
    keys[static_cast<std::size_t>(in_frame(axis, frame))] = range(starts[i], ends[i], steps[i]);
  }
  if (std::all_of(keys.begin(), keys.end(), [](const Json& key) { return key == kWhole; })) return node.give(0, x);
  node.give(0, node.operation("GetItem", {{"x", nth(0)}, {"key", keys}}, {node.in_frame(x, frame)}), frame);
}

void translate_split(Node& node) {
  const Tensor& x = node.input(0);
  const std::int64_t axis = node.axis(node.integer("axis", 0), x.shape.size());
  const std::int64_t extent = x.shape[static_cast<std::size_t>(axis)],
                     parts = static_cast<std::int64_t>(node.outputs());
  if (extent == graph::kOpen) node.refuse("splits an axis of open extent; try exporting the model with fixed extents");
  Ints sizes = node.integers("split", 1).value_or(Ints{});
  if (sizes.empty()) {
    const std::int64_t size = (extent + parts - 1) / parts;
    for (std::int64_t begin = 0; begin < extent; begin += size) sizes.push_back(std::min(size, extent - begin));
  }
  if (static_cast<std::int64_t>(sizes.size()) != parts)
    node.corrupt("has " + std::to_string(sizes.size()) + " parts and " + std::to_string(parts) + " outputs");
  const Frame frame = Node::frame_for(x, axis);
  const Json options{{"x", nth(0)}, {"sizes", sizes}, {"axis", in_frame(axis, frame)}};
  const TensorRef made = node.operation("Split", options, {node.in_frame(x, frame)});
  for (std::size_t i = 0; i < node.outputs(); ++i) node.give(i, keras::result_of(made, i), frame);
}

void translate_tile(Node& node) {
  const Tensor& x = node.input(0);
  const Ints repeats = node.known(1, "repeats").integers();
  if (repeats.size() != x.shape.size()) node.corrupt("has the wrong number of repeats");
  if (std::all_of(repeats.begin(), repeats.end(), [](std::int64_t r) { return r == 1; })) return node.give(0, x);
  const Frame frame = Node::frame_for(x, repeats.front() == 1 ? 1 : 0);
  Ints times = repeats;
  if (frame == Frame::kSample) times.insert(times.begin(), 1);
  node.give(0, node.operation("Tile", {{"x", nth(0)}, {"repeats", times}}, {node.in_frame(x, frame)}), frame);
}

}  // namespace signxai::onnx
