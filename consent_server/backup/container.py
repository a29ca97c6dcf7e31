"""The form of a backup: a readable first line, then encrypted chunks that can only be whole.

::

    {"backup":"consent-backup/v1","at":…,"engine":…,"key":…,"month":…,"schema":…}\n
    chunk | chunk | … | last chunk

A chunk is its length (4 bytes, big-endian) and the AES-256-GCM encryption of up to 1 MiB, under a
key of this file alone; ``key`` is that key, encrypted under the key of the month. The nonce of a
chunk is its number and whether it is the last, so that none can be left out, doubled, moved or cut
off; the first line is authenticated with every chunk.

Source: the STREAM construction, Hoang, Reyhanitabar, Rogaway, Vizár (2015).
"""

import json
import secrets
from collections.abc import Mapping
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from consent_server.backup.errors import BackupUnreadable
from consent_server.backup.monthkeys import KEY_BYTES, MonthKeys
from consent_server.ledger.canonical import (
    NotBase64url,
    base64url_decode,
    base64url_encode,
    canonical,
)

FORMAT = "consent-backup/v1"
MEMBERS = {"backup", "at", "engine", "key", "month", "schema"}
#: Bytes of one chunk before encryption.
CHUNK = 1 << 20
TAG, NONCE = 16, 12
LARGEST_HEAD = 4_096


class Writer:
    """Encrypts what is written into a file; what is not closed is no backup."""

    def __init__(self, file: BinaryIO, month_key: bytes, about: Mapping[str, str]):
        """:param about: ``at``, ``engine``, ``month`` and ``schema``, readable by everybody"""
        key = secrets.token_bytes(KEY_BYTES)
        nonce = secrets.token_bytes(NONCE)
        wrapped = nonce + AESGCM(month_key).encrypt(nonce, key, _bound(about["month"]))
        head = {"backup": FORMAT, **about, "key": base64url_encode(wrapped)}
        self._head = canonical(head) + b"\n"
        self._file = file
        self._cipher = AESGCM(key)
        self._pending = bytearray()
        self._number = 0
        file.write(self._head)

    def write(self, data: bytes | memoryview) -> None:
        """Add bytes."""
        self._pending += data
        while len(self._pending) > CHUNK:  # the last chunk is only known when there are no more
            self._put(bytes(self._pending[:CHUNK]), is_last=False)
            del self._pending[:CHUNK]

    def close(self) -> None:
        """Write what is left, and that nothing follows."""
        self._put(bytes(self._pending), is_last=True)

    def _put(self, data: bytes, is_last: bool) -> None:
        sealed = self._cipher.encrypt(_nonce(self._number, is_last), data, self._head)
        self._file.write(len(sealed).to_bytes(4, "big") + sealed)
        self._number += 1


class Reader:
    """Decrypts a backup; gives nothing that was not authenticated, and says when it was cut off."""

    def __init__(self, file: BinaryIO, keys: MonthKeys):
        """:raises BackupUnreadable: no backup of this version, or encrypted under another key

        :raises BackupKeyMissing: the key of its month is not here
        """
        self._file = file
        self._head = file.readline(LARGEST_HEAD)
        #: What the first line says.
        self.about: dict[str, Any] = _about(self._head)
        try:
            wrapped = base64url_decode(self.about["key"])
            month_key = keys.key(self.about["month"])
            key = AESGCM(month_key).decrypt(
                wrapped[:NONCE], wrapped[NONCE:], _bound(self.about["month"])
            )
        except (InvalidTag, NotBase64url, ValueError, TypeError):
            raise BackupUnreadable("the key of its month does not open it") from None
        self._cipher = AESGCM(key)
        self._pending = bytearray()
        self._number = 0
        self._is_whole = False

    def exactly(self, count: int) -> bytes:
        """Return the next bytes, so many.

        :raises BackupUnreadable: changed, cut off, or there are not so many
        """
        while len(self._pending) < count:
            self._take()
        data = bytes(self._pending[:count])
        del self._pending[:count]
        return data

    def is_at_end(self) -> bool:
        """Whether nothing is left, and the file ends here as it should.

        :raises BackupUnreadable: see :meth:`exactly`; or something follows
        """
        while not self._pending and not self._is_whole:
            self._take()
        if not self._pending and self._file.read(1):
            raise BackupUnreadable("something follows after its end")
        return not self._pending

    def _take(self) -> None:
        if self._is_whole:
            raise BackupUnreadable("it ends in the middle")
        length = int.from_bytes(self._file.read(4), "big")
        data = self._file.read(length) if TAG <= length <= CHUNK + TAG else b""
        for is_last in (False, True):
            try:
                self._pending += self._cipher.decrypt(
                    _nonce(self._number, is_last), data, self._head
                )
            except (InvalidTag, ValueError):
                continue
            self._is_whole = is_last
            self._number += 1
            return
        raise BackupUnreadable(f"it is cut off or changed at chunk {self._number}")


def _about(head: bytes) -> dict[str, Any]:
    try:
        found: Any = json.loads(head)
        is_ours = found["backup"] == FORMAT and set(found) == MEMBERS
    except (ValueError, TypeError, KeyError):
        is_ours = False
    if not is_ours:
        raise BackupUnreadable("this is no backup of a version that can be read")
    return dict(found)


def _bound(month: str) -> bytes:
    return f"{FORMAT} {month}".encode()


def _nonce(number: int, is_last: bool) -> bytes:
    return number.to_bytes(NONCE - 1, "big") + bytes([is_last])
