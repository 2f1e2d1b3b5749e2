# What a person types. Each target sets up what it lacks; the work is done by meson, in build* folders.
#
#   make demo                from nothing to the vulnerabilities of an image
#   make build               release build, leaves build/clarion
#   make check               all tests, under AddressSanitizer and UndefinedBehaviorSanitizer
#   make check-threads       the service's tests, under ThreadSanitizer
#   make lint                formatting, warnings of both compilers, static analysis
#   make bench               speed and memory, as ratios to public tools; SCALE=1000000: with an inventory of that size
#   make fuzz SECONDS=60     each fuzz harness for that long
#   make docs                the documentation as a site, build/docs/index.html
#   make install             DESTDIR and PREFIX are obeyed
#   make deb                 a Debian package, leaves build/clarion_VERSION_ARCH.deb
#   make image               Clarion's own image as an OCI layout, leaves build/clarion-image.oci

SECONDS ?= 60
PREFIX  ?= /usr/local
SHELL   := /bin/bash

# CLARION_SHARED names a folder with further test images and feeds; tests that want it are skipped without it.
export CLARION_SHARED ?= $(if $(wildcard ../shared/images),$(abspath ../shared))

.PHONY: build demo check check-threads lint bench fuzz docs install deb image clean setup setup-tests setup-packages
.DEFAULT_GOAL := build

setup:
	@scripts/setup.sh
setup-tests:
	@scripts/setup.sh --tests
setup-packages:
	@scripts/setup.sh --packages

build: setup
	@scripts/meson-build.sh build

demo: build
	@demo/run.sh build/clarion

check: setup-tests
	@scripts/meson-build.sh build-check -Doptimization=1 -Ddebug=true -Dwerror=true -Dtests=true \
	    -Db_sanitize=address,undefined -Db_lundef=false
	@scripts/meson-build.sh build
	@python3 tests/run.py build-check

check-threads: setup-tests
	@scripts/meson-build.sh build-tsan -Doptimization=1 -Ddebug=true -Dwerror=true -Db_sanitize=thread -Db_lundef=false
	@setarch -R python3 tests/run.py build-tsan test_serve test_summaries test_round_trips clair_api clair_quay test_layers test_leader test_stopped

lint: setup-tests
	@scripts/lint.sh

bench:
	@scripts/setup.sh --bench
	@scripts/meson-build.sh build -Dbench=true
	@python3 bench/run.py build

fuzz: setup-tests
	@scripts/fuzz.sh $(SECONDS)

docs:
	@scripts/setup.sh --docs
	@scripts/build-docs.py build/docs

install: build
	@meson install -C build --no-rebuild --quiet --destdir "$(DESTDIR)"

deb: setup-packages build
	@packaging/deb.sh build build

image: setup-packages build
	@deb=$$(packaging/deb.sh build build) && python3 packaging/image.py "$$deb" build/clarion-image.oci

clean:
	@rm -rf build build-*
