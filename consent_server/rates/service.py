"""The use case of a service that is asked too often: say when to come again."""

import hmac
import math
import secrets
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from consent_server.errors import ConsentError
from consent_server.rates.buckets import Buckets, FileBuckets, MemoryBuckets
from consent_server.rates.limits import LIMITS, Kind, Limit
from consent_server.rates.networks import Network, network_of

#: Bytes of a bucket's name.
NAME = 8


class RateLimited(ConsentError):
    """So many requests came that this one has to come again later; nothing was recorded."""

    status = 429
    reason = "rate_limited"

    def __init__(self, limit: int, retry_after: int):
        super().__init__(f"too many requests; send it again in {retry_after} s")
        #: Requests at once.
        self.limit = limit
        #: Seconds.
        self.retry_after = retry_after


class Rates:
    """The buckets of one service."""

    def __init__(
        self,
        proxies: Sequence[Network],
        file: Path,
        clock: Callable[[], float] = time.monotonic,
    ):
        """:param file: what several processes share

        :param proxies: networks whose ``X-Forwarded-For`` is believed
        """
        self._proxies = proxies
        self._clock = clock
        self._own = MemoryBuckets(_secret)
        self._shared = FileBuckets(file, _secret)

    def count(
        self,
        kind: Kind,
        site_id: str,
        peer: str | None,
        forwarded: str,
        now: datetime,
        *,
        is_alone: bool,
    ) -> None:
        """Count one request.

        Where nobody knows whom it comes from (from this machine, through no proxy), only what could
        be guessed at is counted. A bucket's name is a keyed hash of site and network; its key is
        random and replaced with the first request of each day, and all names with it.

        :param kind: what is asked
        :param now: aware, UTC; whose day it is
        :param is_alone: whether no other process answers
        :raises RateLimited: a bucket is empty
        :source: R067, R103
        """
        network = network_of(peer, forwarded, self._proxies)
        if network is None and kind != "rights":
            return
        limits, day = LIMITS[kind], f"{now:%Y-%m-%d}"
        buckets: Buckets = self._own if is_alone else self._shared
        secret = buckets.secret(day)
        wanted: dict[bytes, Limit] = {
            _name(secret, kind, site_id.encode(), network or b"here"): limits.network,
            _name(secret, kind): limits.everything,
        }
        if limits.site is not None:
            wanted[_name(secret, kind, site_id.encode())] = limits.site
        wait = buckets.take(day, wanted, self._clock())
        if wait:
            raise RateLimited(limits.network.burst, math.ceil(wait))


def _name(secret: bytes, kind: str, *parts: bytes) -> bytes:
    text = b"\x00".join([kind.encode(), *(bytes([len(part)]) + part for part in parts)])
    return hmac.digest(secret, text, "sha256")[:NAME]


def _secret() -> bytes:
    return secrets.token_bytes(32)
