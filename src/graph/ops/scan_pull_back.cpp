// The pull-back of scan is a scan that runs the other way. Its carries are the cotangents of the forward carries and,
// of each differentiated capture, the sum so far. Its region repeats the forward step (from the carries that were saved
// on the way) and pulls the cotangents back through it, so memory grows with the carries and not with the region.
#include <algorithm>
#include <memory>

#include "graph/ops/scan.h"
#include "graph/rewrite.h"

namespace signxai::graph {
namespace {

using Values = std::vector<Value>;
using Indices = std::vector<std::size_t>;

/// Zeros of the value's shape; a number is never greater than itself, which serves open extents too.
Value zeros_like(Builder& b, Value value) {
  const Type type = b[value].type;
  if (type.is_bound()) return b.broadcast(b.constant(0.0), type.shape);
  return b.make("greater", {value, value});
}

template <typename Wanted>
Indices indices_of(std::size_t count, Wanted&& wanted) {
  Indices found;
  for (std::size_t i = 0; i < count; ++i) {
    if (wanted(i)) found.push_back(i);
  }
  return found;
}

/// Region inputs: cotangents of the carries, sums for captures; then per step the saved carries, the sequences and the
/// cotangents of what was yielded; then the captures.
class BackwardScan {
 public:
  explicit BackwardScan(const PullBackArgs& args)
      : args_(args),
        scan_(args.node),
        b_(args.builder),
        pulled_(indices_of(scan_.sequences, [&](auto i) { return args.needed[scan_.carries + i]; })),
        summed_(indices_of(scan_.captures, [&](auto i) { return args.needed[first_capture() + i]; })),
        seeded_(indices_of(scan_.yields, [&](auto i) { return bool(args.members[scan_.carries + i]); })) {}

  Values run() {
    std::vector<bool> keep = must_stay();
    const Region body = std::make_shared<const Graph>(prune_region(make_body(), keep));
    save_carries(keep);
    const Values all = operands(), kept = select(all, keep);
    const auto begin = keep.begin() + static_cast<std::ptrdiff_t>(own_carries());
    const auto sequences = std::count(begin, begin + static_cast<std::ptrdiff_t>(own_sequences()), true);
    const Value tuple = b_.make("scan", kept,
                                {{"body", body},
                                 {"carries", static_cast<std::int64_t>(own_carries())},
                                 {"sequences", std::int64_t{sequences}},
                                 {"reverse", std::int64_t{!scan_.reverse}}});
    return shares(tuple);
  }

 private:
  std::size_t first_capture() const { return scan_.carries + scan_.sequences; }
  std::size_t own_carries() const { return scan_.carries + summed_.size(); }
  std::size_t own_sequences() const { return scan_.carries + scan_.sequences + seeded_.size(); }

  /// All carries, and one sequence that tells the number of steps.
  std::vector<bool> must_stay() const {
    std::vector<bool> keep(own_carries() + own_sequences() + scan_.captures, false);
    std::fill_n(keep.begin(), own_carries(), true);
    keep[own_carries() + scan_.carries + (seeded_.empty() ? 0 : scan_.sequences)] = true;
    return keep;
  }

  static Values select(const Values& values, const std::vector<bool>& keep) {
    Values kept;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (keep[i]) kept.push_back(values[i]);
    }
    return kept;
  }

  const Shape& region_input(std::size_t i) const { return scan_.body.type(scan_.body.inputs()[i]).shape; }
  Value region_output(std::size_t i) const { return scan_.body.outputs()[i].value; }

  /// A carry as a step yields it: scalars become [1], since steps are stacked on axis 1.
  static Shape saved_shape(const Shape& carry) { return carry.empty() ? Shape{1} : carry; }

  Graph make_body() const {
    Builder body;
    const auto input = [&](const char* prefix, std::size_t i, const Shape& shape) {
      return body.input(prefix + std::to_string(i), shape);
    };
    Values carried, sums, forward, yielded;
    for (std::size_t i = 0; i < scan_.carries; ++i) carried.push_back(input("d_carry", i, region_input(i)));
    for (std::size_t i : summed_) sums.push_back(input("d_capture", i, region_input(first_capture() + i)));
    for (std::size_t i = 0; i < scan_.carries; ++i) {
      const Value saved = input("carry", i, saved_shape(region_input(i)));
      forward.push_back(region_input(i).empty() ? body.reshape(saved, {}) : saved);
    }
    for (std::size_t i = 0; i < scan_.sequences; ++i) {
      forward.push_back(input("step", i, region_input(scan_.carries + i)));
    }
    for (std::size_t i : seeded_) {
      yielded.push_back(input("d_yield", i, scan_.body.type(region_output(scan_.carries + i)).shape));
    }
    for (std::size_t i = 0; i < scan_.captures; ++i) {
      forward.push_back(input("capture", i, region_input(first_capture() + i)));
    }
    pull_step(body, forward, carried, sums, yielded);
    return body.take();
  }

