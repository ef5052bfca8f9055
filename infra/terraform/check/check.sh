#!/usr/bin/env bash
# Checks infra/terraform without an account of AWS: see the README.
#
#   check.sh               everything: format, validate, test, policies
#   check.sh validate …    only these steps
#
# Tools are fetched once, by pinned version, through Go's module proxy, npm and PyPI. TOFU names another
# program to use instead of OpenTofu, such as terraform.
set -euo pipefail

CHECK=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TERRAFORM=$(dirname "$CHECK")
REPO=$(cd "$TERRAFORM/../.." && pwd)
CACHE=${FOOTFALL_CACHE_DIR:-$REPO/.footfall/cache}/terraform
# shellcheck source=versions.sh
. "$CHECK/versions.sh"
# shellcheck source=../../check/tools.sh
. "$REPO/infra/check/tools.sh"

# --- Tools --------------------------------------------------------------------------------------
tofu() { # prints the program
  if [[ -n ${TOFU:-} ]]; then
    command -v "$TOFU" || die "TOFU=$TOFU is not a program."
    return
  fi
  local version
  version=$(awk '$1 == "github.com/opentofu/opentofu" { print $2; exit }' "$CHECK/tofu/go.mod")
  local program=$CACHE/tofu-$version
  if [[ ! -x $program ]]; then
    echo "Building OpenTofu $version, once; this takes some minutes" >&2
    with_go go build -C "$CHECK/tofu" -trimpath -ldflags "-s -w" -o "$program.part" github.com/opentofu/opentofu/cmd/tofu \
      || die "OpenTofu could not be built. Is the network there, and Go's module proxy reachable?"
    mv "$program.part" "$program"
  fi
  echo "$program"
}

provider() { # prints the folder of plug-ins: the stand-in for the AWS provider, with the real schema
  local package=$CACHE/schema-$PROVIDER_VERSION program=$CACHE/provider plugins=$CACHE/plugins types
  if [[ ! -d $package ]]; then
    need npm npm
    rm -rf "$package.part" && mkdir -p "$package.part"
    (
      cd "$package.part"
      npm pack --silent "$SCHEMA_PACKAGE" >/dev/null || die "npm could not fetch $SCHEMA_PACKAGE. Is the network there?"
      local sum
      sum=sha512-$(sha512sum ./*.tgz | cut -c 1-128 | tr a-f A-F | basenc --base16 -d | base64 -w 0)
      [[ $sum == "$SCHEMA_INTEGRITY" ]] || die "$SCHEMA_PACKAGE is not the file pinned in versions.sh (its SHA-512 differs)."
      tar -xzf ./*.tgz --strip-components=1
      rm ./*.tgz
    )
    mv "$package.part" "$package"
  fi
  if [[ ! -x $program || $CHECK/provider/main.go -nt $program || $CHECK/provider/go.mod -nt $program ]]; then
    with_go go build -C "$CHECK/provider" -trimpath -ldflags "-s -w" -o "$program" . \
      || die "The stand-in for the provider could not be built. Is the network there, and Go's module proxy reachable?"
  fi
  # Only the types in use: the whole schema costs every start of the provider a second.
  mapfile -t types < <(grep -rhoE --include='*.tf' '^(resource|data) "aws_\w+"' "$TERRAFORM" \
    | sed -E 's/^resource "(.*)"/\1/; s/^data "(.*)"/data.\1/' | sort -u)
  python3 "$CHECK/provider/schema.py" "$package" "${types[@]}" >"$CACHE/schema.json"

  local registry folder
  use_go
  rm -rf "$plugins"
  for registry in registry.opentofu.org registry.terraform.io; do
    folder=$plugins/$registry/hashicorp/aws/$PROVIDER_VERSION/$(go env GOOS)_$(go env GOARCH)
    mkdir -p "$folder"
    cp "$program" "$folder/terraform-provider-aws_v$PROVIDER_VERSION"
    cp "$CACHE/schema.json" "$folder/terraform-provider-aws_v$PROVIDER_VERSION.json"
  done
  echo "$plugins"
}

checkov() { # prints the program
  local venv=$CACHE/checkov-$CHECKOV_VERSION
  virtual_environment "$venv" checkov "checkov==$CHECKOV_VERSION"
  echo "$venv/bin/checkov"
}

# --- Steps --------------------------------------------------------------------------------------
folders() { (cd "$TERRAFORM" && printf '%s\n' modules/* bootstrap envs/*); }

# Works on a copy: init writes a lock file with the stand-in's checksum, which must not reach a commit.
copy() {
  rm -rf "$CACHE/copy" && mkdir -p "$CACHE/copy/infra"
  cp -r "$REPO/tenants" "$CACHE/copy/"
  cp -r "$REPO/infra/local" "$REPO/infra/compose" "$CACHE/copy/infra/"
  mkdir "$CACHE/copy/infra/terraform"
  (cd "$TERRAFORM" && tar -cf - --exclude=.terraform --exclude='*.tfstate*' --exclude=terraform.tfvars modules bootstrap envs) \
    | tar -xf - -C "$CACHE/copy/infra/terraform"
}

format() { "$(tofu)" fmt -check -diff -recursive "$TERRAFORM"; }

each() { # <command…>: runs it in every folder of the copy, and shows the output of those that fail
  local program plugins folder failed=0 log=$CACHE/log
  program=$(tofu)
  plugins=$(provider)
  copy
  while read -r folder; do
    if (
      cd "$CACHE/copy/infra/terraform/$folder"
      export TF_IN_AUTOMATION=1 CHECKPOINT_DISABLE=1
      "$program" init -backend=false -input=false -no-color -plugin-dir="$plugins" && "$program" "$@" -no-color
    ) >"$log" 2>&1; then
      echo "$folder: $(grep -E '^Success!' "$log" | tail -n 1)"
    else
      failed=1
      echo "$folder: failed"
      cat "$log"
    fi
  done < <(folders)
  return "$failed"
}

# A file that checkov cannot read is not checked, and checkov calls that a success.
policies() {
  local program report=$CACHE/checkov.json
  program=$(checkov)
  "$program" --directory "$TERRAFORM" --framework terraform --skip-download --compact --quiet || return 1
  "$program" --directory "$TERRAFORM" --framework terraform --skip-download --compact --quiet --output json >"$report"
  python3 - "$report" <<'PYTHON'
import json, sys

report = json.load(open(sys.argv[1]))
summary, skipped = report["summary"], report["results"].get("skipped_checks", [])
unread = report["results"].get("parsing_errors", [])
if unread or summary["parsing_errors"]:
    sys.exit(f"checkov could not read {unread}")
bare = [check["check_id"] for check in skipped if len(check["check_result"].get("suppress_comment") or "") < 20]
if bare:
    sys.exit(f"These checks are skipped without a reason: {bare}")
print(f"checkov: {summary['passed']} passed, {summary['failed']} failed, {summary['skipped']} skipped with a reason")
PYTHON
}

mkdir -p "$CACHE"
(($#)) || set -- format validate test policies
for step in "$@"; do
  echo "== $step"
  case $step in
    format) format ;;
    validate | test) each "$step" ;;
    policies) policies ;;
    *) die "There is no step $step: format, validate, test, policies." ;;
  esac
done
