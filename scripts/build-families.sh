#!/usr/bin/env bash
# A model of every family, trained on the embedded data for an epoch, and its lists as the trainer gives them: what the browser is held
# to. Not for accuracy; `make quality` is.
set -euo pipefail
source "$(dirname "$0")/env.sh"

say "building the trainer"
cargo build --quiet --release -p proclivity-cli
trainer="$TARGET/release/proclivity"
data=data/complete-journey
out="$TARGET/families"

stamp="$out/built-from"
sum=$(cat "$trainer" "$data"/*.csv.gz scripts/build-families.sh | sha256sum)
if [ "$(cat "$stamp" 2> /dev/null)" = "$sum" ]; then exit 0; fi
rm -rf "$out"
mkdir -p "$out"

moment=(--context hour=18 --context weekday=5)
# train NAME FLAG...: one command each.
train() {
  local name=$1 list; shift
  say "training $name"
  "$trainer" train "$data/purchases.csv.gz" --items "$data/items.csv.gz" -o "$out/$name.safetensors" --validation 0 --epochs 1 "$@" > /dev/null 2>&1 ||
    fail "expected $name to train, found otherwise: proclivity train $data/purchases.csv.gz --items $data/items.csv.gz --epochs 1 $*"
  for list in "" 6972 3833,6790,6972,12087,54501; do
    "$trainer" recommend "$out/$name.safetensors" ${list:+--history "$list"} "${moment[@]}" --json > "$out/$name.${list//,/-}.json"
  done
}
for family in gmf mlp neumf two-tower fm deepfm gru4rec sasrec mult-vae; do train "$family" --family "$family" --dim 32 --deep-negatives "$([[ $family =~ ^(gmf|mlp|neumf|fm|deepfm)$ ]] && echo 1 || echo 512)"; done
train content --family als --dim 32 --content --context
train hybrid --family als+ease+ncf --dim 32 --ncf-epochs 1
printf '%s\n' "$sum" > "$stamp"
