"""Room on the disk that is kept for the noes: a file that is emptied when everything else is full.

A yes can wait, a no cannot: once the disk is full, grants are refused, the logs are not signed, and
what was kept in reserve is left to refusals and withdrawals, until there is room again.
"""

import os
import shutil
import threading
from pathlib import Path

#: So much more than the reserve has to be free before it is laid again.
MARGIN = 2


class Reserve:
    """The reserve beside one SQLite file; mostly one process uses it, with its threads.

    Where several do, the file says to each, as often as it looks, what another one did.
    """

    def __init__(self, path: Path, size: int):
        """:param size: bytes; 0 keeps nothing in reserve"""
        self._path = path
        self._size = size
        #: Held to look at the file and to say what it says.
        self._changing = threading.Lock()
        #: An empty file says so to the next process too.
        self._is_out = size > 0 and self._there() == 0

    @property
    def is_out(self) -> bool:
        """Whether the reserve was needed, and there is no room yet to lay it again."""
        return self._is_out

    @property
    def is_laid(self) -> bool:
        """Whether there is a reserve, all of it."""
        return (self._there() or 0) >= self._size > 0

    def lay(self) -> bool:
        """Lay the reserve, if there is room for it and to spare; return whether it is there.

        :raises OSError: the directory cannot be written
        """
        with self._changing:
            if self._size == 0 or self.is_laid:
                self._is_out = False
                return self._size > 0
            if shutil.disk_usage(self._path.parent).free < self._size * MARGIN:
                self._is_out = self._is_out or self._there() == 0
                return False
            handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.posix_fallocate(handle, 0, self._size)
            except OSError:  # somebody else was faster: what came of it is given back
                os.ftruncate(handle, 0)
                return False
            finally:
                os.close(handle)
            self._is_out = False
            return True

    def release(self) -> bool:
        """Give the room back to whoever says no; return whether there was any.

        What is smaller than it should be is room too: it was laid before the setting was raised,
        or by a process that ended meanwhile.
        """
        with self._changing:
            there = self._there()
            if there is None or self._size == 0:
                return False
            self._is_out = True
            if there == 0:  # another process was faster
                return False
            os.truncate(self._path, 0)
            return True

    def _there(self) -> int | None:
        """Return the bytes of the file; None where there is none."""
        try:
            return self._path.stat().st_size
        except FileNotFoundError:
            return None
