#!/usr/bin/env bash
# After build-web.sh. The demo as a person uses it, on both backends.
set -euo pipefail
source "$(dirname "$0")/env.sh"
scripts/setup-system.sh browser
use_browser
scripts/setup-node.sh tests/e2e
scripts/build-families.sh
export FAMILIES="$TARGET/families"
say "end-to-end tests"
npm test --silent --prefix tests/e2e
