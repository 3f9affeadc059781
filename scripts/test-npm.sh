#!/usr/bin/env bash
# After build-web.sh. The npm package: unit tests on the real engine, then the packed tarball in plain Node and in a fresh Vite app.
set -euo pipefail
source "$(dirname "$0")/env.sh"
scripts/setup-system.sh browser
use_browser
export PROCLIVITY_MODEL="$ROOT/www/public/model.safetensors"
say "npm package tests"
npm test --silent --prefix npm
say "packaging tests"
npm run --silent --prefix npm test:packaging
