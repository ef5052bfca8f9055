#!/usr/bin/env bash
# Checks the image on the servers of a test stack (`make image-check`): builds it twice, looks into it, and
# runs Footfall from it as production does: read-only, no capabilities, 512 MiB of memory.
#
# Containers share the network of this machine, so that they reach the servers on 127.0.0.1. It needs root,
# or sudo, since only root may limit memory on every machine.
set -euo pipefail

IMAGE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REPO=$(cd "$IMAGE/../.." && pwd)
# shellcheck source=settings.sh
. "$IMAGE/settings.sh"

MEMORY=$((512 * 1024 * 1024))
PORT=${IMAGE_CHECK_PORT:-24000}
NAME=footfall-image-check
WORK=$(mktemp -d)
STARTED=$SECONDS

as_root() { if ((EUID == 0)); then "$@"; else sudo -n --preserve-env "$@"; fi; }
podman_here() {
  as_root podman --root "$WORK/store" --runroot "$WORK/run" --storage-driver vfs --runtime runc \
    --cgroup-manager cgroupfs "$@"
}
finish() {
  local service
  for service in collector processor api; do
    podman_here rm --force --time 5 "$NAME-$service" >/dev/null 2>&1 || true
  done
  as_root rm -rf "$WORK"
}
trap finish EXIT
trap 'exit 130' INT TERM

fail() {
  printf 'image-check: %s\n' "$@" >&2
  exit 1
}
passed() { printf '  %-12s %s\n' "$1" "$2"; }

# --- Built twice --------------------------------------------------------------------------------
STORAGE_DRIVER=vfs "$IMAGE/build.sh" "$WORK/first" >/dev/null
STORAGE_DRIVER=overlay "$IMAGE/build.sh" "$WORK/second" >/dev/null
for file in id footfall.cdx.json; do
  cmp -s "$WORK/first/$file" "$WORK/second/$file" || fail "two builds differ in $file."
done
ID=$(cat "$WORK/first/id")
passed id "$ID, twice"

bytes=$(cat "$WORK/first/bytes")
((bytes <= IMAGE_BYTES_MAX)) || fail "the layers have $bytes bytes compressed, more than $IMAGE_BYTES_MAX."
passed size "$bytes bytes compressed"

# --- What is in it ------------------------------------------------------------------------------
podman_here pull --quiet "oci-archive:$WORK/first/footfall.oci.tar" >/dev/null
user=$(podman_here image inspect --format '{{.Config.User}}' "$ID")
[[ $user == "$IMAGE_USER:$IMAGE_USER" ]] || fail "the image's user is $user, not $IMAGE_USER."
container=$(podman_here create "$ID")
podman_here export "$container" >"$WORK/files.tar"
podman_here rm "$container" >/dev/null
# Programs are files that may be executed: Footfall, and libraries, which have .so in their names.
programs=$(tar -tvf "$WORK/files.tar" | awk '$1 ~ /^-.*x/ && $6 !~ /\.so(\.|$)/ { print $6 }')
[[ $programs == usr/bin/footfall ]] || fail "there are other programs than Footfall:" "$programs"
privileged=$(tar -tvf "$WORK/files.tar" | awk '$1 ~ /^-.*[sS]/ { print $6 }')
[[ -z $privileged ]] || fail "these run with another user's rights:" "$privileged"
passed contents 'one program, no shell'

