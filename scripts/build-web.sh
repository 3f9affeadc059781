#!/usr/bin/env bash
# Everything the page needs: engine, npm package, model, shop.
set -euo pipefail
source "$(dirname "$0")/env.sh"
scripts/build-wasm.sh
scripts/setup-node.sh npm www
say "building the npm package"
npm run --silent --prefix npm build
scripts/build-model.sh
say "building the shop"
npm run --silent --prefix www build -- --logLevel warn
