#!/usr/bin/env bash
# Formatting, clippy, shaders, TypeScript. Warnings are errors.
set -euo pipefail
source "$(dirname "$0")/env.sh"
scripts/build-wasm.sh
scripts/setup-node.sh npm www tests/e2e benches/browser
rustup component add rustfmt clippy 2> /dev/null
say "rustfmt"
cargo fmt --all --check
say "clippy"
cargo clippy --quiet --release --workspace --all-targets -- -D warnings
for feature in simd128 relaxed-simd; do
  RUSTFLAGS="-C target-feature=+simd128,+$feature" \
    cargo clippy --quiet --release --target wasm32-unknown-unknown --features twins --tests -- -D warnings
done
say "WGSL through naga"
cargo test --quiet --release --test shaders
say "TypeScript"
npm run --silent --prefix npm build
for package in npm www tests/e2e benches/browser; do npm run --silent --prefix "$package" lint; done
