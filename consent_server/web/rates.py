"""Counts the request that is being answered."""

from flask import current_app, request

from consent_server.metrics.catalogue import RATES_HIT
from consent_server.rates.limits import Kind
from consent_server.rates.service import RateLimited, Rates
from consent_server.web.clock import now


def count(kind: Kind, site_id: str) -> None:
    """Count this request against what may be asked.

    :raises RateLimited: it has to come again later
    """
    rates: Rates | None = current_app.extensions["consent_rates"]
    if rates is not None:
        forwarded = request.headers.get("X-Forwarded-For", "")
        try:
            rates.count(kind, site_id, request.remote_addr, forwarded, now())
        except RateLimited:
            RATES_HIT.add(kind)
            raise
