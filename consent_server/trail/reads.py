"""A request with an API key that is about to be answered leaves its line."""

from typing import Any

from consent_server.sites.keys import Credential
from consent_server.trail.models import TrailLine
from consent_server.trail.service import Action, leave_line
from consent_server.web.clock import now


def record_read(credential: Credential, what: Action, why: str | None, **facts: Any) -> TrailLine:
    """Leave the line of a request that is about to be answered."""
    return leave_line(credential.site_id, f"key:{credential.key_id}", what, now(), why, **facts)
