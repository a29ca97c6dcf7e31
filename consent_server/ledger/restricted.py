"""What opens an entry, sealed for one reader: whoever holds the private key of legal claims.

Hybrid public key encryption, so that the service can seal and never open (docs/retention.md).

Source: RFC 9180, mode base: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM.
"""

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from consent_server.ledger.canonical import NotBase64url, base64url_decode, base64url_encode

FORMAT = "consent-restricted/v1"
SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
#: Of every text that is sealed, a multiple: its length would tell what it is.
PADDED_TO = 1_024


class NotOpened(ValueError):
    """Sealed to another key, for another site or end, or changed since."""


def new_private_key() -> bytes:
    """Return a new private key, PEM (PKCS #8)."""
    return X25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )


def private_key(pem: bytes) -> X25519PrivateKey:
    """Read a private key.

    :raises ValueError: it is none of X25519, or is encrypted; in plain words
    """
    try:
        key = load_pem_private_key(pem, password=None)
    except TypeError:
        raise ValueError("the key is encrypted with a password") from None
    except (ValueError, UnsupportedAlgorithm):  # whose words are about the library
        key = None
    if not isinstance(key, X25519PrivateKey):
        raise ValueError("not a private key of X25519, as rights restricted-key makes it, PEM")
    return key


def public_key_of(key: X25519PrivateKey) -> str:
    """Return the public half as a document has it: 43 characters base64url."""
    return base64url_encode(key.public_key().public_bytes_raw())


def check_public_key(text: str) -> None:
    """Check that something can be sealed to a public key.

    :raises ValueError: in plain words
    """
    try:
        seal(b"", text, "", "")
    except (NotBase64url, ValueError):
        message = "must be a public key as rights restricted-key prints it, 43 characters"
        raise ValueError(message) from None


def seal(data: bytes, public_key: str, site_id: str, until: str, room: int = 0) -> bytes:
    """Return bytes that only the private key opens, and only as those of this site and end.

    :param public_key: 32 bytes, base64url
    :param until: the end, RFC 3339
    :param room: bytes that the text might have: all up to it are sealed at one length
    :raises NotBase64url: it is no public key
    :raises ValueError: the same
    """
    raw = base64url_decode(public_key)
    padded = data + bytes(max(room - len(data), 0))
    padded += bytes(-len(padded) % PADDED_TO)
    key = X25519PublicKey.from_public_bytes(raw)
    return SUITE.encrypt(padded, key, info=_bound(site_id, until))


def unseal(sealed: bytes, key: X25519PrivateKey, site_id: str, until: str) -> bytes:
    """Return what was sealed.

    :raises NotOpened: see there
    """
    try:
        padded = SUITE.decrypt(sealed, key, info=_bound(site_id, until))
    except (InvalidTag, ValueError):
        raise NotOpened("sealed to another key, for another site or end, or changed") from None
    return padded.rstrip(b"\0")


def _bound(site_id: str, until: str) -> bytes:
    return f"{FORMAT}\n{site_id}\n{until}".encode()
