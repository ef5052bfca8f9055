#!/usr/bin/env bash
# Runs the release before, FOOTFALL_PREVIOUS, without the settings that it refuses, since it does not know them. An
# operator gives new settings only to processes of the new release, too: see docs/operations/upgrade.md.
#
#   without-new-settings.sh <arguments of footfall>
set -euo pipefail

unknown='environment variable ([A-Za-z0-9_]+): there is no setting'
while refused=$("$FOOTFALL_PREVIOUS" config check 2>&1 >/dev/null || true); [[ $refused =~ $unknown ]]; do
  unset "${BASH_REMATCH[1]}"
done
exec "$FOOTFALL_PREVIOUS" "$@"