  /// Repeats the forward step on `forward`, pulls back, and declares the region's outputs.
  void pull_step(Builder& body, const Values& forward, const Values& carried, const Values& sums,
                 const Values& yielded) const {
    std::size_t next = 0;
    const auto map = copy_graph(scan_.body, body, [&](Builder&, Value old, const Values&) {
      return scan_.body[old].is("input") ? forward[next++] : Value{};
    });
    const auto repeated = [&](std::size_t output) { return map[static_cast<std::size_t>(region_output(output).id)]; };
    std::vector<std::pair<Value, Value>> seeds;
    for (std::size_t i = 0; i < scan_.carries; ++i) seeds.emplace_back(repeated(i), carried[i]);
    for (std::size_t i = 0; i < seeded_.size(); ++i) {
      seeds.emplace_back(repeated(scan_.carries + seeded_[i]), yielded[i]);
    }
    const Values cotangents = pull_back(body, seeds, forward, args_.derivative);
    const auto of = [&](std::size_t i) { return cotangents[i] ? cotangents[i] : zeros_like(body, forward[i]); };
    for (std::size_t i = 0; i < scan_.carries; ++i) body.output("d_carry" + std::to_string(i), of(i));
    for (std::size_t i = 0; i < summed_.size(); ++i) {
      const Value share = cotangents[first_capture() + summed_[i]];
      body.output("d_capture" + std::to_string(summed_[i]), share ? body.add(sums[i], share) : sums[i]);
    }
    for (std::size_t i : pulled_) body.output("d_step" + std::to_string(i), of(scan_.carries + i));
  }

  /// Runs the forward scan once more, yielding the carries that each step starts from, where the pull-back uses them.
  void save_carries(const std::vector<bool>& keep) {
    saved_.assign(scan_.carries, Value{});
    Builder body(scan_.body);
    Indices members;
    for (std::size_t i = 0; i < scan_.carries; ++i) {
      if (!keep[own_carries() + i]) continue;
      const Value carry = body.graph().inputs()[i];
      body.output("carry" + std::to_string(i), region_input(i).empty() ? body.reshape(carry, {1}) : carry);
      members.push_back(i);
    }
    if (members.empty()) return;
    Attrs attrs = args_.node.attrs;
    attrs.set("body", std::make_shared<const Graph>(body.take()));
    const Value tuple = b_.make("scan", args_.node.inputs, attrs);
    for (std::size_t i = 0; i < members.size(); ++i) {
      saved_[members[i]] = member(tuple, scan_.carries + scan_.yields + i);
    }
  }

  Values operands() {
    Values all;
    for (std::size_t i = 0; i < scan_.carries; ++i) {
      all.push_back(args_.members[i] ? args_.members[i] : zeros_like(b_, args_.node.inputs[i]));
    }
    for (std::size_t i : summed_) all.push_back(zeros_like(b_, args_.node.inputs[first_capture() + i]));
    all.insert(all.end(), saved_.begin(), saved_.end());
    const auto sequences = args_.node.inputs.begin() + static_cast<std::ptrdiff_t>(scan_.carries);
    const auto captures = args_.node.inputs.begin() + static_cast<std::ptrdiff_t>(first_capture());
    all.insert(all.end(), sequences, captures);
    for (std::size_t i : seeded_) all.push_back(args_.members[scan_.carries + i]);
    all.insert(all.end(), captures, args_.node.inputs.end());
    return all;
  }

  Values shares(Value tuple) {
    Values result(args_.node.inputs.size());
    for (std::size_t i = 0; i < scan_.carries; ++i) {
      if (args_.needed[i]) result[i] = member(tuple, i);
    }
    for (std::size_t i = 0; i < summed_.size(); ++i) {
      result[first_capture() + summed_[i]] = member(tuple, scan_.carries + i);
    }
    for (std::size_t i = 0; i < pulled_.size(); ++i) {
      result[scan_.carries + pulled_[i]] = member(tuple, own_carries() + i);
    }
    return result;
  }

  Value member(Value tuple, std::size_t index) {
    return b_.make("get", {tuple}, {{"index", static_cast<std::int64_t>(index)}});
  }

  const PullBackArgs& args_;
  ScanLayout scan_;
  Builder& b_;
  Indices pulled_, summed_, seeded_;  ///< sequences and captures to differentiate; yields whose cotangent arrived
  Values saved_;
};

}  // namespace

std::vector<Value> pull_back_scan(const PullBackArgs& args) { return BackwardScan(args).run(); }

}  // namespace signxai::graph
