#!/bin/sh
# Runs Clippy with warnings as errors, on the dependencies that `cargo build` has compiled. `cargo clippy` would compile
# every dependency again for its metadata, and the SDK of EC2 takes minutes. As the workspace's compiler wrapper, the
# same driver checks this package only.
set -eu
export RUSTC_WORKSPACE_WRAPPER=clippy-driver
export CLIPPY_ARGS='-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__'
exec "${CARGO:-cargo}" build --locked --all-targets
