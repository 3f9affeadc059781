#!/usr/bin/env bash
# What building for the browser needs: the wasm target and the wasm-bindgen of the very version the crate is locked to.
set -euo pipefail
source "$(dirname "$0")/env.sh"

command -v rustup > /dev/null || fail "rustup is missing: install Rust from https://rustup.rs"
if ! rustup target list --installed | grep -qx wasm32-unknown-unknown; then
  say "adding the Rust target wasm32-unknown-unknown"
  rustup target add wasm32-unknown-unknown
fi

version=$(locked wasm-bindgen)
if [ "$(wasm-bindgen --version 2> /dev/null)" != "wasm-bindgen $version" ]; then
  say "building wasm-bindgen $version into $CACHE (once, some minutes)"
  CARGO_TARGET_DIR="$CACHE/build" cargo install --quiet wasm-bindgen-cli --version "$version" --root "$CACHE"
  rm -rf "$CACHE/build"
fi
