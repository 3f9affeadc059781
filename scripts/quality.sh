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

# measured NAME FLAGS...: trains with the flags, measures on the test users, writes NAME.json.
measured() {
  local model=$1; shift
  say "training $model"
  "$trainer" train data/complete-journey/purchases.csv.gz --items data/complete-journey/items.csv.gz \
    --keep-users "$split/train_users.csv.gz" --keep-items "$split/items.csv.gz" \
    --validation-fold-in "$split/val_fold_in.csv.gz" --validation-targets "$split/val_targets.csv.gz" \
    --seed 42 -o "$out/$model.safetensors" "$@"
  say "evaluating $model on the test users"
  evaluate=("$trainer" evaluate "$out/$model.safetensors" --fold-in "$split/test_fold_in.csv.gz" --targets "$split/test_targets.csv.gz")
  "${evaluate[@]}"
  "${evaluate[@]}" --json > "$out/$model.json"
  say "written: $out/$model.json"
}

measured "$name"
measured "$name-f32" --precision f32 --ranker-precision f32
