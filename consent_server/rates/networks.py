"""The network that a request comes from, as far as it can be known; used, and not kept."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
#: Bits of an address that an office or a household shares.
PREFIX = {4: 24, 6: 56}


def network_of(peer: str | None, forwarded: str, proxies: Sequence[Network]) -> bytes | None:
    """Return the network of whoever asks, as bytes; None where that cannot be known.

    :param peer: address of the other end of the connection
    :param forwarded: ``X-Forwarded-For``; read from its end, and no further than proxies of ours go
    :param proxies: networks whose word on that is taken
    """
    address = _address(peer or "")
    hops = [hop.strip() for hop in forwarded.split(",")] if forwarded else []
    while address is not None and _is_in(address, proxies):
        address = _address(hops.pop()) if hops else None
    if address is None:
        return None
    kept = PREFIX[address.version] // 8
    return bytes([address.version]) + address.packed[:kept]


def is_of(peer: str | None, networks: Sequence[Network]) -> bool:
    """Whether the other end of a connection is in one of some networks."""
    address = _address(peer or "")
    return address is not None and _is_in(address, networks)


def _address(text: str) -> Address | None:
    # Some proxies write the port too: 203.0.113.9:4711, [2001:db8::9]:4711.
    host, colon, port = text.rpartition(":")
    if colon and port.isdigit() and (host.endswith("]") or ("." in host and ":" not in host)):
        text = host
    try:
        found = ip_address(text.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _is_in(address: Address, networks: Sequence[Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)
