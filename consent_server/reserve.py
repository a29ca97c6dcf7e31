"""Room on the disk that is kept for the noes: a file that is emptied when everything else is full.

A yes can wait, a no cannot: once the disk is full, grants are refused, the logs are not signed, and
what was kept in reserve is left to refusals and withdrawals, until there is room again.
"""

import os
import shutil
from pathlib import Path

#: So much more than the reserve has to be free before it is laid again.
MARGIN = 2


class Reserve:
    """The reserve beside one SQLite file; one process uses it, with its threads."""

    def __init__(self, path: Path, size: int):
        """:param size: bytes; 0 keeps nothing in reserve"""
        self._path = path
        self._size = size
        #: An empty file says so to the next process too.
        self._is_out = size > 0 and path.exists() and path.stat().st_size == 0

    @property
    def is_out(self) -> bool:
        """Whether the reserve was needed, and there is no room yet to lay it again."""
        return self._is_out

    @property
    def is_laid(self) -> bool:
        """Whether there is a reserve."""
        return self._path.exists() and self._path.stat().st_size >= self._size > 0

    def lay(self) -> bool:
        """Lay the reserve, if there is room for it and to spare; return whether it is there.

        :raises OSError: the directory cannot be written
        """
        if self._size == 0 or self.is_laid:
            self._is_out = False
            return self._size > 0
        if shutil.disk_usage(self._path.parent).free < self._size * MARGIN:
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
        """Give the room back to whoever says no; return whether there was any."""
        if not self.is_laid:
            return False
        self._is_out = True
        os.truncate(self._path, 0)
        return True