# --- As production runs it ----------------------------------------------------------------------
# Settings come from the environment of the stack, by name, so that no password is an argument.
mapfile -t settings < <(env | sed -n 's/^\(FOOTFALL__[A-Z0-9_]*\)=.*/--env=\1/p')
((${#settings[@]})) || fail "there is no stack: infra/local/with-test-stack.sh infra/image/check.sh"
export FOOTFALL__DATA_DIR=/var/lib/footfall
export FOOTFALL__API__BIND=127.0.0.1:$PORT FOOTFALL__COLLECTOR__BIND=127.0.0.1:$((PORT + 1))
export FOOTFALL__PROCESSOR__BIND=127.0.0.1:$((PORT + 2))
declare -A HEALTH=([api]=$PORT [collector]=$((PORT + 1)) [processor]=$((PORT + 2)))
settings+=(--env=FOOTFALL__{API,COLLECTOR,PROCESSOR}__BIND --env=FOOTFALL__METRICS__BIND=)

mkdir "$WORK/data"
as_root chown "$IMAGE_USER:$IMAGE_USER" "$WORK/data"
# Limits of files and processes are named, because podman's own may be above this machine's.
contained() { # <options and command…>
  podman_here run --network host --read-only --read-only-tmpfs=false --cap-drop all \
    --security-opt no-new-privileges --memory "$MEMORY" --pids-limit=-1 \
    --ulimit "nofile=$(ulimit -Hn)" --ulimit nproc=1000 "${settings[@]}" \
    --volume "$WORK/data:/var/lib/footfall" --volume "$REPO/tenants:/tenants:ro" "$@"
}
# The kernel's own word on a process, from either kind of control groups.
memory_limit() { # <pid>
  local group
  group=$(sed -n 's/^[0-9]*:memory://p' "/proc/$1/cgroup")
  if [[ -n $group ]]; then
    cat "/sys/fs/cgroup/memory$group/memory.limit_in_bytes"
  else
    cat "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$1/cgroup")/memory.max"
  fi
}
started() { podman_here inspect --format "{{.State.$2}}" "$NAME-$1"; }

contained --rm "$ID" --help >/dev/null
# The same command succeeds where it may write, so its failure elsewhere means something.
contained --rm "$ID" openapi --folder /var/lib/footfall/openapi >/dev/null || fail "the volume cannot be written to."
for path in / /tmp /usr/bin; do
  if contained --rm "$ID" openapi --folder "$path" >/dev/null 2>&1; then fail "$path can be written to."; fi
done
if contained --rm --entrypoint /bin/sh "$ID" -c true >/dev/null 2>&1; then fail "there is a shell."; fi
passed read-only '/, /tmp and /usr/bin refuse a file'

{
  contained --rm "$ID" migrate --secrets /var/lib/footfall/secrets.env \
    && contained --rm "$ID" tenant apply /tenants --secrets /var/lib/footfall/secrets.env
} >"$WORK/log" 2>&1 || { tail -n 20 "$WORK/log" >&2; fail "the platform could not be prepared."; }
for service in collector processor api; do
  contained --detach --name "$NAME-$service" "$ID" "$service" >/dev/null
done
for service in collector processor api; do
  for path in healthz readyz; do
    curl -fsS --retry 60 --retry-delay 1 --retry-all-errors -o /dev/null \
      "http://127.0.0.1:${HEALTH[$service]}/$path" 2>/dev/null \
      || { podman_here logs --tail 20 "$NAME-$service" >&2; fail "$service does not answer /$path."; }
  done
  status=/proc/$(started "$service" Pid)/status
  grep -q "^Uid:.$IMAGE_USER.$IMAGE_USER.$IMAGE_USER.$IMAGE_USER\$" "$status" || fail "$service has another user."
  [[ $(grep -cE '^Cap(Eff|Prm|Bnd):.0+$' "$status") == 3 ]] || fail "$service has capabilities."
  grep -q '^NoNewPrivs:.1$' "$status" || fail "$service may gain privileges."
done
passed services 'collector, processor and api are ready, as an ordinary user without capabilities'

FOOTFALL_KEY=$(as_root sed -n 's/^NORTHWIND_COLLECT_KEY=//p' "$WORK/data/secrets.env")
export FOOTFALL_KEY
sent=$(contained --rm --env=FOOTFALL_KEY "$ID" simulate --rate 50 --duration 5 \
  --collector "http://127.0.0.1:${HEALTH[collector]}" 2>&1) || fail "events were not accepted:" "$sent"
passed events "$(tail -n 1 <<<"$sent")"

for service in collector processor api; do
  limit=$(memory_limit "$(started "$service" Pid)")
  [[ $limit == "$MEMORY" ]] || fail "$service may have $limit bytes of memory."
  peak=$(awk '/^VmHWM/ { print int($2 / 1024) }' "/proc/$(started "$service" Pid)/status")
  podman_here stop --time 30 "$NAME-$service" >/dev/null
  code=$(started "$service" ExitCode)
  [[ $code == 0 && $(started "$service" OOMKilled) == false ]] || fail "$service ended with code $code."
  passed "$service" "at most $peak MiB of 512, stopped by SIGTERM with code 0"
done
echo "image-check: passed in $((SECONDS - STARTED)) s"
