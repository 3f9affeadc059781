#!/usr/bin/env bash
# The main job: build, train, serve. With CHECK=1: drive the shop once headless on both backends, and exit.
set -euo pipefail
source "$(dirname "$0")/env.sh"
scripts/build-web.sh
node scripts/download-size.mjs

if [ -n "${CHECK:-}" ]; then
  scripts/setup-system.sh browser
  use_browser
  scripts/setup-node.sh tests/e2e
  say "driving the shop in headless Chromium"
  npm run --silent --prefix tests/e2e check
else
  npm run --silent --prefix www serve
fi
