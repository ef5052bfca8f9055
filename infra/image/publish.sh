#!/usr/bin/env bash
# Pushes the images of all architectures under one tag, and signs them without a key, by the identity of the
# workflow that runs this.
#
#   publish.sh <repository> <tag> <folder of an architecture>…     what build.sh wrote
#
# SIGN=no only pushes; REGISTRY_TLS=false pushes to a registry without TLS. It needs skopeo and buildah,
# logged in to the registry, and cosign. Prints the digest to deploy.
set -euo pipefail

(($# >= 3)) || {
  echo "usage: publish.sh <repository> <tag> <folder of an architecture>…" >&2
  exit 2
}
REPOSITORY=$1 TAG=$2
shift 2
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
LIST=(--root "$WORK/store" --runroot "$WORK/run" --storage-driver vfs)

buildah "${LIST[@]}" manifest create footfall >/dev/null
declare -A BILL
for folder in "$@"; do
  archive=oci-archive:$folder/footfall.oci.tar
  architecture=$(skopeo inspect --format '{{.Architecture}}' "$archive")
  skopeo copy --quiet --dest-tls-verify="${REGISTRY_TLS:-true}" --digestfile "$WORK/digest" \
    "$archive" "docker://$REPOSITORY:$TAG-$architecture"
  digest=$(cat "$WORK/digest")
  buildah "${LIST[@]}" manifest add --tls-verify="${REGISTRY_TLS:-true}" footfall "docker://$REPOSITORY@$digest" >/dev/null
  BILL[$digest]=$folder/footfall.cdx.json
  echo "$architecture $REPOSITORY@$digest"
done
buildah "${LIST[@]}" manifest push --quiet --tls-verify="${REGISTRY_TLS:-true}" --digestfile "$WORK/digest" \
  footfall "docker://$REPOSITORY:$TAG" >/dev/null
digest=$(cat "$WORK/digest")

if [[ ${SIGN:-yes} == yes ]]; then
  # The list, and each image of it, with its bill of materials.
  cosign sign --yes --recursive "$REPOSITORY@$digest"
  for image in "${!BILL[@]}"; do
    cosign attest --yes --type cyclonedx --predicate "${BILL[$image]}" "$REPOSITORY@$image"
  done
fi
echo "all $REPOSITORY@$digest"
