"""The key ring: what signs tokens, what verifies them, and what turns a consent id into a subject.

It lives in a file outside the database, so that neither a dump of the database nor its backup can
forge a token or link a record to a visitor.
"""

import hmac
import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from consent_server.ledger.canonical import base64url_encode
from consent_server.tokens.keys import Keys, KeyState, TokenKey
from consent_server.tokens.ringfile import KeyRingUnusable, RingFile, Stamp

#: Seconds between two looks at the file.
LOOK_EVERY = 1.0
#: Makes the key of erasures from that of subjects; no site's id begins so.
ERASURES = b"\x00consent-server/erasures/v1"

_log = logging.getLogger(__name__)


class KeyRing:
    """The keys in force. One object per process, safe for all its threads; follows the file.

    A file that becomes unusable while the service runs changes nothing: the last good keys stay in
    force, :attr:`problem` tells why, and the next start refuses.
    """

    def __init__(self, file: RingFile, keys: Keys, stamp: Stamp, monotonic: Callable[[], float]):
        """Hold what was read from the file; :meth:`open` does both."""
        self._file = file
        self._keys = keys
        self._stamp = stamp
        self._monotonic = monotonic
        self._looked = monotonic()
        self._lock = threading.Lock()
        #: Why the file could not be followed, or None; for the readiness check.
        self.problem: str | None = None

    @classmethod
    def open(
        cls,
        data_directory: Path,
        now: datetime,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> "KeyRing":
        """Return the ring of a data directory, making directory and ring at the first start.

        :param now: aware; the creation time of new keys
        :raises KeyRingUnusable: open to other users, or not a key ring
        """
        file = RingFile(data_directory)
        file.create(lambda: Keys.generate(now))
        return cls(file, *file.read(), monotonic)

    @property
    def revision(self) -> int:
        """Number of the ring's version; grows with each change, so that answers can be cached."""
        return self._current().revision

    @property
    def active(self) -> TokenKey:
        """The key that signs now."""
        return self._current().active

    def token_keys(self) -> tuple[TokenKey, ...]:
        """Return every token key in order of creation, revoked ones too."""
        return self._current().tokens

    def accepted_key(self, kid: str) -> TokenKey | None:
        """Return the key whose tokens are accepted under this id, or None.

        A key that this process does not know as accepted may have been put to work by another
        process a moment ago, so the file is looked at before the answer is no.
        """
        key = self._current().by_kid.get(kid)
        if key is None or key.state is KeyState.NEXT:
            key = self._look().by_kid.get(kid)
        return key if key is not None and key.is_accepted else None

    def subject(self, site: str, consent_id: str) -> str:
        """Return the subject of a consent id on one site: 43 characters, unlinkable across sites.

        :param consent_id: the text as the browser holds it; a secret, do not keep it
        """
        message = site.encode() + b"\x00" + consent_id.encode()
        return base64url_encode(hmac.digest(self._current().subject.reveal(), message, "sha256"))

    def erasure_digest(self, site: str, text: str) -> str:
        """Return what an erased record id or subject is remembered by: 43 characters.

        Under a key of its own, made from that of the subjects: it is no subject, and leads to none.
        """
        key = hmac.digest(self._current().subject.reveal(), ERASURES, "sha256")
        message = site.encode() + b"\x00" + text.encode()
        return base64url_encode(hmac.digest(key, message, "sha256"))

    def rotate(self, now: datetime) -> None:
        """Put the next key to work, retire the active one, make a new next.

        Tokens of the retired key stay valid until they expire; its private half is destroyed.

        :raises KeyRingUnusable: the file cannot be read
        """
        self._file.change(lambda keys: keys.rotated(now))
        self._look()

    def revoke(self, kid: str, now: datetime) -> None:
        """Refuse every token that a key signed; put another one where it had work to do.

        :raises KeyUnknown: the ring holds no such key
        :raises KeyRingUnusable: the file cannot be read
        """
        self._file.change(lambda keys: keys.revoked(kid, now))
        self._look()

    def refresh(self) -> None:
        """Look at the file now; :attr:`problem` tells what came of it."""
        self._look()

    def _current(self) -> Keys:
        """Return the keys in force, at most a second behind the file."""
        if self._monotonic() - self._looked < LOOK_EVERY:
            return self._keys
        return self._look()

    def _look(self) -> Keys:
        """Return the keys in force, after reading the file if it changed."""
        with self._lock:
            self._looked = self._monotonic()
            try:
                if self._file.stamp() != self._stamp:
                    self._keys, self._stamp = self._file.read()
                problem = None
            except KeyRingUnusable as unusable:
                problem = unusable.problem
            except OSError as failure:
                problem = f"cannot be read: {failure.strerror}"
            if problem is not None and problem != self.problem:
                _log.error("key ring not followed, last good keys stay in force: %s", problem)
            self.problem = problem
            return self._keys

    def __repr__(self) -> str:
        return f"KeyRing(revision={self._keys.revision}, keys={len(self._keys.tokens)})"
