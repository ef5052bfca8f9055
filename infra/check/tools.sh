# What the checks of infra/ share. Sourced; this file starts nothing.
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
