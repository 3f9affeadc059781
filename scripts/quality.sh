#!/usr/bin/env bash
# Evaluation on the fixed splits: trains on the training users, measures the int8 model on the test users through the
# scorer that ships, and writes target/quality/*.json. Splits that are not there are named as skipped.
set -euo pipefail
source "$(dirname "$0")/env.sh"

name=complete-journey-strong
split="${PROCLIVITY_SPLITS:-$ROOT/../shared/splits}/$name"
if [ ! -d "$split" ]; then
  say "skipped $name: the split is not part of the repository; expected in $split (set PROCLIVITY_SPLITS)"
  exit 0
fi
say "building the trainer"
cargo build --quiet --release -p proclivity-cli
trainer="$TARGET/release/proclivity"
out="$TARGET/quality"
mkdir -p "$out"

say "training on $name"
"$trainer" train data/complete-journey/purchases.csv.gz --items data/complete-journey/items.csv.gz \
  --keep-users "$split/train_users.csv.gz" --keep-items "$split/items.csv.gz" \
  --validation-fold-in "$split/val_fold_in.csv.gz" --validation-targets "$split/val_targets.csv.gz" \
  --seed 42 -o "$out/$name.safetensors"
say "evaluating on the test users"
evaluate=("$trainer" evaluate "$out/$name.safetensors" --fold-in "$split/test_fold_in.csv.gz" --targets "$split/test_targets.csv.gz")
"${evaluate[@]}"
"${evaluate[@]}" --json > "$out/$name.json"
say "written: $out/$name.json"
