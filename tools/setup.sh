#!/usr/bin/env bash
# Installs what this project needs on a Debian 12 and does nothing where it is there already.
#   tools/setup.sh [build|test|python|docs|wheel|parity|parity-tf|parity-torch|parity-onnx|bench|format|tidy|fuzz]...
#                                                                                              (default: build)
# Debian packages are installed as root or with sudo; what comes from PyPI goes into private folders below .deps/.
set -euo pipefail
cd "$(dirname "$0")/.."

packages_build=(
  g++ cmake ninja-build pkg-config ccache python3-venv
  libhdf5-dev libzip-dev nlohmann-json3-dev libcli11-dev libfmt-dev libpng-dev libjpeg62-turbo-dev libhwy-dev libxbyak-dev
  libcairo2-dev libssl-dev libxxhash-dev libprotobuf-dev protobuf-compiler libleveldb-dev libsnappy-dev
  fonts-dejavu-core libgtest-dev libgmock-dev libbenchmark-dev
)
packages_python=(python3-dev python3-venv)
packages_format=(clang-format)
packages_tidy=(clang-tidy clang libomp-dev)
packages_fuzz=(clang libclang-rt-14-dev libomp-dev)

say() { printf 'setup: %s\n' "$*" >&2; }
die() { say "$@"; exit 1; }

# as_root COMMAND...
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "neither root nor sudo; please run as root: $*"
  fi
}

# install_packages NAME...: the missing ones only, so that a second run asks the network for nothing.
install_packages() {
  local package missing=()
  for package in "$@"; do
    if [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" != installed ]; then
      missing+=("$package")
    fi
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null || die "no apt-get here; please install the counterparts of: ${missing[*]}"
  say "installing Debian packages: ${missing[*]}"
  as_root apt-get update -q >&2
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}" >&2
}

# make_venv FOLDER: Debian's Python first; another one where it cannot make a venv.
make_venv() {
  local python
  for python in /usr/bin/python3 python3; do
    rm -rf "$1"
    if "$python" -m venv "$1" >/dev/null 2>&1 && "$1/bin/python" -m pip --version >/dev/null 2>&1; then return 0; fi
  done
  die "no Python 3 that can make a virtual environment (Debian: python3-venv)"
}

# install_venv FOLDER REQUIREMENTS: a venv is whole when its stamp equals its requirements.
install_venv() {
  if cmp -s "$2" "$1/.stamp"; then return 0; fi
  say "installing into $1: $(grep -v '^#' "$2" | tr '\n' ' ')"
  make_venv "$1"
  "$1/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary :all: -r "$2" >&2
  cp "$2" "$1/.stamp"
}

# A system oneDNN of version 3 or later makes the private one unnecessary.
has_system_onednn() {
  echo '#include <oneapi/dnnl/dnnl_version.h>' | c++ -x c++ -E -dM - 2>/dev/null |
    awk '$2 == "DNNL_VERSION_MAJOR" { found = ($3 >= 3) } END { exit !found }'
}

setup_build() {
  install_packages "${packages_build[@]}"
  has_system_onednn || install_venv .deps/onednn tools/requirements/onednn.txt
}

setup_test() {
  install_packages python3-venv
  install_venv .deps/test tools/requirements/test.txt
}

setup_python() {
  install_packages "${packages_python[@]}"
  install_venv .deps/python tools/requirements/python.txt
}

setup_docs() {
  install_packages "${packages_python[@]}"
  install_venv .deps/docs tools/requirements/docs.txt
}

setup_wheel() {
  install_packages "${packages_python[@]}"
  install_venv .deps/wheel tools/requirements/wheel.txt
}

setup_parity() {
  install_packages "${packages_python[@]}"
  install_venv .deps/parity tools/requirements/parity.txt
}

# TensorFlow with the reference packages and tf2onnx, which ask for others than what they need and so come without
# dependencies.
setup_parity_tf() {
  setup_python
  if cmp -s tools/requirements/parity-tf.txt .deps/parity-tf/.whole; then return 0; fi
  install_venv .deps/parity-tf tools/requirements/parity-tf.txt
  .deps/parity-tf/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --ignore-requires-python \
    signxai==1.1.9.2 innvestigate==2.1.2 tf2onnx==1.16.1 onnx==1.16.2 >&2
  cp tools/requirements/parity-tf.txt .deps/parity-tf/.whole
}

# PyTorch and what is measured or compared on it.
setup_torch() {
  local wheels=tools/requirements/bench-torch-alone.txt
  setup_python
  install_venv .deps/bench-torch tools/requirements/bench-torch.txt
  if cmp -s "$wheels" .deps/bench-torch/.whole; then return 0; fi
  say "installing into .deps/bench-torch: $(grep -v '^#' "$wheels" | tr '\n' ' ')"
  .deps/bench-torch/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: \
    -r "$wheels" >&2
  tools/stub_cuda.sh .deps/bench-torch
  cp "$wheels" .deps/bench-torch/.whole
}

# The peers that `make bench` measures beside: those on TensorFlow, and those on PyTorch.
setup_bench() {
  setup_parity_tf
  setup_torch
}

# ONNX beside PyTorch, which is large and so is not installed twice.
setup_parity_onnx() {
  setup_torch
  install_venv .deps/parity-onnx tools/requirements/parity-onnx.txt
  local packages
  packages=$(realpath .deps/bench-torch/lib/python3*/site-packages)
  echo "$packages" >"$(echo .deps/parity-onnx/lib/python3*/site-packages)/torch.pth"
}

for part in "${@:-build}"; do
  case "$part" in
    build) setup_build ;;
    test) setup_build && setup_test ;;
    python) setup_build && setup_python ;;
    docs) setup_docs ;;
    wheel) setup_wheel ;;
    parity) setup_parity ;;
    parity-tf) setup_build && setup_parity_tf ;;
    parity-torch) setup_build && setup_torch ;;
    parity-onnx) setup_build && setup_parity_onnx ;;
    bench) setup_build && setup_bench ;;
    format) install_packages "${packages_format[@]}" ;;
    tidy) install_packages "${packages_tidy[@]}" ;;
    fuzz) install_packages "${packages_fuzz[@]}" ;;
    *) die "unknown part '$part'; expected build, test, python, docs, wheel, parity, parity-tf, parity-torch, parity-onnx, bench, format, tidy or fuzz" ;;
  esac
done
