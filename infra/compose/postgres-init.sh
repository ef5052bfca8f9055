#!/bin/bash
# Run once by the postgres image, on its first start. The application's role owns its database (and may
# make others: tests do) but is no superuser, or row security would not bind it.
set -eu
psql -v ON_ERROR_STOP=1 -v password="$FOOTFALL_PASSWORD" -U postgres <<'SQL'
CREATE ROLE footfall LOGIN NOSUPERUSER NOBYPASSRLS CREATEDB PASSWORD :'password';
CREATE DATABASE footfall OWNER footfall;
SQL
