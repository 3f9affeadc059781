# Sourced by every script: the project root, the tool cache, and where programs are found.
# Tools are built once into the cache and kept there; nothing is installed into the project but node_modules and target.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE=${PROCLIVITY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/proclivity}
TARGET=${CARGO_TARGET_DIR:-$ROOT/target}
export PATH="$CACHE/bin:$PATH"
cd "$ROOT"

say() { printf '\033[1m▸ %s\033[0m\n' "$*"; }
fail() { printf '✗ %s\n' "$*" >&2; exit 1; }

# locked NAME: the version of a crate in Cargo.lock.
locked() { awk -v name="$1" '$1 == "name" && $3 == "\"" name "\"" { getline; gsub(/"/, "", $3); print $3; exit }' Cargo.lock; }

# as_root COMMAND: runs it as root, by sudo where that is needed and there.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo > /dev/null; then sudo "$@"
  else return 1; fi
}

# use_browser: names the browser for the scripts that drive one.
use_browser() { CHROMIUM=${CHROMIUM:-$(find_first chromium chromium-browser google-chrome)}; export CHROMIUM; }

# find_first NAME...: the path of the first program that exists.
find_first() { local name; for name in "$@"; do command -v "$name" 2> /dev/null && return; done; return 1; }
