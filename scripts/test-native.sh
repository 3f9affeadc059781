#!/usr/bin/env bash
# Engine and trainer, natively; the GPU tests run on a software Vulkan driver where there is no GPU.
set -euo pipefail
source "$(dirname "$0")/env.sh"
scripts/setup-system.sh vulkan
say "native tests"
export XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-/tmp}
cargo test --release --workspace
