#!/usr/bin/env bash
# What the in-browser Rust tests need besides: wasm-pack.
set -euo pipefail
source "$(dirname "$0")/env.sh"

version=0.15.1
if [ "$(wasm-pack --version 2> /dev/null)" != "wasm-pack $version" ]; then
  say "building wasm-pack $version into $CACHE (once, some minutes)"
  CARGO_TARGET_DIR="$CACHE/build" cargo install --quiet wasm-pack --version "$version" --locked --root "$CACHE"
  rm -rf "$CACHE/build"
fi
