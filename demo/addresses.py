"""Where the three servers of the demonstration listen: this machine, and nowhere else."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass

from consent_server.sites.origins import is_loopback

DEFAULTS = {
    "CONSENT_BIND": "127.0.0.1:8000",
    "DEMO_SHOP_BIND": "127.0.0.1:8001",
    "DEMO_ANALYTICS_BIND": "127.0.0.1:8002",
}


class DemoRefused(Exception):
    """The demonstration cannot run; the message says what to do about it."""


@dataclass(frozen=True)
class Address:
    """One server's host and port, and the environment variable that moves it."""

    variable: str
    #: A loopback name or address, without brackets.
    host: str
    port: int

    @property
    def bind(self) -> str:
        """Return ``host:port``, an IPv6 address in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def origin(self) -> str:
        """Return the origin of the pages that are served there."""
        return f"http://{self.bind}"

    def listen(self) -> socket.socket:
        """Return a listening socket.

        :raises DemoRefused: something else listens there
        """
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        try:
            return socket.create_server((self.host, self.port), family=family, backlog=128)
        except OSError as error:
            raise DemoRefused(
                f"{self.bind} cannot be used ({error.strerror}). "
                f"Set {self.variable} to another address, for example "
                f"{self.variable}={self.host}:{self.port + 100}"
            ) from error


@dataclass(frozen=True)
class Addresses:
    """The three servers."""

    service: Address
    shop: Address
    analytics: Address
    #: Where browsers find the service; another one than ``service`` behind a proxy.
    public_url: str

    def settings(self) -> dict[str, str]:
        """Return these addresses as settings of the service."""
        return {"CONSENT_BIND": self.service.bind, "CONSENT_PUBLIC_URL": self.public_url}


def choose_addresses(environ: Mapping[str, str]) -> Addresses:
    """Read the three addresses from the environment.

    :raises DemoRefused: an address is malformed, or would be visible to other machines
    """
    service, shop, analytics = (
        _read(name, environ.get(name) or default) for name, default in DEFAULTS.items()
    )
    public_url = environ.get("CONSENT_PUBLIC_URL") or service.origin
    return Addresses(service, shop, analytics, public_url.rstrip("/"))


def _read(variable: str, value: str) -> Address:
    host, _, port = value.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65_536:
        raise DemoRefused(f"{variable}={value} is not HOST:PORT, such as {DEFAULTS[variable]}")
    if not is_loopback(host):
        raise DemoRefused(
            f"{variable}={value} would let other machines in. The demo moves its own clock and "
            "shows what a shop keeps to itself, so it listens on 127.0.0.1, [::1] or localhost."
        )
    return Address(variable, host.strip("[]"), int(port))
