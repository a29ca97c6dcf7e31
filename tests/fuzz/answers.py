"""What every refusal looks like, whatever was sent."""

from functools import lru_cache

from werkzeug.test import TestResponse

from consent_server import openapi

PROBLEM = "application/problem+json"


@lru_cache(maxsize=1)
def _statuses() -> dict[str, int]:
    """Return every documented reason with its status."""
    return {reason: status for reason, (status, _) in openapi.reasons().items()}


def fault_of_refusal(answer: TestResponse) -> str | None:
    """Return what is wrong with an answer that is no good one, if anything is."""
    if not 400 <= answer.status_code < 500 or answer.mimetype != PROBLEM:
        return f"{answer.status}, {answer.mimetype}"
    said = answer.json or {}
    if said["status"] != answer.status_code or _statuses().get(said["reason"]) != said["status"]:
        return f"{answer.status} with the reason {said['reason']}"
    return None
