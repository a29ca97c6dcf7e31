"""The keys of the service as values: Ed25519 token keys with a life cycle, and the subject key.

Everything here is immutable; a change of the ring is a function from one ring to the next.
"""

import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from itsdangerous.signer import Signer

from consent_server.errors import ConsentError
from consent_server.ledger.canonical import base64url_encode, canonical, digest
from consent_server.tokens.jws import signer_for

#: Length of every secret: 256 bits.
SECRET_BYTES: Final = 32
#: Characters of a key id: 96 bits of the RFC 7638 thumbprint. Each token carries it, in a cookie.
KID_LENGTH: Final = 16


class KeyUnknown(ConsentError):
    """The ring holds no key with this id."""

    status = 404
    reason = "key_unknown"

    def __init__(self, kid: str):
        super().__init__(f"the ring holds no key {kid}")
        self.kid = kid


class KeyState(StrEnum):
    """Where a token key is in its life; it only ever moves downwards in this list."""

    #: Published, signs nothing yet: pages and sites learn it before the first token needs it.
    NEXT = "next"
    #: Signs every new token.
    ACTIVE = "active"
    #: Signs nothing, its tokens stay valid until they expire. Its private half has been destroyed.
    VERIFY_ONLY = "verify-only"
    #: Nothing it signed is accepted. Kept, so that the ring tells what happened.
    REVOKED = "revoked"


class Secret:
    """Bytes that never show up in a representation, a log line or a traceback with locals."""

    __slots__ = ("_value",)

    def __init__(self, value: bytes):
        if len(value) != SECRET_BYTES:
            raise ValueError(f"a secret has {SECRET_BYTES} bytes")
        self._value = value

    @classmethod
    def generate(cls) -> "Secret":
        """Return 32 bytes of the system's generator."""
        return cls(secrets.token_bytes(SECRET_BYTES))

    def reveal(self) -> bytes:
        """Return the bytes, to hand them to a cryptographic function."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"

    def __reduce__(self) -> str:
        raise TypeError("a secret is not serialised")


@dataclass(frozen=True, eq=False)
class TokenKey:
    """One Ed25519 key pair that signs consent tokens and nothing else."""

    #: First 16 characters of the RFC 7638 thumbprint of the public key.
    kid: str
    state: KeyState
    #: When the pair was made, and when it entered this state; aware, UTC.
    created: datetime
    since: datetime
    #: 32 bytes, RFC 8032.
    public: bytes
    #: Private half; None once the key signs nothing any more.
    seed: Secret | None = field(repr=False)

    @classmethod
    def generate(cls, state: KeyState, now: datetime) -> "TokenKey":
        """Return a new key pair, whose id no command line takes for an option."""
        while (kid := kid_of(public := public_half(seed := Secret.generate()))).startswith("-"):
            pass
        return cls(kid, state, now, now, public, seed)

    @property
    def is_accepted(self) -> bool:
        """Whether a token signed by this key may be accepted now."""
        return self.state in (KeyState.ACTIVE, KeyState.VERIFY_ONLY)

    @property
    def is_published(self) -> bool:
        """Whether the key belongs into the published key set."""
        return self.state is not KeyState.REVOKED

    @cached_property
    def signer(self) -> Signer:
        """What signs with the private half, loaded once.

        :raises ValueError: the private half is gone: the key only verifies, or is revoked
        """
        if self.seed is None:
            raise ValueError(f"key {self.kid} is {self.state} and signs nothing")
        return signer_for(self.seed.reveal())

    @cached_property
    def verifier(self) -> Signer:
        """What verifies with the public half, loaded once."""
        return signer_for(self.public)

    @cached_property
    def jwk(self) -> dict[str, str]:
        """The public half as an RFC 8037 JSON Web Key."""
        return {
            "kty": "OKP",
            "crv": "Ed25519",
            "x": base64url_encode(self.public),
            "kid": self.kid,
            "alg": "EdDSA",
            "use": "sig",
        }


@dataclass(frozen=True, eq=False)
class Keys:
    """All keys of the service at one moment: one active, one next, and every earlier one."""

    #: Grows by one with each change.
    revision: int
    #: Makes subjects from consent ids. Never rotated: it would cut every visitor off their records.
    subject: Secret
    #: In order of creation.
    tokens: tuple[TokenKey, ...]

    @classmethod
    def generate(cls, now: datetime) -> "Keys":
        """Return the keys of a new service."""
        pairs = (TokenKey.generate(state, now) for state in (KeyState.ACTIVE, KeyState.NEXT))
        return cls(1, Secret.generate(), tuple(pairs))

    @cached_property
    def by_kid(self) -> dict[str, TokenKey]:
        """Every token key under its id, revoked ones too."""
        return {key.kid: key for key in self.tokens}

    @cached_property
    def active(self) -> TokenKey:
        """The one key that signs."""
        return next(key for key in self.tokens if key.state is KeyState.ACTIVE)

    def rotated(self, now: datetime) -> "Keys":
        """Return the keys after next took over: active retires, and a new next is made."""
        after = {KeyState.NEXT: KeyState.ACTIVE, KeyState.ACTIVE: KeyState.VERIFY_ONLY}
        moved = (_moved(key, after.get(key.state, key.state), now) for key in self.tokens)
        return self._with((*moved, TokenKey.generate(KeyState.NEXT, now)))

    def revoked(self, kid: str, now: datetime) -> "Keys":
        """Return the keys without trust in one of them; a key that had work to do is replaced.

        :raises KeyUnknown: the ring holds no such key
        """
        if kid not in self.by_kid:
            raise KeyUnknown(kid)
        # Revoking the active key puts the next one to work at once: sites know it already.
        keys = self.rotated(now) if self.active.kid == kid else self
        tokens = [
            _moved(key, KeyState.REVOKED, now) if key.kid == kid else key for key in keys.tokens
        ]
        if not any(key.state is KeyState.NEXT for key in tokens):
            tokens.append(TokenKey.generate(KeyState.NEXT, now))
        return self._with(tuple(tokens))

    def _with(self, tokens: tuple[TokenKey, ...]) -> "Keys":
        return replace(self, revision=self.revision + 1, tokens=tokens)


def kid_of(public: bytes) -> str:
    """Return the id of a public key: the beginning of its thumbprint (RFC 7638, RFC 8037)."""
    members = {"crv": "Ed25519", "kty": "OKP", "x": base64url_encode(public)}
    return digest(canonical(members))[:KID_LENGTH]


def public_half(seed: Secret) -> bytes:
    """Return the 32-byte public key of a private one."""
    return Ed25519PrivateKey.from_private_bytes(seed.reveal()).public_key().public_bytes_raw()


def _moved(key: TokenKey, state: KeyState, now: datetime) -> TokenKey:
    """Return the key in another state; a key that will never sign again loses its private half."""
    if key.state is state:
        return key
    signs = state in (KeyState.NEXT, KeyState.ACTIVE)
    return replace(key, state=state, since=now, seed=key.seed if signs else None)
