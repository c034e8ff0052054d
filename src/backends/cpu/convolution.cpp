// Convolutions and their backward-data by oneDNN: data channels-last as it lies, weights packed once into the layout
// the primitive asks for, or into scratch memory where they are needed once. Bias and ReLU ride along. In bfloat16 the
// operand is rounded into scratch memory first.
#include <algorithm>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <utility>

#include "backends/cpu/families.h"
#include "backends/cpu/geometry.h"
#include "backends/cpu/implementations.h"
#include "backends/cpu/onednn.h"
#include "backends/cpu/reorder.h"
#include "base/threads.h"
#include "graph/op.h"

namespace signxai::cpu {
namespace {

using dnnl::memory;
using dnnl::prop_kind;
constexpr auto kBfloat16 = memory::data_type::bf16;
constexpr auto kDirect = dnnl::algorithm::convolution_direct;

/// Strides of an array that lies row-major in the order `order` of its logical axes (outermost first).
memory::dims strides_in_order(const memory::dims& dims, const std::vector<std::size_t>& order) {
  memory::dims strides(dims.size());
  memory::dim step = 1;
  for (std::size_t i = order.size(); i-- > 0;) strides[order[i]] = step, step *= dims[order[i]];
  return strides;
}

/// The descriptors of one convolution, in oneDNN's logical order N C spatial and (G) O I spatial. Of x and y one is the
/// operand, in the precision of the shape; the other is the result, in single precision.
struct Layouts {
  memory::desc x, y, bias, any_weights, keras_weights;
  memory::dims strides, dilations, pad_lo, pad_hi;

