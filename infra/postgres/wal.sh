#!/usr/bin/env bash
# PostgreSQL to a point in time, by its own tools: a folder with the server's log (WAL) and copies of its files.
# docs/operations/backup.md says when to use what. Runs as the user of the server, on its machine.
set -euo pipefail
umask 077

usage() {
  cat <<'TEXT'
usage: wal.sh <command> <folder> …

  put <folder> <path> <name>      keep one file of the log: archive_command
  get <folder> <name> <path>      bring it back: restore_command
  base <folder>                   copy the running server's files: what a recovery begins with
  expire <folder> <count>         keep this many bases, and the log since the oldest of them
  recover <folder> <time> <data> [timeline]
                                  fill the empty data folder of a stopped server; it recovers when it is started

A time is one of RFC 3339, such as 2026-11-29T02:00:00Z. The folder has two others, wal/ and base/, which belong to the
server's user: its log is all that was ever written, so nobody else may read it. `base` connects as the variables of
libpq say (PGHOST, PGPORT, PGUSER, PGPASSWORD), as a role with REPLICATION.
TEXT
}

die() { # <message…>: one line per argument
  printf '%s\n' "$@" >&2
  exit 1
}

# The server repeats a file after a crash, because it does not know that the file is kept. Another one of that name is
# of another server that writes into the same folder, and is never replaced.
put() { # <folder> <path> <name>
  local kept=$1/wal/$3.gz
  if [[ -e $kept ]]; then
    if gzip -dc "$kept" | cmp -s - "$2"; then
      # It may have its name, and not yet for good.
      sync "$kept" "$1/wal"
      return
    fi
    die "$kept has other contents: does another server use this folder?"
  fi
  # Most of a file that was ended early is empty.
  gzip -1 -c "$2" >"$kept.part"
  sync "$kept.part"
  mv "$kept.part" "$kept"
  sync "$1/wal"
}

# The server asks for files that may not be there, and goes on with what it has. The file in which another timeline began
# is kept as partial: it matters to a second recovery, on the timeline before.
get() { # <folder> <name> <path>
  local kept
  for kept in "$1/wal/$2.gz" "$1/wal/$2.partial.gz"; do
    [[ -e $kept ]] || continue
    gzip -dc "$kept" >"$3"
    return
  done
  exit 1
}

# Waits until the log of the copy is kept, so a base that is there can be recovered.
base() { # <folder>
  local part=$1/base/part name
  rm -rf "$part"
  pg_basebackup --pgdata="$part" --format=tar --gzip --wal-method=none --checkpoint=fast >&2
  # A recovery cannot end before its copy did.
  name=$(date -u -d '1 second' +%Y%m%dT%H%M%SZ)
  mv "$part" "$1/base/$name"
  sync "$1/base"
  echo "$1/base/$name"
}

bases() { # <folder>: the earliest first
  find "$1/base" -mindepth 1 -maxdepth 1 -name '*Z' | sort
}

expire() { # <folder> <count>
  local kept first
  [[ $2 =~ ^[1-9][0-9]*$ ]] || die "How many bases to keep is a number from 1."
  mapfile -t kept < <(bases "$1" | tail -n "$2")
  ((${#kept[@]})) || die "There is no base in $1."
  first=$(tar -xzOf "${kept[0]}/base.tar.gz" backup_label | sed -n 's/^START WAL LOCATION: .*(file \([0-9A-F]*\))$/\1/p')
  [[ -n $first ]] || die "${kept[0]} does not say where its log begins."
  bases "$1" | head -n -"$2" | xargs -r rm -rf
  pg_archivecleanup -x .gz "$1/wal" "$first"
}

recover() { # <folder> <time> <data> [timeline]
  local folder data=$3 stamp until from='' base self
  folder=$(realpath "$1")
  self=$(realpath "${BASH_SOURCE[0]}")
  [[ $2 =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9]{2}:[0-9]{2})$ ]] || die "$2 is no time of RFC 3339."
  [[ ${4:-latest} =~ ^(latest|[0-9]+)$ ]] || die "A timeline is a number, or latest."
  stamp=$(date -u -d "$2" +%Y%m%dT%H%M%SZ)
  until=$(date -u -d "$2" '+%Y-%m-%d %H:%M:%S.%6N+00')
  for base in $(bases "$folder"); do
    [[ ${base##*/} > $stamp ]] || from=$base
  done
  [[ -n $from ]] || die "No base in $folder is of before $2."
  mkdir -p -m 700 "$data"
  [[ -z $(ls -A "$data") ]] || die "$data is not empty: stop the server, and move it aside."
  tar -xzf "$from/base.tar.gz" -C "$data"
  # Nobody reads what is not recovered yet: without hot_standby, the server answers when it has ended.
  cat >>"$data/postgresql.auto.conf" <<CONF
restore_command = '"$self" get "$folder" "%f" "%p"'
recovery_target_time = '$until'
recovery_target_timeline = '${4:-latest}'
recovery_target_action = 'promote'
hot_standby = 'off'
CONF
  touch "$data/recovery.signal"
  echo "$data is $from. Start the server: it recovers until $until."
}

case ${1:-} in
  put | get) (($# == 4)) ;;
  base) (($# == 2)) ;;
  expire) (($# == 3)) ;;
  recover) (($# == 4 || $# == 5)) ;;
  *) false ;;
esac || { usage; exit 2; }
"$@"
