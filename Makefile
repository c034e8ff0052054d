# The commands of this project. Each does its own set-up (tools/setup.sh) and is quick when there is nothing to do.
#   make build          build/bin/signxai
#   make test           set-up, build, all tests; CTEST="-R regex" picks some; SIGNXAI_GOLDENS=DIR adds goldens
#   make docs           the site in build/site, with a gallery that is drawn anew; any broken link or example ends it
#   make notebooks      runs docs/notebooks anew and stores what they show, to be committed
#   make parity         parity-compat, parity-torch, then live Keras models against automatic differentiation; makes its own environments;
#                       PARITY_SHARE=0.4 draws a share of the live cases, by PARITY_SEED; a sample of the architectures
#   make architectures  every network of keras.applications against Keras, into docs/architectures.md: rows that are
#                       missing, or AGAIN=1; ARCHITECTURES="ResNet* VGG16" picks some
#   make wheel          wheels in dist/, tested; PYTHONS="python3.12 ..." picks interpreters
#   make stubs          python/signxai_cpp/_native.pyi anew, after a change of python/bind
#   make parity-compat  signxai_cpp.compat against the live reference on TensorFlow; PARITY_SECONDS (600), PARITY_SEED
#   make parity-torch   AttnLRP and zennit's composites against lxt and zennit on PyTorch; PARITY_NETWORKS (2) of each kind
#   make parity-onnx    ONNX files of PyTorch's networks; PARITY_ONNX_SECONDS ends it, PARITY_SEED draws the order
#   make bench          measures beside the peers; BENCH="warm cold" picks sections; BENCH_REPEATS (7), BENCH_OUT=FILE
#   make demo           set-up, build, explanations of the bundled examples
#   make sanitize       the tests under the address and undefined-behaviour sanitizers; CTEST as above
#   make races          what uses threads under the thread sanitizer; RACES='Conv*' picks other tests
#   make fuzz           each libFuzzer target for FUZZ_SECONDS (600); FUZZ=name_fuzz picks one
#   make format, make format-check, make tidy, make install PREFIX=DIR, make clean
SHELL := bash
JOBS ?= $(shell nproc)
PREFIX ?= /usr/local
FUZZ_SECONDS ?= 600
PARITY_SECONDS ?= 600
PARITY_NETWORKS ?= 2
ARCHITECTURE_SECONDS ?= 90
# Warnings stop continuous integration, not a user whose compiler is newer than ours.
WERROR := $(if $(CI),ON,OFF)

cpp_files = $(shell find include src cli tests benchmarks examples -name '*.h' -o -name '*.cpp' 2>/dev/null)

.PHONY: build test docs notebooks parity parity-compat parity-torch parity-onnx architectures wheel stubs bench demo sanitize races fuzz format format-check tidy install clean setup setup-test

build: setup
	@cmake --preset release -DSIGNXAI_WERROR=$(WERROR) >/dev/null
	@cmake --build --preset release -j $(JOBS) --target program

test: setup-test
	@cmake --preset release -DSIGNXAI_WERROR=$(WERROR) -DSIGNXAI_PYTHON=ON >/dev/null
	@cmake --build --preset release -j $(JOBS)
	@tools/run_tests.py build $(CTEST)

# Live Keras 3 models on JAX, against JAX's own differentiation, and on TensorFlow; live models of tf.keras 2. The extension is for Debian's Python, as is the venv.
parity: parity-compat parity-torch parity-onnx
	@tools/setup.sh build python parity
	@cmake --preset release -DSIGNXAI_PYTHON=ON >/dev/null
	@cmake --build --preset release -j $(JOBS) --target python-package
	@for backend in jax tensorflow; do \
	  PYTHONPATH=build/python KERAS_BACKEND=$$backend TF_CPP_MIN_LOG_LEVEL=2 \
	    .deps/parity/bin/python -m pytest -q -p no:cacheprovider python/tests/live || exit 1; done
	@PYTHONPATH=build/python .deps/parity-tf/bin/python -m pytest -q -p no:cacheprovider python/tests/live/test_{tf_keras,attention,recurrent,preprocessing,layer_list,operations,hand_built,architecture_list,saved_model,tf2onnx}.py
	@for keras in parity parity-tf; do \
	  PYTHONPATH=build/python .deps/$$keras/bin/python tools/parity/architectures.py --seconds $(ARCHITECTURE_SECONDS) $(if $(PARITY_SEED),--seed $(PARITY_SEED)) || exit 1; done

# Takes an hour or two on two cores; what is done stays when it is stopped. Give it the machine: big networks need 10 GB.
architectures:
	@tools/setup.sh build python parity parity-tf
	@cmake --preset release -DSIGNXAI_PYTHON=ON >/dev/null
	@cmake --build --preset release -j $(JOBS) --target python-package
	@for keras in parity parity-tf; do \
	  PYTHONPATH=build/python .deps/$$keras/bin/python tools/parity/architectures.py $(if $(AGAIN),--again) $(foreach pattern,$(ARCHITECTURES),'$(pattern)') || exit 1; done

