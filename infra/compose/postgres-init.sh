#!/bin/bash
# The postgres image runs this once, at its first start. The role `footfall` owns its database and may create
# others (tests do). It is not a superuser, because row security does not bind superusers. The others are the logins of
# the services, whose rights `footfall migrate` grants; it is a member of each, so that tests can end their sessions.
set -eu
psql -v ON_ERROR_STOP=1 -v password="$FOOTFALL_PASSWORD" -v platform="${PLATFORM_LOGIN#*:}" \
  -v tenant="${TENANT_LOGIN#*:}" -v ledger="${LEDGER_LOGIN#*:}" -U postgres <<'SQL'
CREATE ROLE footfall LOGIN NOSUPERUSER NOBYPASSRLS CREATEDB PASSWORD :'password';
CREATE DATABASE footfall OWNER footfall;
CREATE ROLE footfall_platform LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD :'platform';
CREATE ROLE footfall_tenant LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD :'tenant';
CREATE ROLE footfall_ledger LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD :'ledger';
GRANT footfall_platform, footfall_tenant, footfall_ledger TO footfall;
SQL
