"""Authorises requests, and writes events one per line."""

import json
import os
import time

import requests
import schemathesis
from schemathesis import GenerationMode

API = f"http://{os.environ['FOOTFALL__API__BIND']}"
KEYS = ("collect", "import", "read")
# An access token is valid for 15 minutes.
TOKEN_SECONDS = 300

_tokens = {}


def _login(identity):
    name = "FOOTFALL_ADMIN" if identity == "admin" else f"CONTRACT_{identity.upper()}"
    credentials = {part: os.environ[f"{name}_{part.upper()}"] for part in ("email", "password")}
    # A separate address: generated requests use up the login attempts of the common one.
    headers = {"X-Forwarded-For": "192.0.2.1"}
    answer = requests.post(f"{API}/v1/auth/login", json=credentials, headers=headers, timeout=30)
    answer.raise_for_status()
    return answer.json()["access_token"]


def _credential(identity):
    if identity in KEYS:
        return os.environ[f"CONTRACT_{identity.upper()}_KEY"]
    token, until = _tokens.get(identity, (None, 0))
    if time.monotonic() > until:
        token = _login(identity)
        _tokens[identity] = (token, time.monotonic() + TOKEN_SECONDS)
    return token


def _identity(case):
    """Returns the admin for the platform's routes, else the identity of this run."""
    identity = os.environ["FOOTFALL_CONTRACT_AS"]
    return "admin" if case.path.startswith("/v1/admin/") and identity == "owner" else identity


@schemathesis.auth(refresh_interval=None)
class Bearer:
    def get(self, case, context):
        return _credential(_identity(case))

    def set(self, case, data, context):
        case.headers = case.headers or {}
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def before_call(context, case, kwargs):
    """Leaves the tenant of the requests its requests: with one a day, every later answer would be a 429."""
    if (case.method.upper(), case.path) != ("PATCH", "/v1/admin/tenants/{id}"):
        return
    if (case.path_parameters or {}).get("id") != "contract":
        return
    limits = case.body.get("limits") if isinstance(case.body, dict) else None
    quotas = limits.get("quotas") if isinstance(limits, dict) else None
    if isinstance(quotas, dict):
        for name in [name for name in quotas if name.startswith("requests_per_")]:
            del quotas[name]


@schemathesis.serializer("application/x-ndjson")
def ndjson(context, value):
    """Writes one event as a line."""
    return json.dumps(value).encode()


# Rules for a valid event that a schema cannot express.
BEYOND_SCHEMAS = (
    "must add up to at most",  # items
    "must be from 0 to",  # an amount, by its currency
    "must be at most",  # any amount
    "must be an ISO 4217 code",  # the list changes
    "must be a time",  # a day that its month lacks
    "is more than 30 days before",
)


@schemathesis.check
def valid_events_are_refused_only_for_rules_beyond_schemas(context, response, case):
    if case.path != "/v1/events" or case.meta.generation.mode is not GenerationMode.POSITIVE:
        return
    outcomes = response.json().get("outcomes") or []
    for outcome in outcomes:
        for error in outcome.get("errors", []):
            assert error["reason"].startswith(BEYOND_SCHEMAS), error
