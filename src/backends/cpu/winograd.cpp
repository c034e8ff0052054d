// The kernel of Winograd's algorithm: which convolutions it takes, how tiles are shared out among threads, how weights
// are packed. Products are oneDNN's, of weights in the layout that it asks for.
#include "backends/cpu/winograd.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <new>
#include <utility>

#include "backends/cpu/families.h"
#include "backends/cpu/onednn.h"
#include "backends/cpu/reorder.h"
#include "base/alignment.h"
#include "base/threads.h"
#include "graph/op.h"

namespace signxai::cpu {
namespace {

using dnnl::memory;

/// Tiles computed together: their parts should stay in a core's cache, and fill the registers of a product.
constexpr std::int64_t kBlock = 98;
/// Tiles that are worth transforming.
constexpr std::int64_t kFewTiles = 48;

std::size_t aligned_floats(std::int64_t count) {
  return base::aligned(static_cast<std::size_t>(count) * sizeof(float));
}

/// The product of a block of tiles with one part of the weights, on the thread that calls.
class PartProduct {
 public:
  /// With AVX-512 oneDNN's matrix products take weights that are packed. Elsewhere they pack them in every call; its
  /// convolutions of 1 x 1 cells do not.
  static PartProduct make(std::int64_t rows, std::int64_t inner, std::int64_t columns, bool transposed) {
    const ThreadScope scope(1);
    const memory::desc plain({inner, columns}, kFloat, memory::format_tag::ab);
    if (const auto product = describe_product(rows, inner, columns); product.weights_desc() != plain) {
      return {product,
              memory::desc({inner, columns}, kFloat, transposed ? memory::format_tag::ba : memory::format_tag::ab)};
    }
    return {
        describe_convolution(rows, inner, columns),
        memory::desc({columns, inner, 1, 1}, kFloat, transposed ? memory::format_tag::oihw : memory::format_tag::hwio)};
  }

  const std::string& layout() const { return layout_; }
  std::size_t packed_bytes() const { return packing_.bytes(); }
  std::size_t scratch_bytes() const { return base::aligned(scratch_); }
  std::size_t packing_scratch_bytes() const { return base::aligned(packing_.scratch_bytes()); }

  bool pack(const float* from, std::byte* to, std::byte* scratch) const noexcept {
    return packing_.run(from, to, scratch);
  }
  bool run(const float* tiles, const std::byte* weights, float* products, std::byte* scratch) const noexcept {
    void* addresses[] = {const_cast<float*>(tiles), const_cast<std::byte*>(weights), products, scratch};
    return call_.run(addresses);
  }

 private:
  template <typename Descriptor>
  PartProduct(const Descriptor& descriptor, const memory::desc& weights)
      : call_(dnnl::primitive(descriptor), {{DNNL_ARG_SRC, descriptor.src_desc()},
                                            {DNNL_ARG_WEIGHTS, descriptor.weights_desc()},
                                            {DNNL_ARG_DST, descriptor.dst_desc()},
                                            {DNNL_ARG_SCRATCHPAD, descriptor.scratchpad_desc()}}),
        packing_(weights, descriptor.weights_desc()),
        scratch_(descriptor.scratchpad_desc().get_size()),
        layout_(layout_name(descriptor.weights_desc())) {}

  static dnnl::primitive_attr attributes() {
    dnnl::primitive_attr attr;
    attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    return attr;
  }

  static dnnl::matmul::primitive_desc describe_product(std::int64_t rows, std::int64_t inner, std::int64_t columns) {
    return {onednn_engine(), memory::desc({rows, inner}, kFloat, memory::format_tag::ab),
            memory::desc({inner, columns}, kFloat, memory::format_tag::any),
            memory::desc({rows, columns}, kFloat, memory::format_tag::ab), attributes()};
  }

  static dnnl::convolution_forward::primitive_desc describe_convolution(std::int64_t rows, std::int64_t inner,
                                                                        std::int64_t columns) {
    const memory::dims strides{1, 1}, pads{0, 0};
    return {onednn_engine(),
            dnnl::prop_kind::forward_inference,
            dnnl::algorithm::convolution_direct,
            memory::desc({1, inner, rows, 1}, kFloat, memory::format_tag::nhwc),
            memory::desc({columns, inner, 1, 1}, kFloat, memory::format_tag::any),
            memory::desc({1, columns, rows, 1}, kFloat, memory::format_tag::nhwc),
            strides,
            pads,
            pads,
            attributes()};
  }

