"""The entries of a log outside the database, so that a restored copy of it can be gone on from.

One file a site in the data directory, beside the head that was promised (``sealing.notary``). A
line is the place of an entry in the log, a space, the entry and a line feed; entries have no line
feed, being RFC 8785 JSON. They are on the disk before the head that covers them is promised, so a
promise that is kept is one whose entries are here. Nothing in an entry of a record can be read
without its keys, which are in the database alone.

Lines of a place may come again, when a process died between them and its promise.
"""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from consent_server.disk import sync_directory

#: Bytes looked at, at a time, for the last line that is whole.
BLOCK = 65_536


def append(path: Path, begin: int, entries: Sequence[bytes]) -> None:
    """Put entries on the disk; the caller holds the lock of the log's files.

    :param begin: place of the first of them in the log
    """
    lines = b"".join(b"%d %b\n" % (begin + at, entry) for at, entry in enumerate(entries))
    is_new = not path.exists()
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with open(handle, "r+b") as file:
        file.seek(_end_of_lines(file.fileno()))
        file.truncate()  # of a line that was cut off by a crash, or by a disk that was full
        file.write(lines)
        file.flush()
        os.fsync(file.fileno())
    if is_new:
        sync_directory(path.parent)


def entries_in(paths: Iterable[Path], begin: int, end: int) -> dict[int, bytes]:
    """Return the entries of a range of places, as far as they are found; a later line counts.

    :param paths: journals of one log, each of another machine; one that is not there is empty
    """
    found: dict[int, bytes] = {}
    for path in paths:
        if not path.exists():
            continue
        with path.open("rb") as file:
            for line in file:
                place, _, entry = line.partition(b" ")
                if line.endswith(b"\n") and place.isdigit() and begin <= int(place) < end:
                    found[int(place)] = entry[:-1]
    return found


def _end_of_lines(handle: int) -> int:
    """Return where the last whole line of a file ends."""
    end = os.fstat(handle).st_size
    while end:
        begin = max(0, end - BLOCK)
        at = os.pread(handle, end - begin, begin).rfind(b"\n")
        if at >= 0:
            return begin + at + 1
        end = begin
    return 0
