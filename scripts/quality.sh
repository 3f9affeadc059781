#!/usr/bin/env bash
# Evaluation on the fixed splits: trains with the settings of benches/quality/recipes.js, measures on the test users through the
# scorer that ships, and writes target/quality/quality.json. Splits that are not there are named as skipped. FAST=1 leaves out
# what takes long; TORCH=PYTHON adds a row with a reference in PyTorch, which takes an hour.
set -euo pipefail
source "$(dirname "$0")/env.sh"

say "building the trainer"
cargo build --quiet --release -p proclivity-cli
# The peer of one row; without Python the row is skipped.
IMPLICIT=0.7.2
venv="$CACHE/implicit-$IMPLICIT"
if [ ! -x "$venv/done" ] && command -v python3 > /dev/null; then
  say "installing implicit $IMPLICIT, for comparison"
  if python3 -m venv "$venv" && "$venv/bin/pip" install --quiet "implicit==$IMPLICIT"; then install -m 755 /dev/null "$venv/done"; fi
fi
[ -x "$venv/done" ] && export PYTHON="$venv/bin/python"
export ROOT SHARED="${PROCLIVITY_SHARED:-$ROOT/../shared}" OUT="$TARGET/quality" TRAINER="$TARGET/release/proclivity" FAST="${FAST:-}"
# Two rows drive a browser on the demo's model.
case "${ONLY:-latency}" in *latency* | *kills*)
  scripts/build-web.sh
  scripts/setup-system.sh browser
  use_browser
  scripts/setup-node.sh tests/e2e
  ;;
esac
node benches/quality/run.js
