"""How requests are authorised, and events written one a line."""

import json
import os
import time

import requests
import schemathesis
from schemathesis import GenerationMode

API = f"http://{os.environ['FOOTFALL__API__BIND']}"
KEYS = ("collect", "import", "read")
# An access token is good for 15 minutes.
TOKEN_SECONDS = 300

_tokens = {}


def _login(who):
    name = "FOOTFALL_ADMIN" if who == "admin" else f"CONTRACT_{who.upper()}"
    credentials = {part: os.environ[f"{name}_{part.upper()}"] for part in ("email", "password")}
    # From a place of its own: what is generated uses up the attempts of this one.
    headers = {"X-Forwarded-For": "192.0.2.1"}
    answer = requests.post(f"{API}/v1/auth/login", json=credentials, headers=headers, timeout=30)
    answer.raise_for_status()
    return answer.json()["access_token"]


def _credential(who):
    if who in KEYS:
        return os.environ[f"CONTRACT_{who.upper()}_KEY"]
    token, until = _tokens.get(who, (None, 0))
    if time.monotonic() > until:
        token = _login(who)
        _tokens[who] = (token, time.monotonic() + TOKEN_SECONDS)
    return token


def _who(case):
    """The platform's own routes are the admin's; all others are asked by whom this run is."""
    who = os.environ["FOOTFALL_CONTRACT_AS"]
    return "admin" if case.path.startswith("/v1/admin/") and who == "owner" else who


@schemathesis.auth(refresh_interval=None)
class Bearer:
    def get(self, case, context):
        return _credential(_who(case))

    def set(self, case, data, context):
        case.headers = case.headers or {}
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.serializer("application/x-ndjson")
def ndjson(context, value):
    """One event is a line."""
    return json.dumps(value).encode()


# What of a valid event no schema can say.
BEYOND_SCHEMAS = (
    "must add up to at most",  # items
    "must be from 0 to",  # an amount, by its currency
    "must be at most",  # any amount
    "must be an ISO 4217 code",  # the list changes
    "must be a time",  # a day that its month lacks
    "is more than 30 days before",
)


@schemathesis.check
def valid_events_are_refused_for_what_no_schema_says(context, response, case):
    if case.path != "/v1/events" or case.meta.generation.mode is not GenerationMode.POSITIVE:
        return
    outcomes = response.json().get("outcomes") or []
    for outcome in outcomes:
        for error in outcome.get("errors", []):
            assert error["reason"].startswith(BEYOND_SCHEMAS), error
