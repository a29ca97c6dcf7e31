"""Ed25519 for itsdangerous, so that what it signs is a JWS that every JOSE library verifies.

``Signer`` with ``sep="."`` and without key derivation appends ``.`` and the base64url signature of
what stands before: exactly the JWS compact serialisation (RFC 7515 section 3.1).
"""

from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from itsdangerous.signer import Signer, SigningAlgorithm

#: 64 bytes in base64url without padding.
SIGNATURE_CHARACTERS: Final = 86


class Ed25519Algorithm(SigningAlgorithm):
    """EdDSA over edwards25519 (RFC 8032). Signing takes the private key, verifying the public one.

    Key objects are kept per instance, one for each key: loading costs as much as signing.
    """

    def __init__(self) -> None:
        self._private = lru_cache(maxsize=None)(Ed25519PrivateKey.from_private_bytes)
        self._public = lru_cache(maxsize=None)(Ed25519PublicKey.from_public_bytes)

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        """Return the 64-byte signature; ``key`` is the 32-byte private key."""
        return self._private(key).sign(value)

    def verify_signature(self, key: bytes, value: bytes, sig: bytes) -> bool:
        """Tell whether the signature is genuine; ``key`` is the 32-byte public key.

        The inherited method would sign again and compare, which needs the private key.
        """
        try:
            self._public(key).verify(sig, value)
        except InvalidSignature:
            return False
        return True


def signer_for(key: bytes) -> Signer:
    """Return a signer for one key: a private one signs, a public one verifies.

    Its ``unsign`` and ``verify_signature`` decode the signature leniently. Whoever verifies must
    have refused every other spelling before.
    """
    return Signer(key, sep=".", key_derivation="none", algorithm=Ed25519Algorithm())
