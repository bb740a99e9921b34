#!/bin/sh
# Clippy, with warnings as errors, over what `cargo build` has compiled already. `cargo clippy` compiles every
# dependency once more for its metadata, and the SDK of EC2 takes minutes; as the workspace's compiler the same
# driver sees only this package.
set -eu
export RUSTC_WORKSPACE_WRAPPER=clippy-driver
export CLIPPY_ARGS='-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__'
exec "${CARGO:-cargo}" build --locked --all-targets
