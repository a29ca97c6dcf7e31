"""The counts of one process in a file that others may read, and that its next owner goes on with.

Layout: 8 bytes that name the form; the names of the series, a JSON array on a line each; their
values, doubles in the byte order of the machine, the first of the first line. Whoever counts holds
an exclusive lock on the file, which ends with the process however it ends: a file without a lock
has no owner, and its values still count. A process that starts takes the first file that nobody
owns, so there are never more than processes ran at once.
"""

import fcntl
import json
import mmap
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

FORM = b"counts01"
#: Bytes of all names.
NAMES = 512 * 1024
#: Series that fit; labels are bounded, so there are never that many.
MOST_SERIES = 4096
SIZE = len(FORM) + NAMES + 8 * MOST_SERIES
#: Processes of one machine.
MOST_FILES = 256

Key = tuple[str, ...]


class SharedFile:
    """A file that this process owns."""

    def __init__(self, handle: int):
        """:param handle: open, locked, and as long as it has to be"""
        self._handle = handle
        self._map = mmap.mmap(handle, SIZE)
        self._end = len(FORM)
        #: As long as the file is mapped: what is put here is what others read.
        self.values = memoryview(self._map)[-8 * MOST_SERIES :].cast("d")

    def known(self) -> list[Key]:
        """Return the series that an earlier owner left, and go on after them."""
        # Not by the map: what is read there stays a part of this process, half a megabyte.
        names = os.pread(self._handle, len(FORM) + NAMES, 0)
        keys = _keys(names)
        if keys is None:
            os.pwrite(self._handle, FORM + bytes(SIZE - len(FORM)), 0)
            return []
        self._end = names.rfind(b"\n") + 1 or len(FORM)
        return keys

    def has_room_for(self, key: Key) -> bool:
        """Append a series; false when there is no place for its name."""
        line = json.dumps(key).encode()
        if self._end + len(line) + 1 > len(FORM) + NAMES:
            return False
        self._map[self._end : self._end + len(line)] = line
        self._end += len(line) + 1
        self._map[self._end - 1] = ord("\n")  # last: a line that ends is whole
        return True

    def close(self) -> None:
        """Let the next process have it."""
        self.values.release()
        self._map.close()
        os.close(self._handle)


def take(folder: Path) -> SharedFile | None:
    """Own the first file of a folder that nobody owns; None when there is none to be had.

    :raises OSError: the folder or the disk does not allow it
    """
    for number in range(MOST_FILES):
        handle = os.open(
            folder / f"{number}.counts", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, mode=0o600
        )
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Every page is there: writing to a hole of a full disk would end the process.
            os.posix_fallocate(handle, 0, SIZE)
            return SharedFile(handle)
        except BlockingIOError:
            os.close(handle)
        except OSError:
            os.close(handle)
            raise
    return None


def read_all(folder: Path) -> Iterator[tuple[dict[Key, float], bool]]:
    """Yield what each file holds, and whether a process owns it now."""
    for path in sorted(folder.glob("*.counts")):
        with suppress(OSError), path.open("rb") as file:
            content = file.read(SIZE)
            keys = _keys(content[: len(FORM) + NAMES])
            if keys is None or len(content) < SIZE:
                continue
            values = memoryview(content)[-8 * MOST_SERIES :].cast("d")
            yield dict(zip(keys, values, strict=False)), _is_owned(file.fileno())


def _is_owned(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _keys(names: bytes) -> list[Key] | None:
    """Read the names; None of a file that is new or of another form."""
    if not names.startswith(FORM):
        return None
    lines = names[len(FORM) : names.rfind(b"\n") + 1].splitlines()
    try:
        keys = [tuple(json.loads(line)) for line in lines[:MOST_SERIES]]
    except (ValueError, TypeError, RecursionError):
        return None
    is_ours = all(key and all(isinstance(part, str) for part in key) for key in keys)
    return keys if is_ours else None
