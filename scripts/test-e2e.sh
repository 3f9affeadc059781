#!/usr/bin/env bash
# The demo as a person uses it, on both backends.
set -euo pipefail
source "$(dirname "$0")/env.sh"
scripts/setup-system.sh browser
scripts/setup-node.sh tests/e2e
say "end-to-end tests"
npm test --silent --prefix tests/e2e
