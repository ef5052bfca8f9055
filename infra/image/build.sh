#!/usr/bin/env bash
# Builds the image of Footfall from the release binary (`make image` builds both).
#
#   build.sh [folder]    writes into the folder (.footfall/image):
#     footfall.oci.tar   the image as an OCI archive: `podman load -i`, `skopeo copy oci-archive:…`
#     footfall.docker.tar   the same for `docker load -i`, which reads no OCI archive with its classic store
#     id                 its id, which is the hash of its configuration and layers
#     footfall.cdx.json  its bill of materials (CycloneDX)
#
# The same binary, commit and Debian packages give the same id on every machine. IMAGE_BINARY names
# another binary, VERSION another version, IMAGE_SNAPSHOT a day of Debian: see base.sh.
# It needs buildah, skopeo, binutils and Python 3; not root, if the user has subordinate ids.
set -euo pipefail
umask 022

IMAGE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REPO=$(cd "$IMAGE/../.." && pwd)
# shellcheck source=settings.sh
. "$IMAGE/settings.sh"

die() {
  printf '%s\n' "$@" >&2
  exit 1
}

for program in buildah skopeo objcopy python3 dpkg-deb; do
  command -v "$program" >/dev/null \
    || die "$program is missing: apt-get install --no-install-recommends ${IMAGE_PROGRAMS[*]}"
done
BINARY=${IMAGE_BINARY:-${CARGO_TARGET_DIR:-$REPO/target}/release/footfall}
[[ -x $BINARY ]] || die "$BINARY is missing: make binary"
OUT=${1:-$REPO/.footfall/image}
mkdir -p "$OUT"
OUT=$(cd "$OUT" && pwd)

REVISION=$(git -C "$REPO" rev-parse HEAD)
git -C "$REPO" diff --quiet HEAD || REVISION+=+ # files differ from the commit
VERSION=${VERSION:-$("$BINARY" --version | cut -d ' ' -f 2)}
# The time of the commit stands for the time of the build, in every file and in the image.
SOURCE_DATE_EPOCH=$(git -C "$REPO" log -1 --format=%ct)
export SOURCE_DATE_EPOCH

WORK=$(mktemp -d)
# Files of a user namespace belong to subordinate ids, which only that namespace may remove.
trap 'buildah unshare rm -rf "$WORK" 2>/dev/null || rm -rf "$WORK"' EXIT

"$IMAGE/base.sh" "$WORK/context"
mkdir "$WORK/context/data"
chmod 750 "$WORK/context/data"
# Names of functions stay for backtraces; line tables, four fifths of the file, stay with the binary.
objcopy --strip-debug "$BINARY" "$WORK/context/footfall"
chmod 755 "$WORK/context/footfall"

# Images and layers of its own, so that nothing is left over, and nothing of before is used again.
STORE=(--root "$WORK/store" --runroot "$WORK/run" --storage-driver "${STORAGE_DRIVER:-vfs}")
id=$(buildah "${STORE[@]}" bud --quiet --isolation chroot --layers --no-cache --format oci \
  --timestamp "$SOURCE_DATE_EPOCH" --identity-label=false --build-arg "IMAGE_USER=$IMAGE_USER" \
  --build-arg "VERSION=$VERSION" --build-arg "REVISION=$REVISION" \
  --file "$IMAGE/Containerfile" "$WORK/context")
rm -f "$OUT/footfall.oci.tar"
buildah "${STORE[@]}" push --quiet --format oci "$id" "oci-archive:$OUT/footfall.oci.tar:footfall:$VERSION"
rm -f "$OUT/footfall.docker.tar"
buildah "${STORE[@]}" push --quiet "$id" "docker-archive:$OUT/footfall.docker.tar:footfall:$VERSION"
echo "$id" >"$OUT/id"
"$IMAGE/bill.py" --packages "$WORK/context/packages.tsv" --release "$DEBIAN_NUMBER" --version "$VERSION" \
  --time "$SOURCE_DATE_EPOCH" >"$OUT/footfall.cdx.json"

bytes=$(skopeo inspect --raw "oci-archive:$OUT/footfall.oci.tar" | python3 -c '
import json, sys
print(sum(layer["size"] for layer in json.load(sys.stdin)["layers"]))')
echo "$bytes" >"$OUT/bytes"
printf 'image      %s\nid         %s\ncompressed %d.%d MB\n' "$OUT/footfall.oci.tar" "$id" \
  $((bytes / 1000000)) $((bytes / 100000 % 10))
