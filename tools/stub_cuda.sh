#!/usr/bin/env bash
# Makes PyPI's PyTorch load on a machine without CUDA libraries, for `make bench`, which measures on the processor.
#   tools/stub_cuda.sh VENV
# Each CUDA library that PyTorch is linked with, but for the runtime, becomes a small one of the same name, symbols and
# symbol versions, whose functions do nothing but return an error code. They are never called where no device is found.
set -euo pipefail
cd "$1"/lib/python3*/site-packages/torch/lib
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

nm -D --undefined-only ./*.so | awk '$NF ~ /^(cu|nv|nccl)/ { sub("@", " ", $NF); print $NF }' |
  sort -u >"$work/symbols"
awk '{ print "int " $1 "(void) { return 999; }" }' "$work/symbols" | sort -u >"$work/stub.c"
awk 'NF == 2 { nodes[$2] = nodes[$2] $1 "; " }
     END { for (node in nodes) print node " { " nodes[node] "};" }' "$work/symbols" >"$work/versions"

readelf -d ./*.so | sed -n 's/.*(NEEDED).*\[\(lib\(cu\|nv\|nccl\)[^]]*\)\]/\1/p' | sort -u |
  grep -v -e '^libcudart\.' -e '^libcuda\.' | while read -r library; do
  cc -shared -fPIC -w -x c "-Wl,-soname,$library" "-Wl,--version-script=$work/versions" -o "$library" "$work/stub.c"
done
