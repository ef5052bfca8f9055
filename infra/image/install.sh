#!/usr/bin/env bash
# Installs the programs that build and check the image, on Debian. Needs root.
set -euo pipefail
# shellcheck source=settings.sh
. "$(dirname "${BASH_SOURCE[0]}")/settings.sh"
DEBIAN_FRONTEND=noninteractive exec apt-get install --yes --no-install-recommends "${IMAGE_PROGRAMS[@]}"
