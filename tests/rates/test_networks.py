"""Whose request it is, as far as proxies that are believed say so."""

from ipaddress import ip_network

import pytest

from consent_server.rates.networks import network_of

OURS = [ip_network("127.0.0.0/8"), ip_network("::1/128"), ip_network("10.1.0.0/16")]
OFFICE = b"\x04\xcb\x00\x71"


@pytest.mark.parametrize(
    "peer, forwarded, found",
    [
        ("203.0.113.9", "", OFFICE),
        ("203.0.113.200", "", OFFICE),
        ("::ffff:203.0.113.9", "", OFFICE),
        # Nobody believes what a stranger says of others.
        ("203.0.113.9", "198.51.100.1", OFFICE),
        ("127.0.0.1", "203.0.113.9", OFFICE),
        ("::1", "203.0.113.9", OFFICE),
        ("127.0.0.1", "203.0.113.9, 10.1.2.3", OFFICE),
        # What stands before the first proxy of ours was written by whoever asks.
        ("127.0.0.1", "198.51.100.1, 203.0.113.9", OFFICE),
        ("127.0.0.1", "nonsense, 203.0.113.9", OFFICE),
        ("127.0.0.1", "203.0.113.9:4711", OFFICE),
        ("127.0.0.1", "[2001:db8:1:2ff::9]:4711", b"\x06\x20\x01\x0d\xb8\x00\x01\x02"),
        ("127.0.0.1", "", None),
        ("127.0.0.1", "10.1.2.3", None),
        ("127.0.0.1", "nonsense", None),
        ("127.0.0.1", "203.0.113.9, nonsense", None),
        ("127.0.0.1", ",", None),
        ("", "203.0.113.9", None),
        (None, "203.0.113.9", None),
        ("127.0.0.1", "[2001:db8:1:2ff::9]", b"\x06\x20\x01\x0d\xb8\x00\x01\x02"),
        ("2001:db8:1:201::1", "", b"\x06\x20\x01\x0d\xb8\x00\x01\x02"),
    ],
)
def test_the_network_of_a_request(peer, forwarded, found):
    assert network_of(peer, forwarded, OURS) == found
