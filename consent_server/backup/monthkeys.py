"""A key for each month's backups, kept apart from them: without it they cannot be read.

That is how a copy that somebody kept too long is forgotten: with the key of its month (R075).
"""

import json
import secrets
from datetime import datetime
from pathlib import Path
from typing import Any

from consent_server.backup.errors import BackupKeyMissing, BackupKeysUnusable
from consent_server.disk import lock_of, make_directory, replace_file
from consent_server.ledger.canonical import NotBase64url, base64url_decode, base64url_encode

#: Version of the file format.
FORMAT = 1
#: AES-256.
KEY_BYTES = 32


def month_of(now: datetime) -> str:
    """Return the month of an instant, ``2026-11``."""
    return f"{now:%Y-%m}"


class MonthKeys:
    """``keys/backup.json`` inside the data directory; touches no file before it is asked to."""

    def __init__(self, data_directory: Path):
        self.path = data_directory / "keys" / "backup.json"

    def key(self, month: str) -> bytes:
        """Return the key of a month, 32 bytes.

        :raises BackupKeyMissing: it is not here
        :raises BackupKeysUnusable: see :meth:`_read`
        """
        try:
            return self._read()[month]
        except KeyError:
            raise BackupKeyMissing(month, self.path) from None

    def make(self, month: str) -> bool:
        """Make the key of a month, unless it is there; return whether it is new."""
        make_directory(self.path.parent)
        with lock_of(self.path):
            keys = self._read()
            if month in keys:
                return False
            self._write({**keys, month: secrets.token_bytes(KEY_BYTES)})
        return True

    def months(self) -> list[str]:
        """Return the months that there are keys of, in their order."""
        return sorted(self._read())

    def forget_up_to(self, month: str) -> int:
        """Forget the keys of a month and those before, here; return how many."""
        if not self.path.exists():
            return 0
        with lock_of(self.path):
            keys = self._read()
            kept = {name: key for name, key in keys.items() if name > month}
            if len(kept) < len(keys):
                self._write(kept)
        return len(keys) - len(kept)

    def _read(self) -> dict[str, bytes]:
        """Return every key by its month.

        :raises BackupKeysUnusable: open to other users, or not such a file
        """
        try:
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError):
            raise BackupKeysUnusable(self.path, "cannot be read") from None
        if self.path.stat().st_mode & 0o077:
            raise BackupKeysUnusable(self.path, "is open to other users; chmod 600")
        try:
            found: Any = json.loads(text)
            keys = {month: base64url_decode(key) for month, key in found["keys"].items()}
            is_sound = found["format"] == FORMAT and all(
                len(key) == KEY_BYTES for key in keys.values()
            )
        except (ValueError, TypeError, KeyError, AttributeError, NotBase64url):
            is_sound = False
        if not is_sound:
            raise BackupKeysUnusable(
                self.path, "is damaged; restore it from where you keep the keys"
            )
        return keys

    def _write(self, keys: dict[str, bytes]) -> None:
        members = {month: base64url_encode(key) for month, key in sorted(keys.items())}
        replace_file(self.path, json.dumps({"format": FORMAT, "keys": members}, indent=1).encode())
