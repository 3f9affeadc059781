#!/usr/bin/env bash
# npm packages of the given folders, by their lock files; nothing to do where they are in place.
set -euo pipefail
source "$(dirname "$0")/env.sh"

for folder in "$@"; do
  stamp="$folder/node_modules/.proclivity-lock"
  if ! cmp -s "$folder/package-lock.json" "$stamp"; then
    say "installing npm packages of $folder"
    npm ci --prefix "$folder" --no-audit --no-fund --loglevel=error
    cp "$folder/package-lock.json" "$stamp"
  fi
done
