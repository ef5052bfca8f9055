# The pinned versions of what check.sh fetches. Sourced; this file starts nothing.
# shellcheck shell=bash disable=SC2034  # the variables are used by check.sh

# OpenTofu's own version stands in tofu/go.mod.
CHECKOV_VERSION=3.3.30

# The AWS provider whose schema is checked against, and the npm package that was generated of it.
PROVIDER_VERSION=6.25.0
SCHEMA_PACKAGE=@cdktf/provider-aws@21.22.1
SCHEMA_INTEGRITY=sha512-BuSHeaQFUL9l33pBzIMRT7cTQ69AM2mLtijjteCPhVQRmvuhuj9Lvfymf7knAMhYqAT6+Lrls9jiGVW/Us3zrQ==
