"""The entries of a log outside the database, so that a restored copy of it can be gone on from.

One file a site in the data directory, beside the head that was promised (``sealing.notary``). A
line is the place of an entry in the log, a space, the entry and a line feed; entries have no line
feed, being RFC 8785 JSON. They are on the disk before the head that covers them is promised, so a
promise that is kept is one whose entries are here. Nothing in an entry of a record can be read
without its keys, which are in the database alone.

Lines of a place may come again, when a process died between them and its promise.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice, product
from pathlib import Path

from consent_server.disk import sync_directory

#: Bytes looked at, at a time, for the last line that is whole.
BLOCK = 65_536
#: Digits of a place; what is longer is none.
LONGEST_NUMBER = 16
#: Ways that are tried to put together what journals tell differently.
MOST_ORDERS = 64


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


def entries_in(paths: Iterable[Path], begin: int, end: int) -> dict[int, tuple[bytes, ...]]:
    """Return the entries of a range of places, as far as they are found.

    Where a place has several, the last line of the first file comes first; the tree that was signed
    tells which it is.

    :param paths: journals of one log, each of another machine; one that is not there is empty
    """
    found: dict[int, tuple[bytes, ...]] = {}
    for path in paths:
        lines = dict(_lines(path, begin, end)) if path.exists() else {}
        for place, entry in lines.items():
            others = found.get(place, ())
            if entry not in others:
                found[place] = (*others, entry)
    return found


def orders_of(found: Mapping[int, tuple[bytes, ...]]) -> Iterator[list[bytes]]:
    """Yield what the entries can have been, place by place, the likeliest first; at most 64.

    Where journals tell different things, as after a power cut, places side by side are of one file.
    """
    runs: list[list[int]] = []
    for place in sorted(place for place, entries in found.items() if len(entries) > 1):
        if not runs or runs[-1][-1] != place - 1:
            runs.append([])
        runs[-1].append(place)
    sources = [range(max(len(found[place]) for place in run)) for run in runs]
    for chosen in islice(product(*sources), MOST_ORDERS):
        source = {place: of for run, of in zip(runs, chosen, strict=True) for place in run}
        yield [
            entries[min(source.get(place, 0), len(entries) - 1)]
            for place, entries in sorted(found.items())
        ]


def _lines(path: Path, begin: int, end: int) -> Iterator[tuple[int, bytes]]:
    with path.open("rb") as file:
        for line in file:
            number, _, entry = line.partition(b" ")
            is_place = len(number) <= LONGEST_NUMBER and number.isdigit() and line[-1:] == b"\n"
            if is_place and begin <= int(number) < end:
                yield int(number), entry[:-1]


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
