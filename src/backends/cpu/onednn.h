// The little of oneDNN that the convolution kernels share: one engine, and primitives that run at given addresses.
#pragma once

#include <dnnl.hpp>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace signxai::cpu {

inline constexpr auto kFloat = dnnl::memory::data_type::f32;

const dnnl::engine& onednn_engine();

/// What oneDNN threw while a kernel was made, as an Error about the op: of memory, or internal.
[[noreturn]] void rethrow(const dnnl::error& error, std::string_view op);

/// Names a blocked layout and its type; equal descriptors have equal names.
std::string layout_name(const dnnl::memory::desc& layout);

/// A primitive and the layouts of its arguments. Runs may overlap in time; what oneDNN wants as objects per run is kept
/// and used again, because making it would cost a small network more than its arithmetic.
class OneDnnCall {
 public:
  using Argument = std::pair<int, dnnl::memory::desc>;
  OneDnnCall(dnnl::primitive primitive, std::vector<Argument> arguments);
  ~OneDnnCall();
  /// `addresses` in the order of the arguments. False when oneDNN reports a failure.
  bool run(std::span<void* const> addresses) const noexcept;

 private:
  struct Call;
  std::unique_ptr<Call> borrow() const;

  dnnl::primitive primitive_;
  std::vector<Argument> arguments_;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<Call>> idle_;
};

}  // namespace signxai::cpu
