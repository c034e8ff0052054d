// Runs single primitives for the tests of src/graph/ops: forward by the reference backend, shapes and refusals by the
// builder, derivatives against central differences.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "graph/op.h"

namespace signxai::test {

using graph::Array;
using graph::Attrs;
using graph::Ints;

Array array(Shape shape, std::vector<double> values);
/// 0, 1, 2, ...
Array counting(Shape shape);
/// Uniform in [-1, 1).
Array random_array(Shape shape, std::mt19937& random);
/// Distinct numbers in random order, at least 0.1 apart: no ties, and none appear under small steps.
Array shuffled_array(Shape shape, std::mt19937& random);
double dot(const Array& a, const Array& b);

Array run_op(const std::string& op, const std::vector<Array>& inputs, Attrs attrs = {});
/// The shape that the op infers from inputs of those shapes (open extents allowed).
Shape infer_op(const std::string& op, const std::vector<Shape>& inputs, Attrs attrs = {});
/// What the builder says against it; empty if nothing.
std::string refusal(const std::string& op, const std::vector<Shape>& inputs, Attrs attrs = {});
/// The signs that the op's rule gives.
graph::Sign sign_of(const std::string& op, const std::vector<Shape>& shapes, const std::vector<graph::Sign>& signs,
                    Attrs attrs = {});

void expect_equal(const Array& got, const Array& expected, double tolerance = 1e-12);
/// graph::pull_back of the op for its inputs `wrt`, against central differences of <op(inputs), cotangent>.
void expect_gradients(const std::string& op, const std::vector<Array>& inputs, const Attrs& attrs,
                      const std::vector<std::size_t>& wrt, std::mt19937& random);

}  // namespace signxai::test
