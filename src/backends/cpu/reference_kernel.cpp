// The last resort of every op: its own double-precision kernel from the op table, between two conversions. Slow, and it
// allocates while it runs; it makes sure that whatever the graph can say can be computed.
#include <algorithm>

#include "backends/cpu/families.h"
#include "graph/op.h"

namespace signxai::cpu {
namespace {

class ReferenceKernel : public Kernel {
 public:
  explicit ReferenceKernel(const Problem& problem) : node_(problem.node) {
    for (const graph::Type& type : problem.inputs) shapes_.push_back(type.shape);
  }

  void run(const Buffers& buffers) const noexcept override {
    std::vector<graph::Array> arrays;
    std::vector<const graph::Array*> pointers;
    arrays.reserve(shapes_.size());
    for (std::size_t i = 0; i < shapes_.size(); ++i) {
      graph::Array& array = arrays.emplace_back(shapes_[i]);
      std::copy_n(buffers.inputs[i], array.data.size(), array.data.begin());
      pointers.push_back(&array);
    }
    const graph::Array result = node_.op->evaluate(node_, pointers);
    std::transform(result.data.begin(), result.data.end(), buffers.output,
                   [](double value) { return static_cast<float>(value); });
  }

 private:
  graph::Node node_;
  std::vector<Shape> shapes_;
};

std::string reject_reference_kernel(const Problem& problem) {
  const auto is_tuple = [](const graph::Type& type) { return type.is_tuple(); };
  if (is_tuple(problem.node.type) || std::any_of(problem.inputs.begin(), problem.inputs.end(), is_tuple)) {
    return "a kernel takes and yields arrays, not tuples";
  }
  return problem.node.op->evaluate == nullptr ? "the op has no reference kernel" : "";
}

std::unique_ptr<Kernel> make_reference_kernel(const Problem& problem, PackedWeights&) {
  return std::make_unique<ReferenceKernel>(problem);
}

}  // namespace

std::vector<Implementation> reference_kernels() {
  std::vector<Implementation> entries;
  for (const graph::OpDef* op : graph::op_table()) {
    if (op->kind != graph::OpKind::kLeaf)
      entries.push_back({op->name, "reference", reject_reference_kernel, make_reference_kernel});
  }
  return entries;
}

}  // namespace signxai::cpu
