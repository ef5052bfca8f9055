#!/usr/bin/env bash
# Runs the checks of what deploys Footfall whose files have changed since they were last green: `make infra-verified`,
# a step of `make test`.
#
#   verify.sh [target…]     only these of infra-lint, observe-check, infra-check and infra-kube
#
# Without targets, one that has no line in infra/check/verified yet is skipped.
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
# developer's machine and is tested by every `make test`, and infra/image, infra/release, infra/workflows and
# infra/compose, which `make workflows-lint` and `make image-check` try; but for one file each of infra/local and
# infra/compose, which Terraform reads. Nor is the code, whose log lines runbooks quote: that one was reworded is found by
# the workflow `infra`.
files_of() { # <target>
  echo infra/check/tools.sh
  case $1 in
    # The chart and the values that Terraform gives it must name metrics and settings of the code.
    infra-lint) printf '%s\n' infra/helm infra/observability/rules infra/terraform/modules/platform/values.tf crates/base/telemetry/src/names.rs services/footfall/default.toml ;;
    observe-check) printf '%s\n' infra/observability docs/operations/runbooks docs/operations/slos.md ;;
    infra-check) printf '%s\n' infra/terraform infra/local/clickhouse/users.xml infra/compose/no-default-user.xml tenants ;;
    infra-kube) printf '%s\n' infra/helm infra/observability/rules ;;
  esac
}

# Prints the hash of the names and contents of these files, as they are in this folder: also of new ones, unless git
# ignores them.
hash_of() { # <target>
  local patterns file
  mapfile -t patterns < <(files_of "$1")
  git ls-files -z --cached --others --exclude-standard -- "${patterns[@]}" | LC_ALL=C sort -zu \
    | while IFS= read -r -d '' file; do
      [[ $1 =~ ^infra-(check|kube)$ && $file == *.md ]] && continue
      # One that is deleted, but not yet in a commit, is still listed.
      if [[ -L $file ]]; then echo "$file -> $(readlink "$file")"; elif [[ -f $file ]]; then sha256sum "$file"; fi
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

[[ -e .git ]] || { echo "No clone: the checks of infra/ are not repeated."; exit 0; }
git rev-parse --is-inside-work-tree >/dev/null || exit 1
named=$#
(($#)) || set -- "${TARGETS[@]}"
green=()
unchanged=()
for target in "$@"; do
  [[ " ${TARGETS[*]} " == *" $target "* ]] || die "There is no check $target: ${TARGETS[*]}."
  known=$(recorded "$target")
  if [[ -z $known ]] && ((named == 0)); then
    echo "$target: not verified yet; infra/check/verify.sh $target does so, and notes it."
    continue
  fi
  hash=$(hash_of "$target")
  if [[ $known == "$hash" ]]; then
    unchanged+=("$target")
    continue
  fi
  echo "make $target: what it checks has changed since it was last green"
  make --no-print-directory "$target" || die "" "make $target failed; the reason is above." \
    "A tool that cannot be fetched here is a reason, too: run make infra-verified where it can be, and commit $VERIFIED."
  record "$target" "$hash"
  green+=("$target")
done
if ((${#green[@]})); then
  echo "Green: ${green[*]}. Commit $VERIFIED, so that nobody repeats this."
elif ((${#unchanged[@]})); then
  echo "Nothing has changed since these were green: ${unchanged[*]}"
fi
