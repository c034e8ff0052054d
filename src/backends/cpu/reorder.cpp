// The primitive of a reorder, with scratch memory of the caller's.
#include "backends/cpu/reorder.h"

namespace signxai::cpu {
namespace {

dnnl::reorder::primitive_desc describe(const dnnl::memory::desc& from, const dnnl::memory::desc& to) {
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return {onednn_engine(), from, onednn_engine(), to, attr};
}

}  // namespace

Reorder::Reorder(const dnnl::memory::desc& from, const dnnl::memory::desc& to)
    : Reorder(describe(from, to), from, to) {}

Reorder::Reorder(const dnnl::reorder::primitive_desc& descriptor, const dnnl::memory::desc& from,
                 const dnnl::memory::desc& to)
    : bytes_(to.get_size()),
      scratch_(descriptor.scratchpad_desc().get_size()),
      call_(dnnl::reorder(descriptor),
            {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}, {DNNL_ARG_SCRATCHPAD, descriptor.scratchpad_desc()}}) {}

}  // namespace signxai::cpu