  OneDnnCall call_;
  Reorder packing_;
  std::size_t scratch_;
  std::string layout_;
};

/// Blocks of nearly one size, as many for each thread.
std::int64_t block_size(std::int64_t tiles, std::int64_t threads) {
  const auto parts = [](std::int64_t whole, std::int64_t size) { return (whole + size - 1) / size; };
  return parts(tiles, parts(parts(tiles, kBlock), threads) * threads);
}

class WinogradConvolution : public Kernel {
 public:
  WinogradConvolution(const Problem& problem, const ConvShape& shape, bool backward, PackedWeights& store)
      : plan_(plan_winograd(shape, backward)),
        backward_(backward),
        bias_(shape.bias),
        threads_(max_threads()),
        block_(block_size(plan_.all_tiles(), threads_)),
        zeros_(static_cast<std::size_t>(plan_.from_channels), 0.0f),
        literal_(*problem.constants[1]),
        product_(PartProduct::make(block_, plan_.from_channels, plan_.to_channels, backward)) {
    if (problem.packs_in_scratch) return;
    packed_ = store.get(literal_, std::string("winograd ") + (backward ? "turned " : "") + product_.layout(),
                        packed_bytes(), [&](std::byte* bytes) {
                          const auto scratch =
                              backends::allocate_aligned(static_cast<std::size_t>(threads_) * packing_bytes());
                          if (!pack(bytes, scratch.get())) throw std::bad_alloc();
                        });
  }

  void run(const Buffers& buffers) const noexcept override {
    std::byte* scratch = buffers.scratch;
    const std::byte* weights = packed_ ? packed_.get() : std::exchange(scratch, scratch + packed_bytes());
    const float* bias = bias_ ? buffers.inputs[2] : nullptr;
    bool done = packed_ || pack(buffers.scratch, scratch);
    done = done && share_out(blocks(), scratch, block_bytes(), [&](std::int64_t block, std::byte* own) {
             return compute(buffers.inputs[0], weights, bias, block, own, buffers.output);
           });
    if (done) return;
    // Out of memory inside oneDNN. There is no way to throw here; NaN cannot be taken for a result.
    const std::int64_t size = plan_.batch * plan_.to[0] * plan_.to[1] * plan_.to_channels;
    std::fill_n(buffers.output, size, std::numeric_limits<float>::quiet_NaN());
  }

  std::size_t scratch_bytes() const override {
    const auto threads = static_cast<std::size_t>(threads_);
    return packed_ ? threads * block_bytes() : packed_bytes() + threads * std::max(block_bytes(), packing_bytes());
  }

 private:
  /// body(i, memory of the thread's own) for i < count. Whether all succeeded.
  template <typename Body>
  bool share_out(std::int64_t count, std::byte* scratch, std::size_t bytes, const Body& body) const noexcept {
    std::atomic<bool> done = true;
    parallel_for(threads_, 1, [&](std::int64_t begin, std::int64_t end) {
      const ThreadScope scope(1);  // of the products
      for (std::int64_t thread = begin; thread < end; ++thread) {
        std::byte* own = scratch + static_cast<std::size_t>(thread) * bytes;
        for (std::int64_t i = count * thread / threads_; i < count * (thread + 1) / threads_; ++i) {
          if (!body(i, own)) done = false;
        }
      }
    });
    return done;
  }

  bool compute(const float* x, const std::byte* weights, const float* bias, std::int64_t block, std::byte* scratch,
               float* y) const noexcept {
    const std::int64_t first = block * block_, count = std::min(block_, plan_.all_tiles() - first);
    auto* gathered = reinterpret_cast<float*>(scratch);
    auto* products = reinterpret_cast<float*>(scratch + gathered_bytes());
    std::byte* rest = scratch + gathered_bytes() + product_bytes();
    gather_tiles(plan_, x, zeros_.data(), first, count, block_, gathered);
    for (std::int64_t part = 0; part < kWinogradParts; ++part) {
      if (!product_.run(gathered + part * block_ * plan_.from_channels, weights + part * part_bytes(),
                        products + part * block_ * plan_.to_channels, rest)) {
        return false;
      }
    }
    scatter_tiles(plan_, products, bias, first, count, block_, y);
    return true;
  }

