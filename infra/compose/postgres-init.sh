#!/bin/bash
# The postgres image runs this once, at its first start. The application's role owns its database and
# may create others (tests do). It is not a superuser, because row security does not bind superusers.
set -eu
psql -v ON_ERROR_STOP=1 -v password="$FOOTFALL_PASSWORD" -U postgres <<'SQL'
CREATE ROLE footfall LOGIN NOSUPERUSER NOBYPASSRLS CREATEDB PASSWORD :'password';
CREATE DATABASE footfall OWNER footfall;
SQL