  Layouts(const ConvShape& shape, bool is_backward) {
    const auto precision = shape.lowered ? kBfloat16 : kFloat;
    memory::dims in{shape.batch, shape.channels}, out{shape.batch, shape.outputs}, kernel;
    if (shape.groups > 1) kernel.push_back(shape.groups);
    kernel.push_back(shape.outputs / shape.groups);
    kernel.push_back(shape.channels / shape.groups);
    for (const graph::WindowAxis& axis : shape.axes) {
      in.push_back(axis.in), out.push_back(axis.out), kernel.push_back(axis.window);
      strides.push_back(axis.stride), dilations.push_back(axis.dilation - 1);
      pad_lo.push_back(axis.pad_lo), pad_hi.push_back(axis.pad_hi);
    }
    const auto spatial = shape.axes.size();
    std::vector<std::size_t> data_order{0}, weights_order;
    const std::size_t leading = kernel.size() - spatial;  // 2, or 3 with groups
    for (std::size_t i = 0; i < spatial; ++i) data_order.push_back(2 + i), weights_order.push_back(leading + i);
    data_order.push_back(1);
    weights_order.push_back(leading - 1);  // input channels of a group
    if (shape.groups > 1) weights_order.push_back(0);
    weights_order.push_back(leading - 2);  // output channels, of group after group
    x = memory::desc(in, is_backward ? kFloat : precision, strides_in_order(in, data_order));
    y = memory::desc(out, is_backward ? precision : kFloat, strides_in_order(out, data_order));
    keras_weights = memory::desc(kernel, kFloat, strides_in_order(kernel, weights_order));
    any_weights = memory::desc(kernel, precision, memory::format_tag::any);
    if (shape.bias) bias = memory::desc({shape.outputs}, kFloat, memory::format_tag::x);
  }
};

dnnl::primitive_attr attributes(const ConvShape& shape) {
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  if (shape.relu) {
    dnnl::post_ops ops;
    ops.append_eltwise(dnnl::algorithm::eltwise_relu, 0.0f, 0.0f);
    attr.set_post_ops(ops);
  }
  return attr;
}

dnnl::convolution_forward::primitive_desc forward(const ConvShape& shape, const Layouts& l) {
  return {onednn_engine(),
          prop_kind::forward_inference,
          kDirect,
          l.x,
          l.any_weights,
          l.bias,
          l.y,
          l.strides,
          l.dilations,
          l.pad_lo,
          l.pad_hi,
          attributes(shape)};
}

dnnl::convolution_backward_data::primitive_desc backward(const ConvShape& shape, const Layouts& l) {
  // Of operands in one precision, as a forward pass has them.
  const memory::desc x(l.x.get_dims(), l.y.get_data_type(), l.x.get_strides());
  const dnnl::convolution_forward::primitive_desc hint{
      onednn_engine(), prop_kind::forward, kDirect, x, l.any_weights, l.y, l.strides, l.dilations, l.pad_lo, l.pad_hi};
  return {onednn_engine(), kDirect,  l.x,  l.any_weights,    l.y, l.strides, l.dilations,
          l.pad_lo,        l.pad_hi, hint, attributes(shape)};
}

/// The layout of an operand before it is rounded.
memory::desc unrounded(const memory::desc& operand) { return {operand.get_dims(), kFloat, operand.get_strides()}; }

/// Threads for a problem: waking one takes longer than this many multiplications. 0: as many as there are.
int threads_for(const ConvShape& shape) { return shape.multiplications() < 500'000 ? 1 : 0; }

class OneDnnConvolution : public Kernel {
 public:
  template <typename Descriptor>
  OneDnnConvolution(const Problem& problem, const ConvShape& shape, const Layouts& layouts,
                    const Descriptor& descriptor, PackedWeights& store, bool is_backward)
      : call_(dnnl::primitive(descriptor),
              arguments(shape, layouts, descriptor.weights_desc(), descriptor.scratchpad_desc(), is_backward)),
        scratch_(descriptor.scratchpad_desc().get_size()),
        literal_(*problem.constants[1]),
        bias_(shape.bias),
        threads_(threads_for(shape)),
        size_((is_backward ? layouts.x : layouts.y).get_size() / sizeof(float)) {
    const memory::desc& operand = is_backward ? layouts.y : layouts.x;
    if (shape.lowered) rounding_.emplace(unrounded(operand), operand);
    if (descriptor.weights_desc() == layouts.keras_weights) return;
    packing_.emplace(layouts.keras_weights, descriptor.weights_desc());
    if (!problem.packs_in_scratch) keep_packed(layout_name(descriptor.weights_desc()), store);
  }

  void run(const Buffers& buffers) const noexcept override {
    std::byte* scratch = buffers.scratch;
    const ThreadScope scope(threads_);
    bool done = true;
    const auto moved = [&](const std::optional<Reorder>& reorder, const float* from) {
      if (!reorder) return const_cast<void*>(static_cast<const void*>(from));
      std::byte* to = std::exchange(scratch, scratch + reorder->bytes());
      done = done && reorder->run(from, to, scratch);
      return static_cast<void*>(to);
    };
    void* operand = moved(rounding_, buffers.inputs[0]);
    void* weights = packed_ ? packed_.get() : moved(packing_, literal_.data());
    void* addresses[] = {operand, weights, buffers.output, scratch,
                         bias_ ? const_cast<float*>(buffers.inputs[2]) : nullptr};
    if (done && call_.run({addresses, bias_ ? 5u : 4u})) return;
    // Out of memory inside oneDNN. There is no way to throw here; NaN cannot be taken for a result.
    std::fill_n(buffers.output, size_, std::numeric_limits<float>::quiet_NaN());
  }

  std::size_t scratch_bytes() const override {
    std::size_t results = 0, most = scratch_;
    for (const std::optional<Reorder>* reorder : {&rounding_, &packing_}) {
      if (*reorder) results += (*reorder)->bytes(), most = std::max(most, (*reorder)->scratch_bytes());
    }
    return results + most;
  }

 private:
  static std::vector<OneDnnCall::Argument> arguments(const ConvShape& shape, const Layouts& layouts,
                                                     const memory::desc& weights, const memory::desc& scratchpad,
                                                     bool is_backward) {
    std::vector<OneDnnCall::Argument> list = {is_backward ? OneDnnCall::Argument{DNNL_ARG_DIFF_DST, layouts.y}
                                                          : OneDnnCall::Argument{DNNL_ARG_SRC, layouts.x},
                                              {DNNL_ARG_WEIGHTS, weights},
                                              is_backward ? OneDnnCall::Argument{DNNL_ARG_DIFF_SRC, layouts.x}
                                                          : OneDnnCall::Argument{DNNL_ARG_DST, layouts.y},
                                              {DNNL_ARG_SCRATCHPAD, scratchpad}};
    if (shape.bias) list.push_back({DNNL_ARG_BIAS, layouts.bias});
    return list;
  }

  void keep_packed(const std::string& layout, PackedWeights& store) {
    packed_ = store.get(literal_, layout, packing_->bytes(), [&](std::byte* bytes) {
      const auto scratch = backends::allocate_aligned(packing_->scratch_bytes());
      if (!packing_->run(literal_.data(), bytes, scratch.get())) throw std::bad_alloc();
    });
    packing_.reset();
  }

  OneDnnCall call_;
  std::optional<Reorder> rounding_;
  std::optional<Reorder> packing_;  ///< at each run; none: the weights are packed already, or used as they lie
  std::size_t scratch_;
  graph::Literal literal_;
  backends::AlignedBytes packed_;
  bool bias_;
  int threads_;
  std::size_t size_;
};

std::string reject_convolution(const Problem& problem) {
  if (problem.constants[1] == nullptr) return "the weights are computed at run time";
  if (problem.inputs[1].rank() > 5) return "more than three spatial axes";
  if (element_count(problem.node.type.shape) == 0) return "empty result";
  if (conv_shape(problem).lowered && !has_bfloat16()) return "this machine's instruction set has no bfloat16";
  return "";
}

std::unique_ptr<Kernel> make_onednn(const Problem& problem, PackedWeights& store) {
  const ConvShape shape = conv_shape(problem);
  const bool is_backward = problem.node.is("conv_backward_data");
  const Layouts layouts(shape, is_backward);
  const ThreadScope scope(threads_for(shape));
  if (is_backward) {
    return std::make_unique<OneDnnConvolution>(problem, shape, layouts, backward(shape, layouts), store, true);
  }
  return std::make_unique<OneDnnConvolution>(problem, shape, layouts, forward(shape, layouts), store, false);
}

/// oneDNN alone knows what it can do, and only says so when asked to do it.
std::unique_ptr<Kernel> make_convolution(const Problem& problem, PackedWeights& store) try {
  return make_onednn(problem, store);
} catch (const dnnl::error& error) {
  for (const Implementation& other : direct_convolutions()) {
    if (error.status == dnnl_out_of_memory || other.op != problem.node.op->name) continue;
    if (other.reject(problem).empty()) return other.make(problem, store);
  }
  rethrow(error, problem.node.op->name);
}

}  // namespace

std::vector<Implementation> onednn_convolutions() {
  return {{"conv", "oneDNN", reject_convolution, make_convolution},
          {"conv_backward_data", "oneDNN", reject_convolution, make_convolution}};
}

}  // namespace signxai::cpu
