"""What a request came through; for counting, and for nothing that is given or refused."""

from typing import Literal

from consent_server.rates.networks import is_of
from consent_server.settings import Settings
from consent_server.web.context import this_app, this_request

Through = Literal["proxy", "unknown_proxy", "direct"]


def came_through() -> Through:
    """Tell a proxy of ours by its address: what it writes, anybody can write.

    One that is not named counts as the visitor itself, so that all its visitors are one network.
    """
    request = this_request()
    if "HTTP_X_FORWARDED_FOR" not in request.environ:
        return "direct"
    settings: Settings = this_app().extensions["consent_settings"]
    return "proxy" if is_of(request.remote_addr, settings.proxies) else "unknown_proxy"
