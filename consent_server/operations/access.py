"""Who is given what is about the whole service: a program with the token, or this machine."""

import hmac

from flask import current_app, request

from consent_server.addresses import is_loopback
from consent_server.errors import ConsentError
from consent_server.settings import Settings

#: A request with one of these came through a proxy, so that its peer says nothing.
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via")


class MetricsDenied(ConsentError):
    """Metrics are given for the token alone; without one, on a service that is all on loopback."""

    status = 401
    reason = "metrics_denied"

    def __init__(self) -> None:
        super().__init__("send the operator's token (CONSENT_METRICS_TOKEN) as a bearer token")


def require_operator() -> None:
    """Let the request pass that an operator's monitoring sends.

    A reverse proxy on the same machine makes every visitor's request come from loopback. So where
    the service has a public address, loopback alone opens nothing.

    :raises MetricsDenied: whoever asks has not shown that they may
    """
    settings: Settings = current_app.extensions["consent_settings"]
    if settings.metrics_token is None:
        is_allowed = settings.is_on_loopback and _is_from_this_machine()
    else:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        is_same = hmac.compare_digest(token.strip().encode(), settings.metrics_token.encode())
        is_allowed = scheme.lower() == "bearer" and is_same
    if not is_allowed:
        raise MetricsDenied


def _is_from_this_machine() -> bool:
    """Whether it comes straight from loopback, and no page of another host sent it here."""
    if any(name in request.headers for name in FORWARDED):
        return False
    host = request.host.rpartition(":")[0] or request.host
    return is_loopback(request.remote_addr or "") and is_loopback(host)
