"""What is sealed opens with the private key, as what it was sealed as, and in no other way."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from consent_server.ledger.restricted import (
    NotOpened,
    check_public_key,
    new_private_key,
    private_key,
    public_key_of,
    seal,
    unseal,
)

KEY = private_key(new_private_key())
PUBLIC = public_key_of(KEY)
UNTIL = "2029-11-22T00:00:00.000Z"


def test_it_opens_as_what_was_sealed():
    data = b'{"record":"x"}'

    assert unseal(seal(data, PUBLIC, "demo", UNTIL), KEY, "demo", UNTIL) == data


def test_it_opens_with_no_other_key_and_as_nothing_else():
    sealed = seal(b"{}", PUBLIC, "demo", UNTIL)
    changed = sealed[:-1] + bytes([sealed[-1] ^ 1])

    for found, key, site, until in (
        (sealed, private_key(new_private_key()), "demo", UNTIL),
        (sealed, KEY, "other", UNTIL),
        (sealed, KEY, "demo", "2049-11-22T00:00:00.000Z"),
        (changed, KEY, "demo", UNTIL),
        (sealed[:20], KEY, "demo", UNTIL),
        (b"", KEY, "demo", UNTIL),
    ):
        with pytest.raises(NotOpened):
            unseal(found, key, site, until)


def test_the_same_is_sealed_otherwise_each_time_and_lengths_tell_little():
    one, two = (seal(b"x", PUBLIC, "demo", UNTIL) for _ in range(2))

    assert one != two
    assert len(one) == len(seal(b"x" * 1_000, PUBLIC, "demo", UNTIL))
    assert b"x" * 9 not in seal(b"x" * 1_000, PUBLIC, "demo", UNTIL)


@pytest.mark.parametrize(
    "text",
    ["", "A" * 43, "AQ" + "A" * 41, PUBLIC[:-1], PUBLIC + "A", "é"],
    ids=["nothing", "nobody's", "of low order", "cut", "longer", "not ASCII"],
)
def test_what_nothing_can_be_sealed_to_is_no_public_key(text):
    check_public_key(PUBLIC)

    with pytest.raises(ValueError, match="restricted-key"):
        check_public_key(text)


def test_a_key_of_another_kind_or_behind_a_password_is_refused():
    other = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    hidden = KEY.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"password")
    )

    # Of an algorithm 1.2.3.4, which nobody knows.
    unknown = b"-----BEGIN PRIVATE KEY-----\nMA0CAQAwBQYDKgMEBAF4\n-----END PRIVATE KEY-----\n"

    for pem in (other, unknown, unknown.replace(b"MA0C", b"AAAA"), b"", b"text"):
        with pytest.raises(ValueError, match=r"^not a private key of X25519, as rights restricted"):
            private_key(pem)
    with pytest.raises(ValueError, match="password"):
        private_key(hidden)
