#!/usr/bin/env bash
# Builds wheels into dist/, puts the libraries they need into them, and runs their tests in clean environments.
#   tools/build_wheels.sh [PYTHON...]     default: Debian's python3, and what pyenv has of 3.9 to 3.12
# A wheel made with 3.12 serves later versions too (stable ABI). No compiler is on the path of the tests.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD work=$PWD/build-wheel dist=$PWD/dist

say() { printf 'wheel: %s\n' "$*" >&2; }

# One interpreter per version, Debian's first.
find_pythons() {
  local candidate version seen=" "
  for candidate in /usr/bin/python3 "$HOME"/.pyenv/versions/3.{9,10,11,12}.*/bin/python3; do
    [ -x "$candidate" ] || continue
    version=$("$candidate" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    case "$seen" in *" $version "*) continue ;; esac
    seen+="$version "
    printf '%s\n' "$candidate"
  done
}

# What pyproject.toml asks for to build.
build_requires() {
  "$root/.deps/wheel/bin/python" -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"])'
}

# build_wheel PYTHON: leaves the path of the finished wheel in $wheel. The environment stands at one place for all versions,
# as ccache needs it to compile the engine once; pip's own is elsewhere each time.
build_wheel() {
  local raw=$work/raw
  rm -rf "$raw" "$work/repaired"
  "$1" -m venv --clear "$work/builder"
  "$work/builder/bin/python" -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=23'
  # shellcheck disable=SC2046  # a list of requirements
  "$work/builder/bin/python" -m pip install --quiet --disable-pip-version-check $(build_requires)
  PATH="$work/builder/bin:$PATH" "$work/builder/bin/python" -m pip wheel --quiet --disable-pip-version-check --no-deps \
    --no-build-isolation -w "$raw" .
  PATH="$root/.deps/wheel/bin:$PATH" "$root/.deps/wheel/bin/python" tools/repair_wheel.py "$raw"/*.whl "$work/repaired" >&2
  mkdir -p "$dist"
  cp "$work/repaired"/*.whl "$dist"
  wheel=$dist/$(basename "$work/repaired"/*.whl)
}

# test_wheel PYTHON WHEEL: in a new environment, outside the repository, without compilers; each file in a process of its
# own, as ctest does.
test_wheel() {
  local venv=$work/tested tools=$work/path file failed=
  rm -rf "$venv" "$tools"
  "$1" -m venv "$venv"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary :all: "$2" pytest h5py matplotlib
  mkdir -p "$tools"
  ln -s /bin/{bash,sh,head,unshare,mount} "$tools"
  for file in "$root"/python/tests/test_*.py "$root"/python/tests/*/test_*.py; do
    (cd "$work" && env -i HOME="$HOME" PATH="$tools" MPLBACKEND=Agg OMP_WAIT_POLICY=passive SIGNXAI_SOURCE_DIR="$root" \
      "$venv/bin/python" -m pytest -q -p no:cacheprovider -c "$root/pyproject.toml" --rootdir "$root" "$file" >&2) ||
      [ $? -eq 5 ] || failed+=" ${file#"$root"/}"  # 5: all of it needs what is not installed
  done
  [ -z "$failed" ] || { say "failed with $("$1" --version):$failed"; return 1; }
}

tools/setup.sh build wheel
if [ $# -eq 0 ]; then mapfile -t pythons < <(find_pythons); else pythons=("$@"); fi
for python in "${pythons[@]}"; do
  say "building for $("$python" --version)"
  build_wheel "$python"
  say "testing $(basename "$wheel"), $(du -h "$wheel" | cut -f1)"
  test_wheel "$python" "$wheel"
done
ls -1 "$dist"
