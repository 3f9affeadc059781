#!/usr/bin/env bash
# The contract in headless Chromium, on the CPU and on WebGPU. Arguments for the browser are in webdriver.json.
set -euo pipefail
source "$(dirname "$0")/env.sh"
scripts/setup-system.sh browser
scripts/setup-wasm.sh
scripts/setup-wasm-pack.sh
say "tests in the browser"
export CHROMEDRIVER=${CHROMEDRIVER:-$(find_first chromedriver)}
export RUSTFLAGS="-C target-feature=+simd128"
export WASM_BINDGEN_TEST_TIMEOUT=${WASM_BINDGEN_TEST_TIMEOUT:-300}
wasm-pack test --mode no-install --headless --chrome --release --test web
