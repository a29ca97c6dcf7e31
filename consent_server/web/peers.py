"""What a request came through; for counting, and for nothing that is given or refused."""

from typing import Literal

from flask import current_app, request

from consent_server.rates.networks import is_of
from consent_server.settings import Settings

Through = Literal["proxy", "unknown_proxy", "direct"]


def came_through() -> Through:
    """Tell a proxy of ours by its address: what it writes, anybody can write.

    One that is not named counts as the visitor itself, so that all its visitors are one network.
    """
    if "X-Forwarded-For" not in request.headers:
        return "direct"
    settings: Settings = current_app.extensions["consent_settings"]
    return "proxy" if is_of(request.remote_addr, settings.proxies) else "unknown_proxy"