# Needs no network to be read: build/site/index.html; its search works where it is served: python3 -m http.server -d build/site
docs:
	@tools/setup.sh build python docs
	@cmake --preset release -DSIGNXAI_PYTHON=ON >/dev/null
	@cmake --build --preset release -j $(JOBS) --target python-package
	@NO_MKDOCS_2_WARNING=1 PYTHONPATH=build/python .deps/docs/bin/python -m mkdocs build --strict

notebooks:
	@tools/setup.sh build python
	@cmake --preset release -DSIGNXAI_PYTHON=ON >/dev/null
	@cmake --build --preset release -j $(JOBS) --target python-package
	@PYTHONPATH="$(CURDIR)/build/python" .deps/python/bin/python tools/docs/notebooks.py

wheel:
	@tools/build_wheels.sh $(PYTHONS)

# The stubs of the extension, to be committed with a change of python/bind.
stubs:
	@tools/setup.sh build python
	@cmake --preset release -DSIGNXAI_PYTHON=ON >/dev/null
	@cmake --build --preset release -j $(JOBS) --target python-package
	@PYTHONPATH=build/python .deps/python/bin/python -m nanobind.stubgen -q -m signxai_cpp._native -o python/signxai_cpp/_native.pyi

# torchvision's networks and others, exported by both exporters of PyTorch, beside onnxruntime, PyTorch and zennit.
parity-onnx:
	@tools/setup.sh build python parity-onnx
	@cmake --preset release -DSIGNXAI_PYTHON=ON >/dev/null
	@cmake --build --preset release -j $(JOBS) --target python-package
	@PYTHONPATH=build/python PARITY_SHARE=1 .deps/parity-onnx/bin/python -m pytest -q -p no:cacheprovider -p no:warnings python/tests/live/test_onnx.py

# All 152 names on six networks, a sample of them by seed and time, and the reference's own examples.
parity-compat:
	@tools/setup.sh build python parity-tf
	@cmake --preset release -DSIGNXAI_PYTHON=ON >/dev/null
	@cmake --build --preset release -j $(JOBS) --target python-package
	@PYTHONPATH=build/python .deps/parity-tf/bin/python tools/parity/reference.py --seconds $(PARITY_SECONDS) $(if $(PARITY_SEED),--seed $(PARITY_SEED))
	@PYTHONPATH=build/python .deps/parity-tf/bin/python tools/parity/examples.py --side 56
	@PYTHONPATH=build/python .deps/parity-tf/bin/python tools/parity/test_behaviour.py

# Small transformers, and torchvision's ResNet-18, with random weights.
parity-torch:
	@tools/setup.sh build python parity-torch
	@cmake --preset release -DSIGNXAI_PYTHON=ON >/dev/null
	@cmake --build --preset release -j $(JOBS) --target python-package
	@PYTHONPATH=build/python .deps/bench-torch/bin/python tools/parity/torch_peers.py --networks $(PARITY_NETWORKS)

# The peers live in environments of their own; the Python package is ours, for Debian's Python.
bench:
	@tools/setup.sh build python bench
	@cmake --preset release -DSIGNXAI_PYTHON=ON >/dev/null
	@cmake --build --preset release -j $(JOBS) --target program python-package signxai-benchmarks
	@PYTHONPATH=build/python .deps/python/bin/python benchmarks/bench.py $(BENCH)

demo: build
	@SIGNXAI="$(CURDIR)/build/bin/signxai" tools/demo.sh

sanitize: setup-test
	@cmake --preset asan >/dev/null
	@cmake --build --preset asan -j $(JOBS)
	@tools/run_tests.py build-asan $(CTEST)

races:
	@tools/setup.sh build fuzz
	@cmake --preset tsan >/dev/null
	@cmake --build --preset tsan -j $(JOBS)
	@tools/run_tsan.sh build-tsan '$(RACES)'

fuzz:
	@tools/setup.sh build fuzz
	@cmake --preset fuzz >/dev/null
	@cmake --build --preset fuzz -j $(JOBS)
	@tools/run_fuzz.sh build-fuzz $(FUZZ_SECONDS) $(FUZZ)

format:
	@tools/setup.sh format
	@clang-format -i $(cpp_files)

format-check:
	@tools/setup.sh format
	@clang-format --dry-run --Werror $(cpp_files)

tidy:
	@tools/setup.sh build tidy
	@cmake --preset tidy >/dev/null
	@run-clang-tidy -quiet -p build-tidy -j $(JOBS) '$(CURDIR)/(src|cli|benchmarks)/.*'

install: build
	@cmake --install build --prefix "$(PREFIX)"

clean:
	rm -rf build build-* dist

setup:
	@tools/setup.sh build

setup-test:
	@tools/setup.sh build test python
