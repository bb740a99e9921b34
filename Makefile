# rolecall: `make demo` shows the main job, `make test` passes the tests. Both install what they need besides
# Rust, Python 3.11, make and a C compiler into .emulator/, which git ignores.

PYTHON ?= python3
CARGO ?= cargo
VENV := .emulator/venv
TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
RUN := $(VENV)/bin/python
# One selection of targets for everything in the dev profile: another one would unify features otherwise and
# build the SDK of EC2, which takes minutes, a second time.
TARGETS := --all-targets

# A proxy meant for the internet must not get between the tests and the loopback.
LOOPBACK := 127.0.0.1,localhost
export NO_PROXY := $(LOOPBACK)$(addprefix $(shell printf ,),$(or $(NO_PROXY),$(no_proxy)))
export no_proxy := $(NO_PROXY)

.PHONY: demo test check bench generate package deploy emulator build clean help

help:
	@echo 'make demo      deploy rolecall to an emulated AWS, run it over four accounts, show what comes out'
	@echo 'make test      every test, those on the emulated AWS included'
	@echo 'make check     formatting, lints, documentation, templates, licences'
	@echo 'make bench     measure what a run costs, next to boto3 and a bare HTTP client: tests/bench/BENCHMARKS.md (a release build first)'
	@echo 'make generate  write again what is generated: shapes of AWS answers, JSON Schemas, pages and templates'
	@echo 'make package   the zip to deploy: target/lambda/bootstrap.zip (ARCHITECTURE=arm64, x86_64 or native)'
	@echo 'make deploy    package, and deploy to your AWS account, or update it there: infra/deploy.sh tells its settings'
	@echo '               (DRY_RUN=1: only say what would be done; PACKAGE=FILE: that zip, without a build)'

# Installed once, and again when the pins change.
$(VENV)/.installed: tests/emulator/requirements.txt
	@echo 'installing the emulated AWS into .emulator/'
	@$(PYTHON) -m venv $(VENV)
	@$(RUN) -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

emulator: $(VENV)/.installed

build:
	@echo 'building (the first time takes minutes: the SDK of EC2 is large)'
	@$(CARGO) build --locked $(TARGETS)

demo: emulator build
	@$(RUN) tests/emulator/demo.py

# Hundreds of connections have two ends in one process: as many files as the system lets us open.
FILES := ulimit -n $$(ulimit -Hn) 2>/dev/null || ulimit -n 10240 2>/dev/null;

test: emulator build
	@$(RUN) tests/model/generate.py --check
	@$(RUN) tests/model/pages.py --check
	@$(RUN) -c 'import sys; sys.path.insert(0, "tests/emulator"); import deploying; deploying.install_cli()'
	@$(FILES) $(CARGO) test --locked $(TARGETS)
	@$(FILES) $(CARGO) test --locked $(TARGETS) -- --ignored

# In one build with the benchmarks, so that the SDK of EC2 is compiled for it once.
bench: emulator
	@echo 'building for release (the first time takes some twenty minutes)'
	@$(CARGO) build --locked --release --bins --bench fleet
	@$(RUN) tests/bench/bench.py

generate: emulator
	@$(RUN) tests/model/generate.py
	@$(CARGO) build --locked $(TARGETS)
	@$(TARGET_DIR)/debug/rolecall schema --write events/schema
	@$(RUN) tests/model/pages.py

# Clippy and rustdoc use what `build` has compiled: on their own they would compile every dependency once more.
check: emulator build
	$(CARGO) fmt --check
	tests/lint/clippy.sh
	$(RUN) tests/lint/rustdoc.py
	$(RUN) tests/lint/templates.py
	bash -n infra/deploy.sh
	$(RUN) tests/lint/licences.py

# cargo-lambda links against the C library of Lambda's own system; it fetches zig and the Rust target where they are
# missing. `native` takes this machine's, for machines that are no newer than Lambda's.
ARCHITECTURE ?= arm64
package:
	@mkdir -p target/lambda
ifeq ($(ARCHITECTURE),native)
	$(CARGO) build --locked --release --no-default-features --bin bootstrap
	$(PYTHON) tests/emulator/pack.py $(TARGET_DIR)/release/bootstrap target/lambda/bootstrap.zip
else
	$(CARGO) lambda build --locked --release --target $(subst arm64,aarch64,$(ARCHITECTURE))-unknown-linux-gnu \
		--no-default-features --bin bootstrap --output-format zip --lambda-dir target/lambda/build
	cp target/lambda/build/bootstrap/bootstrap.zip target/lambda/bootstrap.zip
endif

# PARAMETERS, BACKEND_ROLE_ARN and the like reach the script by the environment. A dry run builds nothing.
NAME = rolecall
deploy: $(if $(PACKAGE)$(DRY_RUN),,package)
	@NAME='$(NAME)' ARCHITECTURE='$(ARCHITECTURE)' PACKAGE='$(or $(PACKAGE),target/lambda/bootstrap.zip)' infra/deploy.sh

clean:
	rm -rf target .emulator
