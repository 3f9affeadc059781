#!/usr/bin/env bash
# What int8 costs in quality: the same training on the embedded data stored in int8 and in f32, NDCG@100 of the held-out
# users through the scorer that ships. Writes target/bench/int8-ndcg.json, unless neither trainer nor data have changed.
set -euo pipefail
source "$(dirname "$0")/env.sh"

say "building the trainer"
cargo build --quiet --release -p proclivity-cli
trainer="$TARGET/release/proclivity"
data=data/complete-journey
out="$TARGET/bench"
mkdir -p "$out"
sum=$(cat "$trainer" "$data"/*.csv.gz scripts/bench-int8.sh | sha256sum)
if [ -f "$out/int8-ndcg.json" ] && [ "$(cat "$out/.int8-ndcg-by" 2> /dev/null)" = "$sum" ]; then exit 0; fi

for precision in int8 f32; do
  say "training on $data, stored in $precision"
  "$trainer" train "$data/purchases.csv.gz" --items "$data/items.csv.gz" --seed 42 --json \
    --precision "$precision" --ranker-precision "$precision" \
    -o "$out/$precision.safetensors" > "$out/train-$precision.json"
done
node -e '
  const [int8, f32] = process.argv.slice(1).map((file) => JSON.parse(require("fs").readFileSync(file)));
  const ndcg = ({ validation }) => (validation.cascade ?? validation.retrieval)["ndcg@100"];
  const als = ({ validation }) => validation.retrieval["ndcg@100"].toFixed(4);
  const note = `complete-journey, ${int8.validation_users} held-out users, ${int8.family}; als alone ${als(int8)} and ${als(f32)}`;
  console.log(JSON.stringify({ int8: ndcg(int8), f32: ndcg(f32), note }));
' "$out/train-int8.json" "$out/train-f32.json" > "$out/int8-ndcg.json"
printf '%s\n' "$sum" > "$out/.int8-ndcg-by"
