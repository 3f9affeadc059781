#!/usr/bin/env bash
# The contract in headless Chromium, on the CPU with the kernels of both builds and on WebGPU. Arguments for the browser are in
# webdriver.json.
set -euo pipefail
source "$(dirname "$0")/env.sh"
scripts/setup-system.sh browser
scripts/setup-wasm.sh
scripts/setup-wasm-pack.sh
export CHROMEDRIVER=${CHROMEDRIVER:-$(find_first chromedriver)}
export WASM_BINDGEN_TEST_TIMEOUT=${WASM_BINDGEN_TEST_TIMEOUT:-900}
say "tests in the browser (simd128)"
RUSTFLAGS="-C target-feature=+simd128" wasm-pack test --mode no-install --headless --chrome --release --test web --features twins
# WebGPU is the same in both builds.
say "tests in the browser (relaxed-simd)"
RUSTFLAGS="-C target-feature=+simd128,+relaxed-simd" \
  wasm-pack test --mode no-install --headless --chrome --release --test web --features twins -- --skip webgpu:: --skip auto::
