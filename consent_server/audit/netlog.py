"""Which hosts the browser contacted, by the browser's own network log.

Events of the page miss what shared workers fetch and what a page sends while it is left; the log of
the network stack has every request of every page, frame and worker, beacons and sockets included.
Source: https://www.chromium.org/for-testers/providing-network-details/
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson

from consent_server.audit.errors import AuditImpossible

_USUAL_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}
#: What the log says where no page is the reason: an address that was typed in, the browser itself.
_NO_PAGE = "not an origin"


@dataclass(frozen=True)
class Contact:
    """One request that left the page, or one connection that was opened for it in advance."""

    #: Seconds since the epoch.
    at: float
    #: ``host``, or ``host:port`` where the port is not the usual one, as the document writes hosts.
    host: str
    #: Without query and fragment, which can hold what identifies a visitor.
    url: str
    #: Host of the page or frame whose code asked; None for a connection without a request.
    by: str | None


def read_contacts(log: Path) -> list[Contact]:
    """Read the log of a browser that has ended.

    :raises AuditImpossible: there is no whole log; the browser crashed
    """
    try:
        content = orjson.loads(log.read_bytes())
        constants = content["constants"]
        names = {number: name for name, number in constants["logEventTypes"].items()}
        began = float(constants["timeTickOffset"])
        return list(_contacts(content["events"], names, began))
    except (OSError, LookupError, TypeError, ValueError) as error:
        raise AuditImpossible(
            f"the browser ended without its network log ({error}); run the audit again"
        ) from error


def host_of(url: str) -> str | None:
    """Return the host of an address as the document writes it; None when it is not of the web."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _USUAL_PORTS or not parts.hostname:
        return None
    name = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return name if port in (None, _USUAL_PORTS[parts.scheme]) else f"{name}:{port}"


def _contacts(
    events: list[Mapping[str, Any]], names: Mapping[int, str], began: float
) -> Iterator[Contact]:
    for event in events:
        details = event.get("params") or {}
        url = str(details.get("url") or "")
        host = host_of(url)
        if host is None or not (asked := _asked_by(names[event["type"]], details)):
            continue
        parts = urlsplit(url)
        shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        yield Contact((began + float(event["time"])) / 1000, host, shown, host_of(asked))


def _asked_by(kind: str, details: Mapping[str, Any]) -> str | None:
    """Return the origin that a request is for; None when it is not a page's request."""
    if kind == "URL_REQUEST_START_JOB":
        initiator = str(details.get("initiator") or _NO_PAGE)
        return None if initiator == _NO_PAGE else initiator
    if kind == "HTTP_STREAM_JOB_CONTROLLER" and details.get("is_preconnect"):
        return "in advance"
    return None
