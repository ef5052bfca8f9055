#!/usr/bin/env bash
# Builds Centrifugo, once: the public hub that the bench of live streams compares with. Needs Go, and some
# minutes. Prints the path of its program.
set -euo pipefail

LOCAL=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in settings progress; do
  # shellcheck source=/dev/null
  source "$LOCAL/$part.sh"
done

# The installed Go must be enough: no other one is downloaded.
export GOTOOLCHAIN=local

hub=$CACHE/centrifugo-$CENTRIFUGO_VERSION

go_new_enough() {
  local version
  version=$(go env GOVERSION 2>/dev/null) || return 1
  printf '%s\n' "$GO_MIN" "${version#go}" | sort -V -C
}

{
  if [[ ! -x $hub/centrifugo ]]; then
    go_new_enough || die "Centrifugo needs Go $GO_MIN or newer on the PATH."
    echo "building Centrifugo $CENTRIFUGO_VERSION"
    GOBIN=$hub CGO_ENABLED=0 go install "github.com/centrifugal/centrifugo/v6@v$CENTRIFUGO_VERSION"
  fi
} >&2

echo "$hub/centrifugo"
