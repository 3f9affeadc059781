#!/usr/bin/env bash
# Programs from the system's packages, by what they are for: `browser` (Chromium and ChromeDriver), `vulkan` (a software
# GPU for the native tests). Installed on Debian and its kin when missing; elsewhere it says what to install.
set -euo pipefail
source "$(dirname "$0")/env.sh"

# install WHAT PACKAGE...
install() {
  local what=$1; shift
  command -v apt-get > /dev/null || fail "$what is missing: install the equivalent of these Debian packages: $*"
  say "installing $what ($*)"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update > /dev/null &&
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$@" > /dev/null ||
    fail "$what could not be installed: as root, run: apt-get install $*"
}

for what in "$@"; do
  case "$what" in
    browser)
      find_first chromium chromium-browser google-chrome > /dev/null && find_first chromedriver > /dev/null ||
        install "a headless browser" chromium chromium-driver ;;
    vulkan)
      compgen -G '/usr/share/vulkan/icd.d/*.json' > /dev/null ||
        install "a software Vulkan driver" mesa-vulkan-drivers libvulkan1 ;;
    *) fail "setup-system: expected browser or vulkan, found $what" ;;
  esac
done
