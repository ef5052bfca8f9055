#!/usr/bin/env bash
# Writes the image's first layer: some libraries of Debian, certificates, one user, and no program.
#
#   base.sh <folder>     writes base.tar, and packages.tsv: name, version, SHA-256 of each package
#
# IMAGE_SNAPSHOT=20261128T000000Z takes the packages as they were at that time, from snapshot.debian.org;
# without it, those of now. Debian's signatures are checked either way. Root is not needed.
set -euo pipefail
umask 022

IMAGE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=settings.sh
. "$IMAGE/settings.sh"

die() {
  printf '%s\n' "$@" >&2
  exit 1
}

(($# == 1)) || die "usage: base.sh <folder>"
mkdir -p "$1"
OUT=$(cd "$1" && pwd)
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
[[ -e $KEYRING ]] || die "$KEYRING is missing: apt-get install debian-archive-keyring"
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
ROOT=$WORK/root

# --- The packages -------------------------------------------------------------------------------
sources() {
  local of="signed-by=$KEYRING" site=http://deb.debian.org at=
  if [[ -n ${IMAGE_SNAPSHOT:-} ]]; then
    # The signed lists of a past day say that they have expired, and are right for that day.
    of+=" check-valid-until=no"
    site=http://snapshot.debian.org/archive at=/$IMAGE_SNAPSHOT
  fi
  cat <<TEXT
deb [$of] $site/debian$at $DEBIAN_RELEASE main
deb [$of] $site/debian$at $DEBIAN_RELEASE-updates main
deb [$of] $site/debian-security$at $DEBIAN_RELEASE-security main
TEXT
}

# apt with lists and sources of its own: what this machine has installed does not count.
apt() {
  apt-get -q -o Dir::Etc::sourcelist="$WORK/sources.list" -o Dir::Etc::sourceparts=- \
    -o Dir::State="$WORK/state" -o Dir::State::status="$WORK/status" -o Dir::Cache="$WORK/cache" \
    -o APT::Sandbox::User=root -o Acquire::Languages=none -o Acquire::Retries=3 "$@"
}

mkdir -p "$WORK"/state/lists/partial "$WORK"/cache/archives/partial "$WORK/packages" "$ROOT"
touch "$WORK/status"
sources >"$WORK/sources.list"
{
  apt update -o APT::Update::Error-Mode=any && cd "$WORK/packages" && apt download "${DEBIAN_PACKAGES[@]}"
} >"$WORK/log" 2>&1 || { cat "$WORK/log" >&2; die "Debian's packages could not be fetched."; }

# --- Their files --------------------------------------------------------------------------------
# Debian's folders of programs and libraries are links into /usr, which installation would make.
mkdir -p "$ROOT"/usr/{bin,sbin,lib,lib64}
for folder in bin sbin lib lib64; do ln -s "usr/$folder" "$ROOT/$folder"; done
mkdir -p "$ROOT/var/lib/dpkg/status.d"
for package in "$WORK"/packages/*.deb; do
  dpkg-deb --fsys-tarfile "$package" | tar -x -C "$ROOT" --keep-directory-symlink --no-same-owner --same-permissions
  name=$(dpkg-deb -f "$package" Package)
  # Where scanners of images look for what is installed.
  dpkg-deb -f "$package" >"$ROOT/var/lib/dpkg/status.d/$name"
  printf '%s\t%s\t%s\n' "$name" "$(dpkg-deb -f "$package" Version)" "$(sha256sum "$package" | cut -d ' ' -f 1)"
done | sort >"$WORK/packages.tsv"

# Installation would write this file with a script of the package.
mkdir -p "$ROOT/etc/ssl/certs"
find "$ROOT/usr/share/ca-certificates" -name '*.crt' | LC_ALL=C sort | xargs -d '\n' cat \
  >"$ROOT/etc/ssl/certs/ca-certificates.crt"
[[ $(grep -c 'BEGIN CERTIFICATE' "$ROOT/etc/ssl/certs/ca-certificates.crt") -ge 100 ]] \
  || die "ca-certificates has less than 100 certificates."

cat >"$ROOT/etc/passwd" <<TEXT
root:x:0:0:root:/root:/usr/sbin/nologin
footfall:x:$IMAGE_USER:$IMAGE_USER:footfall:/var/lib/footfall:/usr/sbin/nologin
TEXT
printf 'root:x:0:\nfootfall:x:%s:\n' "$IMAGE_USER" >"$ROOT/etc/group"
echo 'hosts: files dns' >"$ROOT/etc/nsswitch.conf"

# Scripts, which nothing could run, and what nothing reads: manuals, conversions of character sets, the
# certificates that are all in one file. Copyrights stay.
find "$ROOT/usr/bin" "$ROOT/usr/sbin" -mindepth 1 -delete
rm -rf "$ROOT"/etc/{update-motd.d,profile.d,ca-certificates,ld.so.conf.d} "$ROOT"/root/.[!.]* \
  "$ROOT"/usr/lib/*/gconv "$ROOT"/usr/share/{base-files,ca-certificates,lintian,man,locale,dict,info,misc}
find "$ROOT/usr/share/doc" \( -type f -o -type l \) ! -name copyright -delete
find "$ROOT/usr/share/doc" -type d -empty -delete

# --- The layer ----------------------------------------------------------------------------------
tar -c -C "$ROOT" --sort=name --mtime="@${SOURCE_DATE_EPOCH:-0}" --clamp-mtime --owner=0 --group=0 --numeric-owner \
  --format=gnu . >"$OUT/base.tar.part"
mv "$OUT/base.tar.part" "$OUT/base.tar"
mv "$WORK/packages.tsv" "$OUT/packages.tsv"
