# Logs that do not grow for ever. Sourced by demo.sh.
# shellcheck shell=bash

LOG_LIMIT=$((16 << 20)) # bytes of one file; as much again is kept of what was before

# What is larger than <bytes> becomes <file>.1. Its writer keeps the file open, so that it is copied and
# emptied rather than moved; what is written between the two is lost.
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
