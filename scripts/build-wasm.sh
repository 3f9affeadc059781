#!/usr/bin/env bash
# The engine for the browser: Rust → wasm32 → JavaScript bindings → optimised, into npm/wasm. Twice: with simd128, and with
# relaxed-simd, which a browser that does not know it would refuse as a whole. Both share one proclivity.js.
set -euo pipefail
source "$(dirname "$0")/env.sh"
scripts/setup-wasm.sh
scripts/setup-node.sh npm

stamp=npm/wasm/.built-from
inputs=(src shaders build.rs Cargo.toml Cargo.lock scripts/build-wasm.sh scripts/{link-wasm,wasm-binary,shrink-bindings,order-functions}.mjs
  npm/package-lock.json)
sum=$({ rustc -vV; find "${inputs[@]}" -type f -print0 | sort -z | xargs -0 sha256sum; } | sha256sum)
if [ -f npm/wasm/proclivity_relaxed_bg.wasm ] && [ "$(cat "$stamp" 2> /dev/null)" = "$sum" ]; then exit 0; fi

# Paths in panic messages are made short and the same on every machine.
std=$(rustc --print sysroot)/lib/rustlib/src/rust/library
std_hash=/rustc/$(rustc -vV | awk '/^commit-hash/ { print $2 }')/library
flags=(-Ctarget-feature=+simd128 "--remap-path-prefix=$ROOT=." "--remap-path-prefix=$std=std" "--remap-path-prefix=$std_hash=std")
for registry in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*; do flags+=("--remap-path-prefix=$registry=crates"); done
CARGO_ENCODED_RUSTFLAGS=$(IFS=$'\x1f'; printf '%s' "${flags[*]}")
export CARGO_ENCODED_RUSTFLAGS
linker=$(cat scripts/link-wasm.mjs scripts/wasm-binary.mjs | sha256sum | cut -c1-16)

# Found by trying, 8 KB of the gzip'd engine: the standard library was compiled for speed and would be inlined freely; the
# other three copy code or keep more values at hand, which gains nothing in a page, where V8 and its like optimise again.
smaller=(-inline-threshold=15 -disable-lsr -enable-pre=false -disable-machine-cse)
smaller=("${smaller[@]/#/-Cllvm-args=}")
# In wasm-opt, --low-memory-unused: nothing lies in the first KB, the far end of the stack. Common subexpressions are left to
# the browser: what is written twice packs well.
# build NAME FEATURE: the module and its bindings into target/wasm/NAME. The feature goes to this crate alone, so that the
# builds share all others.
# The linker's hash is among the compiler's options because Cargo would not link again for another linker alone.
# As a cdylib alone: with an rlib beside it, Cargo leaves out link-time optimisation, which is 8 KB of the gzip'd engine.
build() {
  local out="$TARGET/wasm/$1"
  say "building the engine for WebAssembly ($1)"
  rm -rf "$out"
  cargo rustc --quiet --lib --crate-type cdylib --target wasm32-unknown-unknown --profile wasm-release -- \
    "-Ctarget-feature=$2" "${smaller[@]}" "-Clinker=$ROOT/scripts/link-wasm.mjs" "--cfg=linker=\"$linker\""
  wasm-bindgen --target web --out-dir "$out" --out-name proclivity "$TARGET/wasm32-unknown-unknown/wasm-release/proclivity.wasm"
  npm/node_modules/.bin/wasm-opt -Oz --converge --one-caller-inline-max-function-size 30 --skip-pass local-cse --low-memory-unused \
    --strip-debug --strip-producers --strip-target-features \
    --enable-simd --enable-relaxed-simd --enable-bulk-memory --enable-nontrapping-float-to-int --enable-sign-ext \
    --enable-mutable-globals --enable-reference-types --enable-multivalue "$out/proclivity_bg.wasm" -o "$out/optimised.wasm"
  mv "$out/optimised.wasm" "$out/proclivity_bg.wasm"
  node scripts/shrink-bindings.mjs "$out"
  node scripts/order-functions.mjs "$out/proclivity_bg.wasm"
  say "engine ($1): $(gzip -9c "$out/proclivity_bg.wasm" | wc -c) bytes gzip'd"
}
build simd128 +simd128
build relaxed-simd +relaxed-simd

first="$TARGET/wasm/simd128" second="$TARGET/wasm/relaxed-simd"
cmp "$first/proclivity.js" "$second/proclivity.js" ||
  fail "expected the same bindings of both builds, found two; code under cfg(target_feature) must not change what is imported or exported"
mkdir -p npm/wasm
rm -f "$stamp"
cp "$first"/proclivity.js "$first"/proclivity.d.ts "$first"/proclivity_bg.wasm npm/wasm/
cp "$second/proclivity_bg.wasm" npm/wasm/proclivity_relaxed_bg.wasm
printf '%s\n' "$sum" > "$stamp"
