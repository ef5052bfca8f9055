#!/usr/bin/env bash
# Installs the browser and the fonts that the journeys of web/browser need, once. Prints the browser's path.
set -euo pipefail

LOCAL=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in settings progress packages; do
  # shellcheck source=/dev/null
  source "$LOCAL/$part.sh"
done

{
  mapfile -t missing < <(packages_for_browser)
  if ((${#missing[@]})); then
    packages_ask "${missing[@]}"
    packages_install "${missing[@]}"
  fi
} >&2

command -v chromium-headless-shell || die "chromium-headless-shell is installed, but not on the PATH."
