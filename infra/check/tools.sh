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
  need python3
  rm -rf "$folder"
  python3 -m venv "$folder" >&2
  "$folder/bin/pip" install --quiet --disable-pip-version-check "$@" >&2 || die "pip could not fetch $what. Is the network there?"
  touch "$folder/.complete"
}

# Go's caches are used for one build and removed: they are many times as large as the programs.
with_go() { # <command…>
  need go
  local caches status=0
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
