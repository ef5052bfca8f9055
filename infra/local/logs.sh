# Limits the size of logs. Sourced by demo.sh.
# shellcheck shell=bash

LOG_LIMIT=$((16 << 20)) # bytes of one file; its previous part may have as many

# Moves the contents of a file larger than <bytes> to <file>.1. Its writer keeps the file open, so it is
# copied and truncated instead of moved; lines written between the two are lost.
bound_logs() { # <bytes> <file…>
  local limit=$1 file
  shift
  for file in "$@"; do
    if [[ -f $file ]] && (($(stat -c %s "$file") > limit)); then
      cp "$file" "$file.1" && : >"$file"
    fi
  done
}

bound_logs_forever() { # <folder…>
  while sleep 10; do
    local folder
    for folder in "$@"; do bound_logs "$LOG_LIMIT" "$folder"/*.log; done
  done
}
