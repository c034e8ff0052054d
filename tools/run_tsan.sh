#!/usr/bin/env bash
# Runs tests of a build folder under the thread sanitizer: tools/run_tsan.sh BUILD_DIR [GTEST_FILTER]
# GCC's OpenMP is not instrumented, and each of its parallel sections would look like a race. So LLVM's stands in for it,
# which has GCC's entry points as well; its tool Archer tells the sanitizer what a section's begin, end and barriers
# order. Each test is a process: after a fork OpenMP begins anew (src/base/threads.cpp), then without its tools.
set -euo pipefail
build=$(realpath "$1")
filter=${2:-'ConcurrencyTest.*:ExtensionsTest.*:SharedPoints.*:Threads.*:CpuTable.*:ArenaPool.*:MemoryBudget.*'}

archer=$(find /usr/lib/llvm-*/lib -name libarcher.so 2>/dev/null | sort | tail -n 1)
[ -n "$archer" ] || { echo "no libarcher.so in /usr/lib/llvm-*/lib; try: tools/setup.sh fuzz" >&2; exit 1; }
# What a library that is not instrumented does with memory is not seen. With a binding that is named, a forked child does
# not stumble over one that LLVM's OpenMP forgets. A child made by several threads may go on.
openmp="${archer%/*}/libomp.so.5"
export OMP_TOOL_LIBRARIES="$archer" OMP_PROC_BIND=false
export OMP_WAIT_POLICY=passive TSAN_OPTIONS="ignore_noninstrumented_modules=1 die_after_fork=0 ${TSAN_OPTIONS:-}"

passed=0
failed=0
suite=
while IFS= read -r line; do
  case $line in
    "  "*) test="$suite$(sed 's/^ *//; s/ .*//' <<<"$line")" ;;
    [A-Z]*.*) suite=${line%% *}; continue ;;
    *) continue ;;
  esac
  if output=$(LD_PRELOAD="$openmp" "$build/bin/signxai-tests" --gtest_filter="$test" 2>&1); then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf '== %s\n%s\n' "$test" "$output"
  fi
done < <("$build/bin/signxai-tests" --gtest_list_tests --gtest_filter="$filter" | grep -v '^Running main')
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
