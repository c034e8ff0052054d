// oneDNN through its C interface where a run is concerned: no exception, no allocation.
#include "backends/cpu/onednn.h"

#include "backends/cpu/implementations.h"
#include "signxai/error.h"

namespace signxai::cpu {

const dnnl::engine& onednn_engine() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

bool has_bfloat16() {
  switch (dnnl::get_effective_cpu_isa()) {
    case dnnl::cpu_isa::avx512_core_bf16:
    case dnnl::cpu_isa::avx512_core_fp16:
    case dnnl::cpu_isa::avx512_core_amx:
    case dnnl::cpu_isa::avx512_core_amx_fp16:
    case dnnl::cpu_isa::avx2_vnni_2: return true;
    default: return false;
  }
}

void rethrow(const dnnl::error& error, std::string_view op) {
  if (error.status == dnnl_out_of_memory) {
    throw Error(ErrorCode::kOutOfMemory, "plan", op, "oneDNN has no memory left for the primitive");
  }
  throw Error(ErrorCode::kInternal, "plan", op, std::string("oneDNN: ") + error.what());
}

std::string layout_name(const dnnl::memory::desc& layout) {
  std::string name;
  const auto append = [&name](const char* label, const dnnl::memory::dims& values) {
    name += label;
    for (const auto value : values) name += std::to_string(value) + ",";
  };
  name = layout.get_data_type() == dnnl::memory::data_type::bf16 ? "bf16 " : "";
  append("dims ", layout.get_dims());
  append(" padded ", layout.get_padded_dims());
  append(" strides ", layout.get_strides());
  append(" blocks ", layout.get_inner_blks());
  append(" of ", layout.get_inner_idxs());
  return name;
}

struct OneDnnCall::Call {
  dnnl::stream stream;
  std::vector<dnnl::memory> memories;
  std::vector<dnnl_exec_arg_t> arguments;
};

OneDnnCall::OneDnnCall(dnnl::primitive primitive, std::vector<Argument> arguments)
    : primitive_(std::move(primitive)), arguments_(std::move(arguments)) {}

OneDnnCall::~OneDnnCall() = default;

std::unique_ptr<OneDnnCall::Call> OneDnnCall::borrow() const {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      auto call = std::move(idle_.back());
      idle_.pop_back();
      return call;
    }
  }
  auto call = std::make_unique<Call>();
  call->stream = dnnl::stream(onednn_engine());
  for (const auto& [id, layout] : arguments_) {
    call->memories.emplace_back(layout, onednn_engine(), nullptr);
    call->arguments.push_back({id, call->memories.back().get()});
  }
  return call;
}

bool OneDnnCall::run(std::span<void* const> addresses) const noexcept {
  try {
    auto call = borrow();
    for (std::size_t i = 0; i < addresses.size(); ++i) {
      if (dnnl_memory_set_data_handle(call->memories[i].get(), addresses[i]) != dnnl_success) return false;
    }
    const dnnl_status_t status = dnnl_primitive_execute(
        primitive_.get(), call->stream.get(), static_cast<int>(call->arguments.size()), call->arguments.data());
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(call));
    return status == dnnl_success;
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace signxai::cpu
