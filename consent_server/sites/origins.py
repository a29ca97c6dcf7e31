"""Which web origins may record decisions for a site."""

import ipaddress
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache

_ORIGIN = re.compile(
    r"(?P<scheme>https?)://(?P<wildcard>\*\.)?"
    r"(?P<host>[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::(?P<port>[1-9][0-9]{0,4}))?"
)
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_DEFAULT_PORTS = {"http": 80, "https": 443}

#: Endings under which strangers get names; a wildcard over one would let any of them in. Only the
#: well-known ones: the whole public suffix list changes weekly and would have to be fetched.
SHARED_SUFFIXES = frozenset(
    "co.uk org.uk com.au co.nz co.jp co.kr co.in co.za com.br com.cn com.mx com.tr com.pl "  # noqa: SIM905
    "com.ua github.io gitlab.io pages.dev workers.dev netlify.app vercel.app web.app "
    "firebaseapp.com herokuapp.com onrender.com fly.dev azurewebsites.net cloudfront.net "
    "appspot.com blogspot.com myshopify.com wixsite.com webflow.io readthedocs.io".split()
)


#: Second levels under which registries of countries give names to everybody: ``com.au``.
_REGISTRY_LABELS = frozenset({"ac", "co", "com", "edu", "gov", "net", "org"})


@dataclass(frozen=True)
class Origin:
    """Scheme, host and port, as a browser compares them."""

    scheme: str
    #: Lower-case ASCII, without the wildcard; an IPv6 address keeps its brackets.
    host: str
    port: int
    #: True for ``https://*.host``: exactly one more label at the left.
    is_wildcard: bool = False

    def covers(self, other: "Origin") -> bool:
        """Say whether a request from the other origin comes from this one."""
        if (self.scheme, self.port) != (other.scheme, other.port):
            return False
        host = other.host.partition(".")[2] if self.is_wildcard else other.host
        return host == self.host

    @property
    def is_loopback(self) -> bool:
        """Say whether the host is this machine."""
        return is_loopback(self.host)


def is_allowed(origin: str, allowed: Iterable[str]) -> bool:
    """Say whether a request's ``Origin`` header names one of a site's origins.

    :param origin: the header as received; only the form that browsers send can match
    :param allowed: the document's ``origins``; an entry that is none matches nothing
    """
    asked = _parse(origin)
    if asked is None or asked.is_wildcard:
        return False
    return any(entry.covers(asked) for entry in map(_parse, allowed) if entry is not None)


def parse_origin(text: str) -> Origin:
    """Read one entry of a site's ``origins``.

    :raises ValueError: not exactly scheme, host and port; plain http off this machine; or a
        wildcard that would let strangers in. The message says which.
    """
    origin = _parse(text)
    if origin is None:
        raise ValueError(_hint(text))
    if origin.scheme == "http" and not origin.is_loopback:
        raise ValueError("must begin with https:// (plain http only for localhost and 127.0.0.1)")
    if origin.is_wildcard and (
        ("." not in origin.host and origin.host != "localhost") or origin.host in SHARED_SUFFIXES
    ):
        raise ValueError(f"strangers own names under {origin.host}; a wildcard would let them in")
    return origin


def check_cookie_domain(text: str) -> None:
    """Refuse what is not a name that one owner holds with all its sub-domains.

    Browsers refuse cookies of such names anyway, by the whole public suffix list; the choice would
    be lost without a word.

    :raises ValueError: not a host name, an address, or a name under which strangers get names
    """
    first, _, rest = text.partition(".")
    if not is_host(text) or text.startswith("[") or re.fullmatch(r"[0-9.]+", text):
        raise ValueError('must be a host name such as "shop.example", without scheme and port')
    is_registry = first in _REGISTRY_LABELS and len(rest) == 2
    if not rest or is_registry or text in SHARED_SUFFIXES:
        raise ValueError(f"strangers own names under {text}; browsers keep no cookie for it")


