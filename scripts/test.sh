#!/usr/bin/env bash
# Every test. Each step is a script of its own.
set -euo pipefail
source "$(dirname "$0")/env.sh"
scripts/test-native.sh
scripts/test-web.sh
scripts/build-web.sh
scripts/test-npm.sh
scripts/test-e2e.sh
say "all tests passed"
