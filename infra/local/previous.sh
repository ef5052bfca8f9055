#!/usr/bin/env bash
# Builds the release before, once: `make faults RUN=upgrades` starts from it. Needs the history of the repository, and
# some minutes. Prints the path of its program.
#
# It is that of the newest tag before HEAD or, while there is no tag, of PREVIOUS_COMMIT in settings.sh.
# FOOTFALL_PREVIOUS_COMMIT names another one.
set -euo pipefail

LOCAL=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in settings progress; do
  # shellcheck source=/dev/null
  source "$LOCAL/$part.sh"
done

newest_tag() { git -C "$REPO" describe --tags --match 'v[0-9]*' --abbrev=0 HEAD^ 2>/dev/null; }

release=${FOOTFALL_PREVIOUS_COMMIT:-$(newest_tag || echo "$PREVIOUS_COMMIT")}
commit=$(git -C "$REPO" rev-parse --verify --quiet "$release^{commit}") \
  || die "There is no commit $release here: fetch the whole history and its tags (git fetch --unshallow --tags)," \
    "or name another commit: FOOTFALL_PREVIOUS_COMMIT=<commit>"
previous=$CACHE/previous/${commit:0:10}

{
  if [[ ! -x $previous/footfall ]]; then
    part=$previous.part
    trap 'rm -rf "$part"' EXIT
    rm -rf "$part"
    mkdir -p "$part/source" "$previous"
    echo "building $release, the release before"
    git -C "$REPO" archive "$commit" | tar -x -C "$part/source"
    # In folders of its own: it shares no build with the checkout.
    (
      cd "$part/source"
      CARGO_TARGET_DIR=$part/target CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_DEBUG=0 FOOTFALL_COMMIT=${commit:0:10} \
        cargo build --quiet --locked --package footfall --bin footfall
    )
    mv "$part/target/debug/footfall" "$previous/footfall"
  fi
} >&2

echo "$previous/footfall"
