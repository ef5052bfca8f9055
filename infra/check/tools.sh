# What the checks of infra/ share. Sourced, with CACHE as the folder of the check; this file starts nothing.
# shellcheck shell=bash

die() { # <message…>: one paragraph per argument
  printf '%s\n' "$@" >&2
  exit 1
}

need() { # <program> [package of Debian]
  local cure="it fetches or runs what the check needs"
  [[ -z ${2:-} ]] || cure="install Debian's $2"
  command -v "$1" >/dev/null || die "$1 is missing: $cure."
}

# Fetches packages of PyPI once, into a virtual environment in the folder.
virtual_environment() { # <folder> <what they are, for the message> <name==version…>
  local folder=$1 what=$2
  shift 2
  [[ ! -e $folder/.complete ]] || return 0
  need python3 python3-venv
  rm -rf "$folder"
  python3 -m venv "$folder" >&2
  "$folder/bin/pip" install --quiet --disable-pip-version-check "$@" >&2 || die "pip could not fetch $what. Is the network there?"
  touch "$folder/.complete"
}

# Go, where there is none that can fetch the version that a module wants: Debian 12 has an older one.
GO_VERSION=1.26.8
declare -A GO_SHA256=(
  [amd64]=30c2b1bf7dcc88d3eb0a1364e47ddd9128edb3110a30e8a0ef61cd5856b31de7
  [arm64]=02b36b6787b3ac767668f630e2998df45a3b1f9ffee08d1bf3ef6487cd658d99
)

# Makes `go` the one of this machine, if it is 1.21 or later, or else one from Go's module proxy, fetched once.
use_go() {
  [[ ! $(go env GOVERSION 2>/dev/null) =~ ^go1\.([0-9]+) ]] || ((BASH_REMATCH[1] < 21)) || return 0
  local folder proxy=${GOPROXY:-https://proxy.golang.org} platform
  platform=$(uname -m)
  platform=${platform/x86_64/amd64}
  platform=${platform/aarch64/arm64}
  [[ -n ${GO_SHA256[$platform]:-} ]] || die "go is missing, and none can be fetched for $platform: install 1.21 or later."
  folder=$(dirname "$CACHE")/go-$GO_VERSION
  if [[ ! -x $folder/bin/go ]]; then
    need curl curl
    need python3 python3-venv
    rm -rf "$folder" "$folder.part" && mkdir -p "$folder.part"
    curl -fsSL -o "$folder.part/go.zip" "${proxy%%[,|]*}/golang.org/toolchain/@v/v0.0.1-go$GO_VERSION.linux-$platform.zip" \
      || die "Go could not be fetched from its module proxy. Is the network there?"
    sha256sum --quiet --check <<<"${GO_SHA256[$platform]}  $folder.part/go.zip" >&2 || die "Go $GO_VERSION is not the file pinned in tools.sh."
    python3 -m zipfile -e "$folder.part/go.zip" "$folder.part"
    chmod +x "$folder.part"/golang.org/*/bin/* "$folder.part"/golang.org/*/pkg/tool/*/*
    mv "$folder.part"/golang.org/* "$folder"
    rm -rf "$folder.part"
  fi
  export PATH=$folder/bin:$PATH
}

# Go's caches are used for one build and removed: they are many times as large as the programs.
with_go() { # <command…>
  local caches status=0
  use_go
  caches=$(mktemp -d "$CACHE/go.XXXXXX")
  env GOMODCACHE="$caches/modules" GOCACHE="$caches/build" GOFLAGS="${GOFLAGS:-} -modcacherw -buildvcs=false" "$@" >&2 || status=$?
  rm -rf "$caches"
  return "$status"
}

# Prints a program of a Debian package: that of this machine, or else one that is unpacked and not installed.
debian() { # <package> <path of the program>
  local folder
  folder=$(dirname "$CACHE")/debian-$1
  if [[ ! -x $folder/$2 ]]; then
    type -P "${2##*/}" && return
    need apt-get
    rm -rf "$folder" && mkdir -p "$folder"
    # As root, apt fetches as another user, who cannot write here.
    (cd "$folder" && apt-get -qq -o APT::Sandbox::User=root download "$1" && dpkg -x ./*.deb . && rm ./*.deb) >&2 \
      || die "Debian's $1 could not be fetched. Is the network there, and did apt-get update run?"
  fi
  echo "$folder/$2"
}

promtool() { debian prometheus usr/bin/promtool; }

amtool() { debian prometheus-alertmanager usr/bin/amtool; }
