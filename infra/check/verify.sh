#!/usr/bin/env bash
# Runs the checks of what deploys Footfall whose files have changed since they were last green: `make infra-verified`,
# a step of `make test`.
#
#   verify.sh [target…]     only these of infra-lint, observe-check, infra-check and infra-kube
#
# infra/check/verified has a line for each check: its target, and the hash of the files that it reads. A line for each,
# so that a change of Terraform does not start Kubernetes. Commit it: then nobody repeats the check, on any machine.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=tools.sh
. infra/check/tools.sh

VERIFIED=infra/check/verified
TARGETS=(infra-lint observe-check infra-check infra-kube)

# The files that a check reads, as git's patterns. Not among them: infra/local, which only serves servers on a
# developer's machine and is tested by every `make test`, but for the file that Terraform reads of it; and infra/image,
# infra/release, infra/workflows and infra/compose, which `make workflows-lint` and `make image-check` try.
files_of() { # <target>
  echo infra/check/tools.sh
  case $1 in
    # The chart and the values that Terraform gives it must name metrics and settings of the code.
    infra-lint) printf '%s\n' infra/helm infra/observability/rules infra/terraform/modules/platform/values.tf crates/base/telemetry/src/names.rs services/footfall/default.toml ;;
    observe-check) printf '%s\n' infra/observability docs/operations/runbooks docs/operations/slos.md ;;
    infra-check) printf '%s\n' infra/terraform infra/local/clickhouse/users.xml tenants ':(exclude)*.md' ;;
    infra-kube) printf '%s\n' infra/helm infra/observability/rules ':(exclude)*.md' ;;
  esac
}

# Prints the hash of the names and contents of these files, as they are in this folder: also of new ones, unless git
# ignores them.
hash_of() { # <target>
  local patterns file
  mapfile -t patterns < <(files_of "$1")
  git ls-files -z --cached --others --exclude-standard -- "${patterns[@]}" | LC_ALL=C sort -zu \
    | while IFS= read -r -d '' file; do
      # One that is deleted, but not yet in a commit, is still listed.
      [[ ! -f $file ]] || sha256sum "$file"
    done | sha256sum | cut -d ' ' -f 1
}

recorded() { # <target>: the hash with which it was last green
  [[ ! -e $VERIFIED ]] || awk -v target="$1" '$1 == target { print $2 }' "$VERIFIED"
}

record() { # <target> <hash>
  local target hash
  for target in "${TARGETS[@]}"; do
    hash=$2
    [[ $target == "$1" ]] || hash=$(recorded "$target")
    [[ -z $hash ]] || echo "$target $hash"
  done >"$VERIFIED.new"
  mv "$VERIFIED.new" "$VERIFIED"
}

git rev-parse --is-inside-work-tree >/dev/null 2>&1 || die "verify.sh asks git which files there are, and this is no clone."
(($#)) || set -- "${TARGETS[@]}"
green=()
for target in "$@"; do
  [[ " ${TARGETS[*]} " == *" $target "* ]] || die "There is no check $target: ${TARGETS[*]}."
  hash=$(hash_of "$target")
  [[ $(recorded "$target") != "$hash" ]] || continue
  echo "make $target: what it checks has changed since it was last green"
  make --no-print-directory "$target" || die "" "make $target failed; the reason is above." \
    "A tool that cannot be fetched here is a reason, too: run make infra-verified where it can be, and commit $VERIFIED."
  record "$target" "$hash"
  green+=("$target")
done
if ((${#green[@]})); then
  echo "Green: ${green[*]}. Commit $VERIFIED, so that nobody repeats this."
else
  echo "Nothing has changed since these were green: $*"
fi