  /// Each part is transformed as the weights lie, then packed.
  bool pack(std::byte* to, std::byte* scratch) const noexcept {
    const std::int64_t size = plan_.from_channels * plan_.to_channels;
    return share_out(kWinogradParts, scratch, packing_bytes(), [&](std::int64_t part, std::byte* own) {
      auto* weights = reinterpret_cast<float*>(own);
      transform_weights(literal_.data(), size, backward_, part, weights);
      return product_.pack(weights, to + part * part_bytes(), own + aligned_floats(size));
    });
  }

  std::int64_t blocks() const { return (plan_.all_tiles() + block_ - 1) / block_; }
  std::int64_t part_bytes() const { return static_cast<std::int64_t>(product_.packed_bytes()); }
  std::size_t packed_bytes() const { return kWinogradParts * product_.packed_bytes(); }
  std::size_t gathered_bytes() const { return aligned_floats(kWinogradParts * block_ * plan_.from_channels); }
  std::size_t product_bytes() const { return aligned_floats(kWinogradParts * block_ * plan_.to_channels); }
  std::size_t block_bytes() const { return gathered_bytes() + product_bytes() + product_.scratch_bytes(); }
  std::size_t packing_bytes() const {
    return aligned_floats(plan_.from_channels * plan_.to_channels) + product_.packing_scratch_bytes();
  }

  WinogradPlan plan_;
  bool backward_, bias_;
  std::int64_t threads_, block_;
  std::vector<float> zeros_;
  graph::Literal literal_;
  PartProduct product_;
  backends::AlignedBytes packed_;
};

std::string reject_winograd(const Problem& problem) {
  const ConvShape shape = conv_shape(problem);
  if (!shape.winograd) return "was not asked for";
  if (problem.constants[1] == nullptr) return "the weights are computed at run time";
  if (shape.axes.size() != 2 || shape.groups != 1) return "is not over two axes, or has groups";
  for (const graph::WindowAxis& axis : shape.axes) {
    if (axis.window != 3 || axis.stride != 1 || axis.dilation != 1) return "is not of 3 x 3 cells side by side";
  }
  if (shape.channels % kWinogradChannels != 0 || shape.outputs % kWinogradChannels != 0) {
    return "channels are not multiples of " + std::to_string(kWinogradChannels);
  }
  const bool few = plan_winograd(shape, problem.node.is("conv_backward_data")).all_tiles() < kFewTiles;
  return few ? "fewer than " + std::to_string(kFewTiles) + " tiles" : "";
}

std::unique_ptr<Kernel> make_winograd(const Problem& problem, PackedWeights& store) try {
  return std::make_unique<WinogradConvolution>(problem, conv_shape(problem), problem.node.is("conv_backward_data"),
                                               store);
} catch (const dnnl::error& error) {
  rethrow(error, problem.node.op->name);
}

}  // namespace

WinogradPlan plan_winograd(const ConvShape& shape, bool backward) {
  WinogradPlan plan{};
  plan.batch = shape.batch;
  for (std::size_t i = 0; i < 2; ++i) {
    const graph::WindowAxis& axis = shape.axes[i];
    plan.from[i] = backward ? axis.out : axis.in;
    plan.to[i] = backward ? axis.in : axis.out;
    plan.pad[i] = backward ? axis.window - 1 - axis.pad_lo : axis.pad_lo;
    plan.tiles[i] = (plan.to[i] + 1) / 2;
  }
  plan.from_channels = backward ? shape.outputs : shape.channels;
  plan.to_channels = backward ? shape.channels : shape.outputs;
  plan.relu = shape.relu;
  return plan;
}

std::vector<Implementation> winograd_convolutions() {
  return {{"conv", "Winograd", reject_winograd, make_winograd},
          {"conv_backward_data", "Winograd", reject_winograd, make_winograd}};
}

}  // namespace signxai::cpu
