# What the image is made of, and of which versions. Sourced; this file starts nothing.
# shellcheck shell=bash disable=SC2034  # the variables are used by the files that source this one

# The release that the binary is built on and runs on: its libraries must be those of the build.
DEBIAN_RELEASE=bookworm
DEBIAN_NUMBER=12

# What the binary links, the certificates that it trusts, and the files that say which Debian this is.
# Exactly these are fetched: what they depend on serves their installation, which does not happen here.
DEBIAN_PACKAGES=(base-files ca-certificates libc6 libgcc-s1 libssl3 zlib1g)

# The user of every process, as in other images without a shell.
IMAGE_USER=65532

# The most that the compressed layers may have, in bytes.
IMAGE_BYTES_MAX=60000000

# Debian's packages with the programs that build and check it.
IMAGE_PROGRAMS=(buildah podman runc skopeo uidmap fuse-overlayfs binutils python3)
