#!/usr/bin/env bash
# Runs each libFuzzer target of a build folder: tools/run_fuzz.sh BUILD_DIR SECONDS [TARGET...]
# What the fuzzer finds new goes to BUILD_DIR/corpus/NAME; the seeds of tests/fuzz/corpus/NAME are only read. An input
# that does harm is left in BUILD_DIR/findings; mend the cause, and add the input to the seeds.
set -euo pipefail
build=$(realpath "$1")
seconds=$2
shift 2
cd "$(dirname "$0")/.."
mkdir -p "$build/findings"

targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
  for source in $(find tests/fuzz -name '*_fuzz.cpp' | sort); do targets+=("$(basename "$source" .cpp)"); done
fi
[ ${#targets[@]} -gt 0 ] || { echo "no fuzz targets in tests/fuzz" >&2; exit 1; }

passed=0
failed=0
for target in "${targets[@]}"; do
  name=${target%_fuzz}
  corpora=("$build/corpus/$name")
  mkdir -p "${corpora[0]}"
  if [ -d "tests/fuzz/corpus/$name" ]; then corpora+=("tests/fuzz/corpus/$name"); fi
  echo "== $target, $seconds s"
  if "$build/bin/$target" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$build/findings/$name-" "${corpora[@]}"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
  fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
