// The walk over the nodes, and where tensors stand in memory.
#include "importers/onnx/translator.h"

#include <algorithm>

#include "importers/keras/assemble.h"
#include "importers/onnx/node.h"
#include "importers/onnx/table.h"
#include "signxai/error.h"

namespace signxai::onnx {
namespace {

using onnx_messages::ValueInfo;

constexpr int kMostNodes = 100000;

Element element_of(int type) {
  if (type == 9) return Element::kBoolean;
  return type == 1 || type == 10 || type == 11 || type == 16 ? Element::kFloat : Element::kInteger;
}

/// The shape behind the batch; negative where an extent is open.
Shape declared_shape(const ValueInfo& info) {
  Shape shape;
  for (const auto& dim : info.type().tensor_type().shape().dim()) {
    shape.push_back(dim.has_dim_value() ? dim.dim_value() : graph::kOpen);
  }
  return shape;
}

}  // namespace

const Tensor& Translator::tensor(const std::string& name, const std::string& user) const {
  const auto it = tensors_.find(name);
  if (it == tensors_.end())
    document_.corrupt(document_.subject(), "'" + user + "' takes '" + name + "', which nothing makes");
  return it->second;
}

const Tensor* Translator::find(const std::string& name) const {
  const auto it = tensors_.find(name);
  return it == tensors_.end() ? nullptr : &it->second;
}

const onnx_messages::Node* Translator::sole_user(const std::string& tensor) const {
  const auto it = users_.find(tensor);
  if (it == users_.end() || it->second.size() != 1 || outputs_.count(tensor)) return nullptr;
  return it->second.front();
}

const onnx_messages::Node* Translator::maker_of(const std::string& tensor) const {
  const auto it = makers_.find(tensor);
  return it == makers_.end() ? nullptr : it->second;
}

void Translator::index_nodes() {
  const auto& graph = document_.graph();
  if (graph.node_size() > kMostNodes) {
    throw Error(ErrorCode::kUnsupported, "import", document_.subject(), "has more than 100000 nodes");
  }
  for (const auto& node : graph.node()) {
    for (const std::string& output : node.output()) {
      if (output.empty()) continue;
      if (!makers_.emplace(output, &node).second) {
        document_.corrupt(document_.subject(), "two nodes make '" + output + "'");
      }
    }
    std::set<std::string> inputs(node.input().begin(), node.input().end());
    inputs.erase("");
    for (const std::string& input : inputs) users_[input].push_back(&node);
  }
  for (const auto& output : graph.output()) outputs_.insert(output.name());
}

void Translator::read_initializers() {
  const auto& graph = document_.graph();
  if (graph.sparse_initializer_size() > 0) {
    throw Error(ErrorCode::kUnsupported, "import", document_.subject(), "has sparse weights, which are not supported");
  }
  for (int i = 0; i < graph.initializer_size(); ++i) {
    const std::string name = graph.initializer(i).name();
    if (!users_.count(name) && !outputs_.count(name)) continue;
    if (makers_.count(name) || tensors_.count(name)) {
      document_.corrupt(document_.subject(), "'" + name + "' is made twice: by a node and as a weight");
    }
    const Constant constant = document_.take_initializer(i);
    Tensor tensor;
    tensor.shape = constant.shape();
    tensor.element = constant.element();
    tensor.constant = constant;
    set(name, std::move(tensor));
  }
}

/// Inputs with a value of their own are weights that a caller could replace.
void Translator::read_inputs() {
  for (const ValueInfo& info : document_.graph().input()) {
    if (tensors_.count(info.name())) continue;
    if (makers_.count(info.name()))
      document_.corrupt(document_.subject(), "'" + info.name() + "' is an input and made by a node");
    const std::string subject = document_.subject() + ": input " + info.name();
    const auto refuse = [&](const std::string& why) { throw Error(ErrorCode::kUnsupported, "import", subject, why); };
    if (!info.type().has_tensor_type() || !info.type().tensor_type().has_shape()) {
      refuse("is no tensor of known shape; try exporting the model with a sample of data");
    }
    Shape shape = declared_shape(info);
    if (shape.empty()) refuse("is a single number; expected a batch of samples");
    for (const std::int64_t extent : shape) {
      if (extent < graph::kOpen || extent > keras::kMaxExtent)
        document_.corrupt(subject, "has the impossible shape " + signxai::to_string(shape));
      if (extent == 0) refuse("has no elements");
    }
    if (shape.front() > 1) {
      refuse("has the shape " + signxai::to_string(shape) +
             ", whose first axis should be the batch, open or of extent 1; try "
             "exporting the model with a batch of one, or with dynamic_axes / dynamic_shapes for it");
    }
    if (shape.front() == 1)
      notes_.push_back("the batch of input '" + info.name() + "' is fixed at 1; here it may be of any size");
    Tensor tensor;
    tensor.element = element_of(info.type().tensor_type().elem_type());
    tensor.shape = shape;
    tensor.shape.front() = 1;
    shape.front() = graph::kOpen;
    tensor.ref = builder_.input(info.name(), shape);
    set(info.name(), std::move(tensor));
  }
  if (builder_.model().inputs.empty()) document_.corrupt(document_.subject(), "has no input");
}

/// Nodes that take nothing that is computed.
void Translator::move_numbers_first(std::vector<const onnx_messages::Node*>& order) const {
  std::set<const onnx_messages::Node*> computed;
  for (const auto* node : order) {
    for (const std::string& input : node->input()) {
      const auto* maker = maker_of(input);
      const bool known =
          input.empty() || (maker ? !computed.count(maker) : tensors_.count(input) && tensors_.at(input).constant);
      if (!known) computed.insert(node);
    }
  }
  std::stable_partition(order.begin(), order.end(), [&](const auto* node) { return !computed.count(node); });
}

/// What the outputs need, each behind what it takes, and numbers before all else: layers are recovered by them.
std::vector<const onnx_messages::Node*> Translator::needed_nodes() const {
  std::set<const onnx_messages::Node*> needed;
  std::vector<std::string> pending(outputs_.begin(), outputs_.end());
  while (!pending.empty()) {
    const auto* maker = maker_of(pending.back());
    pending.pop_back();
    if (!maker || !needed.insert(maker).second) continue;
    pending.insert(pending.end(), maker->input().begin(), maker->input().end());
  }
  std::map<const onnx_messages::Node*, std::set<const onnx_messages::Node*>> waiting;
  std::map<const onnx_messages::Node*, std::vector<const onnx_messages::Node*>> followers;
  std::map<int, const onnx_messages::Node*> ready;  // in the order of the file, where that is one
  std::map<const onnx_messages::Node*, int> places;
  for (const auto& node : document_.graph().node()) {
    if (!needed.count(&node)) continue;
    const int place = places[&node] = static_cast<int>(places.size());
    for (const std::string& input : node.input()) {
      const auto* maker = maker_of(input);
      if (maker && waiting[&node].insert(maker).second) followers[maker].push_back(&node);
    }
    if (waiting[&node].empty()) ready[place] = &node;
  }
  std::vector<const onnx_messages::Node*> order;
  while (!ready.empty()) {
    const auto* next = ready.begin()->second;
    ready.erase(ready.begin());
    order.push_back(next);
    for (const auto* follower : followers[next]) {
      waiting[follower].erase(next);
      if (waiting[follower].empty()) ready[places[follower]] = follower;
    }
  }
  if (order.size() == needed.size()) {
    move_numbers_first(order);
    return order;
  }
  const auto stuck = std::find_if(needed.begin(), needed.end(), [&](const auto* n) { return !waiting[n].empty(); });
  document_.corrupt(document_.subject(), "the node '" + (*stuck)->name() + "' depends on its own output");
}

void Translator::translate(const onnx_messages::Node& proto) {
  Node node(*this, proto);
  if (skipped_.count(&proto)) return;
  std::string reason;
  try {
    const NodeType& type = find_type(node);
    if (!node.any_missing()) {
      const bool known = node.all_constant();
      if (known && !type.fold)
        node.refuse("takes nothing but numbers of the file, from which its result is not computed");
      if (known) return type.fold(node);
      return type.translate(node);
    }
  } catch (const Error& e) {
    if (e.code() != ErrorCode::kUnsupported || e.stage() != "import") throw;
    reason = e.message();
  }
  Tensor missing;
  missing.missing = true;
  if (!reason.empty()) {
    missing.ref = builder_.refused({node.name(), proto.op_type(), Json::object(), {}}, reason);
  } else {  // behind a node that cannot be computed
    for (std::size_t i = 0; i < node.inputs(); ++i) {
      if (node.has(i) && node.input(i).missing) missing.ref = node.input(i).ref;
    }
  }
  for (std::size_t i = 0; i < node.outputs(); ++i) node.give(i, missing);
}

void Translator::give_outputs() {
  const auto& graph = document_.graph();
  if (graph.output_size() == 0) document_.corrupt(document_.subject(), "has no output");
  for (const ValueInfo& info : graph.output()) {
    const Tensor& found = tensor(info.name(), "the graph");
    if (found.constant) {
      throw Error(ErrorCode::kUnsupported, "import", document_.subject(),
                  "its output '" + info.name() + "' does not depend on the input");
    }
    if (found.missing) {
      builder_.output(found.ref);
    } else {
      const bool batch = !found.shape.empty() && found.shape.front() == 1;
      builder_.output(in_frame(found, batch ? Frame::kBatch : Frame::kSample, info.name()));
    }
  }
}

graph::Network Translator::run() {
  index_nodes();
  read_initializers();
  read_inputs();
  for (const auto* node : needed_nodes()) translate(*node);
  give_outputs();
  graph::Network network = keras::build_network(builder_.model(), builder_.weights(), document_.subject());
  network.notes.insert(network.notes.end(), notes_.begin(), notes_.end());
  return network;
}

Tensor Translator::channels_first(const Tensor& tensor, const std::string& user) {
  if (!tensor.channels_last) return tensor;
  Tensor turned = tensor;
  turned.channels_last = false;
  const auto rank = static_cast<std::int64_t>(tensor.shape.size());
  std::vector<std::int64_t> perm{0, rank - 1};
  for (std::int64_t i = 1; i + 1 < rank; ++i) perm.push_back(i);
  keras::NodeCall call{
      tensor.view.empty() ? user + "/transpose" : tensor.view, "Transpose", Json::object(), {tensor.ref}};
  call.arguments.options = {{"x", nth(0)}, {"axes", perm}};
  turned.ref = builder_.operation(std::move(call));
  return turned;
}

TensorRef Translator::in_frame(const Tensor& tensor, Frame frame, const std::string& user) {
  const Tensor turned = channels_first(tensor, user);
  Shape target(turned.shape);
  if (frame == Frame::kSample) {
    target.insert(target.begin(), graph::kOpen);
  } else {
    target.front() = graph::kOpen;
  }
  return shaped(turned, target, user);
}

TensorRef Translator::shaped(const Tensor& tensor, const Shape& target, const std::string& user) {
  const auto present = shape_of(tensor.ref);
  if (!present || *present == target) return tensor.ref;
  const auto key = std::make_pair(tensor.ref.layer, std::make_pair(tensor.ref.tensor, target));
  const auto it = reshaped_.find(key);
  if (it != reshaped_.end()) return it->second;
  const std::string name = tensor.view.empty() ? user + "/reshape" : tensor.view;
  const Shape extents(target.begin() + 1, target.end());
  const bool flat = extents.size() == 1;
  const auto open = std::count(extents.begin(), extents.end(), graph::kOpen);
  if (!flat && open > 1) {
    throw Error(ErrorCode::kUnsupported, "import", name,
                "gives a tensor the shape " + signxai::to_string(target) +
                    ", of which several extents are open; try exporting the model with fixed extents");
  }
  const Json config = flat ? Json::object() : Json{{"target_shape", extents}};
  return reshaped_[key] = builder_.layer({name, flat ? "Flatten" : "Reshape", config, {tensor.ref}});
}

/// Zeros that each sample has, plus the numbers.
Tensor Translator::for_each_sample(const Constant& constant, const Tensor& like, const std::string& user) {
  const auto shape = shape_of(like.ref);
  const auto operation = [&](const char* class_name, Json options, std::vector<TensorRef> inputs) {
    keras::NodeCall call{user + "/samples", class_name, Json::object(), std::move(inputs)};
    call.arguments.options = std::move(options);
    return builder_.operation(std::move(call));
  };
  TensorRef ref = like.ref;
  std::vector<std::int64_t> axes;
  for (std::size_t i = 1; shape && i < shape->size(); ++i) axes.push_back(static_cast<std::int64_t>(i));
  if (!axes.empty()) ref = operation("Sum", {{"x", nth(0)}, {"axis", axes}}, {ref});
  ref = operation("ZerosLike", {{"x", nth(0)}}, {ref});
  Shape ones(std::max<std::size_t>(constant.shape().size(), 1), 1), flat = constant.shape();
  if (flat.empty()) flat.push_back(1);
  ref = builder_.layer({user + "/samples", "Reshape", {{"target_shape", ones}}, {ref}});
  const TensorRef numbers = builder_.constant(user + "/numbers", constant.reshaped(flat).literal());
  Tensor made;
  made.ref = operation("Add", {{"x1", nth(0)}, {"x2", nth(1)}}, {ref, numbers});
  made.shape = constant.shape();
  made.element = constant.element();
  return made;
}

}  // namespace signxai::onnx
