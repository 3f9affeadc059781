#!/usr/bin/env bash
# The engine for the browser: Rust → wasm32 with simd128 → JavaScript bindings → optimised, into npm/wasm.
set -euo pipefail
source "$(dirname "$0")/env.sh"
scripts/setup-wasm.sh
scripts/setup-node.sh npm

say "building the engine for WebAssembly"
# Paths in panic messages are made short and the same on every machine.
std=$(rustc --print sysroot)/lib/rustlib/src/rust/library
std_hash=/rustc/$(rustc -vV | awk '/^commit-hash/ { print $2 }')/library
flags=(-Ctarget-feature=+simd128 "--remap-path-prefix=$ROOT=." "--remap-path-prefix=$std=std" "--remap-path-prefix=$std_hash=std")
for registry in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*; do flags+=("--remap-path-prefix=$registry=crates"); done
CARGO_ENCODED_RUSTFLAGS=$(IFS=$'\x1f'; printf '%s' "${flags[*]}") \
  cargo build --quiet --lib --target wasm32-unknown-unknown --profile wasm-release
built="$TARGET/wasm32-unknown-unknown/wasm-release/proclivity.wasm"

stamp=npm/wasm/.built-from
sum=$(cat "$built" scripts/build-wasm.sh scripts/shorten-imports.mjs | sha256sum)
if [ -f npm/wasm/proclivity_bg.wasm ] && [ "$(cat "$stamp" 2> /dev/null)" = "$sum" ]; then exit 0; fi
mkdir -p npm/wasm
rm -f "$stamp"
wasm-bindgen --target web --out-dir npm/wasm --out-name proclivity "$built"
npm/node_modules/.bin/wasm-opt -Oz --one-caller-inline-max-function-size 15 --strip-debug --strip-producers --enable-simd --enable-bulk-memory \
  --enable-nontrapping-float-to-int --enable-sign-ext --enable-mutable-globals --enable-reference-types \
  --enable-multivalue npm/wasm/proclivity_bg.wasm -o npm/wasm/proclivity_bg.opt.wasm
mv npm/wasm/proclivity_bg.opt.wasm npm/wasm/proclivity_bg.wasm
node scripts/shorten-imports.mjs npm/wasm
printf '%s\n' "$sum" > "$stamp"
say "engine: $(gzip -9c npm/wasm/proclivity_bg.wasm | wc -c) bytes gzip'd"
