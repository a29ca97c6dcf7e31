"""Counts the request that is being answered."""

from consent_server.metrics.catalogue import RATES_HIT
from consent_server.rates.limits import Kind
from consent_server.rates.service import RateLimited, Rates
from consent_server.web.clock import now
from consent_server.web.context import this_app, this_request


def count(kind: Kind, site_id: str) -> None:
    """Count this request against what may be asked.

    :raises RateLimited: it has to come again later
    """
    rates: Rates | None = this_app().extensions["consent_rates"]
    if rates is not None:
        request = this_request()
        environ = request.environ
        forwarded = environ.get("HTTP_X_FORWARDED_FOR", "")
        # PEP 3333: every server says it. One that does not is taken for several.
        is_alone = not environ.get("wsgi.multiprocess", True)
        try:
            rates.count(kind, site_id, request.remote_addr, forwarded, now(), is_alone=is_alone)
        except RateLimited:
            RATES_HIT.add(kind)
            raise
