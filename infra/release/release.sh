#!/usr/bin/env bash
# Makes what a release consists of, besides the image, in .footfall/release: the chart, and notes on what has
# changed since the release before.
#
#   release.sh <version>
#
# The version must be that of the workspace, the chart's appVersion, compose.yaml and openapi/api.json. Needs tags. Helm is
# HELM, or that of this machine, or else the one of the chart's checks, fetched once.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

die() {
  printf '%s\n' "$@" >&2
  exit 1
}

VERSION=${1:-}
[[ $VERSION =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9a-z.]+)?$ ]] || die "usage: release.sh 1.2.3"
CHART=infra/helm/footfall
OUT=.footfall/release

workspace=$(sed -n '/^\[workspace.package\]/,/^$/s/^version = "\(.*\)"/\1/p' Cargo.toml)
[[ $workspace == "$VERSION" ]] || die "Cargo.toml has version $workspace, not $VERSION."
chart=$(sed -n 's/^appVersion: "\{0,1\}\([^"]*\)"\{0,1\}$/\1/p' "$CHART/Chart.yaml")
[[ $chart == "$VERSION" ]] || die "$CHART/Chart.yaml has appVersion $chart, not $VERSION."
grep -q "footfall:$VERSION}" compose.yaml || die "compose.yaml does not name the image footfall:$VERSION."
grep -q "^    \"version\": \"$VERSION\"" openapi/api.json || die "openapi/api.json has another version than $VERSION: make openapi."

helm() { # prints the program
  if [[ -n ${HELM:-} ]]; then
    echo "$HELM"
    return
  fi
  type -P helm && return
  local folder REPO=$PWD CHECK=$PWD/infra/helm/check CACHE=${FOOTFALL_CACHE_DIR:-$PWD/.footfall/cache}/helm
  mkdir -p "$CACHE"
  # shellcheck source=../helm/check/tools.sh
  . "$CHECK/tools.sh"
  folder=$(clients) || exit
  echo "$folder/helm"
}

# Commits by area, the word before the colon of their subject.
notes() { # <range>
  git log --no-merges --reverse --format=%s "$1" | awk -F ': ' '
    NF < 2 { next }
    !($1 in changes) { areas[++count] = $1 }
    { area = $1; sub(/^[^:]*: /, ""); changes[area] = changes[area] "- " $0 "\n" }
    END { for (n = 1; n <= count; n++) printf "## %s\n\n%s\n", areas[n], changes[areas[n]] }'
}

HELM=$(helm)
rm -rf "$OUT" && mkdir -p "$OUT"
previous=$(git describe --tags --match 'v[0-9]*' --abbrev=0 HEAD^ 2>/dev/null || true)
{
  echo "# Footfall $VERSION"
  echo
  [[ -z $previous ]] || printf 'Changes since %s, by part. How to upgrade: docs/operations/upgrade.md.\n\n' "${previous#v}"
  migrations=$(git diff --name-only --diff-filter=A "${previous:-$(git hash-object -t tree /dev/null)}" HEAD -- migrations)
  if [[ -n $previous && -n $migrations ]]; then
    printf '## Migrations\n\n'
    while read -r file; do printf -- '- %s\n' "$file"; done <<<"$migrations"
    echo
  fi
  notes "${previous:+$previous..}HEAD"
} >"$OUT/notes.md"
# Its rules are a link, of which Helm tells.
"$HELM" package "$CHART" --version "$VERSION" --app-version "$VERSION" --destination "$OUT" 2>&1 >/dev/null \
  | sed '/found symbolic link/d' >&2
ls "$OUT"
