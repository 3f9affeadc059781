#!/usr/bin/env bash
# The bench against peers: the engine, its npm package, the models, the page, one run in headless Chromium. Writes
# target/bench/browser.json and docs/bench.svg. ONLY=id,id runs some of it and leaves the picture alone.
set -euo pipefail
source "$(dirname "$0")/env.sh"
scripts/setup-system.sh browser
use_browser
scripts/build-wasm.sh
scripts/setup-node.sh npm benches/browser
say "building the npm package"
npm run --silent --prefix npm build

out="$TARGET/bench"
models="$out/models"
say "making the models"
cargo build --quiet --release --example bench-models --no-default-features
make="$TARGET/release/examples/bench-models"
sum=$(sha256sum < "$make")
if [ "$(cat "$models/.made-by" 2> /dev/null)" != "$sum" ]; then
  rm -rf "$models"
  "$make" "$models"
  printf '%s\n' "$sum" > "$models/.made-by"
fi

[ -n "${ONLY:-}" ] || scripts/bench-int8.sh

say "building the page"
npm run --silent --prefix benches/browser build -- --logLevel warn
say "timing (some ten minutes; leave the machine alone)"
npm run --silent --prefix benches/browser bench -- --models "$models" --out "$out" --plot "$ROOT/docs/bench.svg" \
  --int8-ndcg "$out/int8-ndcg.json" ${ONLY:+--only "$ONLY"}

if [ -z "${ONLY:-}" ]; then
  say "timing the kernels natively"
  XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-/tmp} cargo bench --quiet --bench kernels
fi
