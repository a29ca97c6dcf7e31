"""Tokens that were found genuine, so that their signature is verified once a process."""

import hashlib
import threading
from typing import Final, Generic, NamedTuple, TypeVar

from consent_server.tokens.keyring import KeyRing
from consent_server.tokens.keys import TokenKey

#: Tokens that a process knows again, about 2 KB each; the oldest goes.
MOST_KNOWN: Final = 4096

Claims = TypeVar("Claims")


class _Known(NamedTuple, Generic[Claims]):
    """What a token says, and which key signed it."""

    kid: str
    public: bytes
    claims: Claims


class KnownTokens(Generic[Claims]):
    """Genuine tokens by the SHA-256 of their text: none is kept, and no other one fills it.

    Genuine says nothing about site and time. A text that a key signed once it signed for ever, but
    the key is looked up each time: what a revoked one signed is not known here.
    """

    def __init__(self) -> None:
        self._found: dict[bytes, _Known[Claims]] = {}
        self._lock = threading.Lock()

    def claims(self, token: str, ring: KeyRing) -> Claims | None:
        """Return what a token says that was found genuine and whose key is in force; else None."""
        known = self._found.get(_name(token))
        if known is None:
            return None
        key = ring.accepted_key(known.kid)
        return known.claims if key is not None and key.public == known.public else None

    def keep(self, token: str, key: TokenKey, claims: Claims) -> None:
        """Know a token again; its signature by this key was verified."""
        with self._lock:
            if len(self._found) >= MOST_KNOWN:
                del self._found[next(iter(self._found))]
            self._found[_name(token)] = _Known(key.kid, key.public, claims)


def _name(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
