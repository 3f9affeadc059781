#!/usr/bin/env bash
# The demo's models: trains on the embedded data with the release trainer, unless neither has changed.
set -euo pipefail
source "$(dirname "$0")/env.sh"

say "building the trainer"
cargo build --quiet --release -p proclivity-cli
trainer="$TARGET/release/proclivity"
data=data/complete-journey
model=www/public/model.safetensors
sequence=www/public/sequence.safetensors

stamp="$TARGET/demo-model.stamp"
sum=$(cat "$trainer" "$data"/*.csv.gz scripts/build-model.sh | sha256sum)
if [ -f "$model" ] && [ -f "$sequence" ] && [ "$(cat "$stamp" 2> /dev/null)" = "$sum" ]; then exit 0; fi
say "training the demo's models on $data"
"$trainer" train "$data/purchases.csv.gz" --items "$data/items.csv.gz" -o "$model" --family als+ncf --seed 42
"$trainer" train "$data/purchases.csv.gz" --items "$data/items.csv.gz" -o "$sequence" --family sasrec --epochs 4 --deep-negatives 512 --seed 42
printf '%s\n' "$sum" > "$stamp"
