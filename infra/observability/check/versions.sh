# The pinned versions of what check.sh and ask.py fetch. Sourced; this file starts nothing.
# shellcheck shell=bash disable=SC2034  # the variables are used by check.sh

# The builders and the schema of dashboards of Grafana 11.6.
GRAFANA_SDK_VERSION=1769699379!11.6.0
PROMQL_PARSER_VERSION=0.12.0
PYYAML_VERSION=6.0.4