def host_of(origin: str) -> str:
    """Return the host of an entry of a site's ``origins``, without ``*.``; empty if it is none."""
    entry = _parse(origin)
    return entry.host if entry else ""


def hosts_that_share(origins: Iterable[str], cookie_domain: str | None) -> list[str]:
    """Return the hosts on which one choice holds, when there are several; none otherwise.

    :param origins: the document's ``origins``
    :param cookie_domain: without it each host has a choice of its own
    :returns: in the order of the origins; ``*.shop.example`` for each host one label below
    :source: CNIL recommendation 2020-092, visitors are told how far their choice reaches
    """
    entries = (
        [entry for entry in map(_parse, origins) if entry is not None] if cookie_domain else []
    )
    hosts = dict.fromkeys(("*." if entry.is_wildcard else "") + entry.host for entry in entries)
    shared = [host for host in hosts if host.startswith("*.") or not is_shared(host, hosts)]
    return shared if len(shared) > 1 or "*" in "".join(shared) else []


def is_shared(host: str, hosts: Collection[str]) -> bool:
    """Say whether a ``*.`` of a list of hosts stands for a host."""
    return f"*.{host.partition('.')[2]}" in hosts


def is_below(host: str, domain: str) -> bool:
    """Say whether a host is this domain, or one below it."""
    return f".{host}".endswith(f".{domain}")


def is_loopback(host: str) -> bool:
    """Say whether a host name or address is this machine; brackets of IPv6 are allowed."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def is_host(text: str) -> bool:
    """Say whether a text is a host as browsers write it: lower-case ASCII, without a port."""
    if text.startswith("["):
        return _is_serialised_ipv6(text)
    labels = text.split(".")
    if len(text) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        return False
    if re.fullmatch(r"[0-9]+|0x[0-9a-f]*", labels[-1]):
        return _is_serialised_ipv4(text)
    return True


@lru_cache(maxsize=1024)
def _parse(text: str) -> Origin | None:
    found = _ORIGIN.fullmatch(text)
    if found is None or not is_host(found["host"]):
        return None
    default = _DEFAULT_PORTS[found["scheme"]]
    port = int(found["port"] or default)
    if port > 65_535 or (found["port"] and port == default):
        return None
    if found["wildcard"] and re.fullmatch(r"\[.*|.*\.[0-9]+", found["host"]):
        return None
    return Origin(found["scheme"], found["host"], port, bool(found["wildcard"]))


def _is_serialised_ipv4(text: str) -> bool:
    try:
        return str(ipaddress.IPv4Address(text)) == text
    except ValueError:
        return False


def _is_serialised_ipv6(text: str) -> bool:
    try:
        return f"[{ipaddress.IPv6Address(text[1:-1])}]" == text
    except ValueError:
        return False


def _hint(text: str) -> str:
    """Say what is wrong with a text that is no origin, for the person who wrote it."""
    form = "must be scheme and host, with a port only where it is not the usual one"
    example = 'such as "https://shop.example" or "https://*.shop.example"'
    wrong = next((why for looks_wrong, why in _HINTS if looks_wrong(text)), "")
    return f"{form}, {example}{wrong}"


_HINTS = (
    (lambda text: text in {"*", "https://*", "http://*"}, "; name each site, never every site"),
    (lambda text: text == "null", '; "null" is sent by sandboxed pages of anybody'),
    (lambda text: "://" not in text, "; it must begin with https://"),
    (lambda text: not text.isascii(), "; write the host in its xn-- form"),
    (lambda text: text != text.lower(), "; in lower case"),
    (lambda text: "@" in text, "; without a user name"),
    (lambda text: "/" in text.split("://", 1)[1], "; without a path and without a closing slash"),
    (lambda text: text.endswith((":443", ":80")), "; without the usual port"),
    (lambda text: "*" in text, "; a wildcard stands for one label at the left only"),
)
