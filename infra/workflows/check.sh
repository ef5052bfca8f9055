#!/usr/bin/env bash
# Checks .github/, infra/image and compose.yaml without running them (`make workflows-lint`).
#
# Tools are fetched once, by pinned version, through Go's module proxy and PyPI, into .footfall/cache.
set -euo pipefail

CHECK=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REPO=$(cd "$CHECK/../.." && pwd)
CACHE=${FOOTFALL_CACHE_DIR:-$REPO/.footfall/cache}/workflows
# shellcheck source=versions.sh
. "$CHECK/versions.sh"
# shellcheck source=../check/tools.sh
. "$REPO/infra/check/tools.sh"

actionlint() { # prints the program
  local folder=$CACHE/${ACTIONLINT##*/}
  if [[ ! -x $folder/actionlint ]]; then
    echo "Building ${ACTIONLINT##*/}, once" >&2
    with_go env GOBIN="$folder" go install -trimpath -ldflags "-s -w" "$ACTIONLINT" \
      || die "actionlint could not be built. Is the network there, and Go's module proxy reachable?"
  fi
  echo "$folder/actionlint"
}

python_tools() { # prints the folder of the programs
  local venv
  venv=$CACHE/python-$(sha256sum <<<"${PYTHON_TOOLS[*]}" | cut -c 1-12)
  virtual_environment "$venv" "${PYTHON_TOOLS[*]}" "${PYTHON_TOOLS[@]}"
  echo "$venv/bin"
}

# Each target that a workflow makes exists, so that a job runs on one machine, too.
targets() {
  local target missing=0 count=0
  while read -r target; do
    count=$((count + 1))
    grep -qE "^$target:" Makefile || { echo "A workflow makes $target, which the Makefile has not." >&2; missing=1; }
  done < <(
    {
      grep -hoE '^ +(- )?run: make [a-z-]+' .github/workflows/*.yml | awk '{ print $NF }'
      sed -n 's/^ *target: \[\(.*\)\]$/\1/p' .github/workflows/*.yml | tr -d ' ' | tr ',' '\n'
    } | sort -u
  )
  ((missing == 0 && count > 0)) || return 1
  echo "targets: $count, all in the Makefile"
}

# Its owner can move a tag to other code, but not a digest.
pinned() {
  local loose
  loose=$(grep -HnE '^ +(- )?uses: ' .github/workflows/*.yml \
    | grep -vE 'uses: (\./[^ ]+( # .*)?|[^ ]+@[0-9a-f]{40} # v[0-9.]+)$' || true)
  loose+=$(grep -HnE '^ +(container|image): [^ ]' .github/workflows/*.yml | grep -vE '@sha256:[0-9a-f]{64}$' || true)
  [[ -z $loose ]] || die "These are not pinned by digest, with the version as a comment:" "$loose"
  echo "pinned: $(grep -hE '^ +(- )?uses: [^.]' .github/workflows/*.yml | awk '{ print $(NF - 2) }' | sort -u | wc -l) actions by digest"
}

mkdir -p "$CACHE"
cd "$REPO"
program=$(actionlint)
shellcheck=$(debian shellcheck usr/bin/shellcheck)
tools=$(python_tools)
"$program" -shellcheck "$shellcheck" -pyflakes ''
echo "actionlint: clean"
"$tools/zizmor" --offline --no-progress --quiet --persona regular .github
"$tools/hadolint" infra/image/Containerfile
"$tools/check-jsonschema" --quiet --builtin-schema vendor.compose-spec compose.yaml
"$tools/check-jsonschema" --quiet --builtin-schema vendor.dependabot .github/dependabot.yml
"$shellcheck" --external-sources --source-path=SCRIPTDIR infra/check/*.sh infra/{helm,observability,terraform}/check/*.sh \
  infra/{image,release,workflows}/*.sh
pinned
targets
