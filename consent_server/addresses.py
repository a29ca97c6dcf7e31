"""What an address in a setting may be; no message repeats it, it may hold a password."""

import ipaddress
import re
from urllib.parse import SplitResult, parse_qs, urlsplit

import marshmallow as ma

#: Schemes of DATABASE_URL and the SQLAlchemy driver each of them means.
DRIVERS = {
    "sqlite": "sqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}


#: What no address has; ``urlsplit`` reads some of it away.
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
BRACKETED = re.compile(r"\[[0-9A-Fa-f:.]+\](:[0-9]*)?")


def is_bind(value: str) -> None:
    """Refuse what is no address to listen on."""
    host, _, port = value.rpartition(":")
    if ":" in host.strip("[]") and not host.startswith("["):
        raise ma.ValidationError("must have an IPv6 address in brackets, for example [::1]:8000")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise ma.ValidationError("must be HOST:PORT, for example 127.0.0.1:8000")


def is_database_url(value: str) -> None:
    """Refuse an address of no database, and of one that would be lost."""
    # The value may hold a password: it is never repeated in the message.
    if value.partition(":")[0] not in DRIVERS or "://" not in value:
        raise ma.ValidationError("must be sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME")
    parts = _parts(value)
    # A # ends no address for SQLAlchemy: what follows it is of the host, or its port.
    is_cut_off = bool(parts.fragment) and not parts.path and not parts.query
    if CONTROL.search(value) or parts.netloc.endswith(":") or is_cut_off:
        raise ma.ValidationError("must name a port behind a :, or have none; # is %23")
    # Of a second one, or one behind the host, nobody can say where the password ends: it would be
    # shown as a part of the host or the name.
    if parts.scheme != "sqlite" and value.count("@") != ("@" in parts.netloc):
        raise ma.ValidationError(
            "may have one @, before the host; in a password it is %40, / is %2F"
        )
    if parts.scheme == "sqlite":
        if parts.path in ("", "/") or ":memory:" in value or "mode=memory" in value:
            raise ma.ValidationError("an in-memory database would lose every record; name a file")
        if parts.netloc:
            raise ma.ValidationError("needs three slashes, or four: sqlite:////srv/consent.sqlite3")


def is_replica_url(value: str) -> None:
    """Refuse what is no address of PostgreSQL."""
    if DRIVERS.get(value.partition(":")[0], "sqlite") == "sqlite":
        raise ma.ValidationError("must be postgresql://USER:PASSWORD@HOST/NAME")
    is_database_url(value)


def is_same_place(one: str, other: str) -> bool:
    """Whether two addresses of PostgreSQL name the same database of the same host and port."""
    return _place(one) == _place(other)


def _place(value: str) -> tuple[str, int, str, list[str], list[str]]:
    parts = _parts(value)
    asked = parse_qs(parts.query)
    found = parts.hostname or "", parts.port or 5432, parts.path
    return *found, asked.get("host", []), asked.get("port", [])


def is_public_url(value: str) -> None:
    """Refuse what no browser should be given."""
    parts = _parts(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ma.ValidationError("must be https://HOST or https://HOST/PREFIX")
    if parts.netloc.endswith(":"):
        raise ma.ValidationError("must name a port behind a :, or have none")
    if "@" in parts.netloc or "\\" in value or not value.isprintable():
        raise ma.ValidationError(
            "must hold no name and no password: every token names this address"
        )
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ma.ValidationError("must be https; http is allowed on loopback alone")


def _parts(value: str) -> SplitResult:
    try:
        parts = urlsplit(value)
        host = parts.netloc.rpartition("@")[2]
        is_plain = not {"[", "]"} & set(host) or BRACKETED.fullmatch(host) is not None
        is_whole = is_plain and (parts.port is None or parts.port > 0)
    except ValueError:  # it quotes what it could not read
        is_whole = False
    if not is_whole:
        raise ma.ValidationError("must name a host, in brackets if it is IPv6, and a port to 65535")
    return parts


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, as its name or address says."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
