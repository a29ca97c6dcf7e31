"""Whether the lines of a site's trail are those of its log."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import pairwise

from consent_server.columns import UNREADABLE
from consent_server.db import db
from consent_server.ledger.entries import Artifact, encode
from consent_server.sealing.findings import Finding
from consent_server.trail.models import TrailLine
from consent_server.trail.service import artifact_of, numbers_of

#: Lines looked at in one transaction.
PAGE = 1_000
#: A number as a name in the log spells it; any database can hold it.
NUMBER = re.compile(r"[1-9][0-9]{0,15}\Z", re.ASCII)


class Trails:
    """What an audit of one log has seen of its trail."""

    def __init__(self, site_id: str):
        """Nothing is read yet."""
        self._site_id = site_id
        self._seen: set[int] = set()
        #: Numbers of lines that are gone, as tombstones say; a later line may have one of them.
        self._lost: set[int] = set()

    def problem(self, entry: bytes, artifact: Artifact, is_lost: Callable[[], bool]) -> str | None:
        """Return what is wrong with the line that an entry stands for.

        :param is_lost: whether a tombstone says that it is gone with a database that was lost
        """
        site_id, _, number = artifact.name.partition("/trail/")
        if site_id != self._site_id or not NUMBER.match(number):
            return "names no line of this trail"
        is_same, is_there = False, True
        with suppress(*UNREADABLE):
            line = db.session.get(TrailLine, (site_id, int(number)), populate_existing=True)
            is_there = line is not None
            is_same = line is not None and encode(artifact_of(line)) == entry
        if not is_same and is_lost():
            self._lost.add(int(number))  # what has its number now has to have an entry of its own
            return None
        self._seen.add(int(number))
        if not is_there:
            return f"line {number} of the trail is missing"
        return None if is_same else f"line {number} of the trail is not what was written"

    def left_out(self) -> Iterator[Finding]:
        """Yield which lines no entry stood for, and which numbers have neither."""
        for number in numbers_of(self._site_id, None, 1):
            if number < 1:
                yield Finding(None, f"line {number} of the trail: stands before the beginning")
        last, named = 0, sorted(self._seen | self._lost)
        while page := numbers_of(self._site_id, last, PAGE):
            for number in page:
                if number == last:
                    yield Finding(None, f"line {number} of the trail: is there more than once")
                    continue
                # Of those that are named, their entries have said so.
                said = named[bisect_right(named, last) : bisect_left(named, number)]
                for before, after in pairwise([last, *said, number]):
                    if after - before > 1:
                        yield Finding(None, f"{_lines(before + 1, after - 1)} missing")
                if number not in self._seen:
                    problem = "is neither in the log nor in its queue"
                    yield Finding(None, f"line {number} of the trail: {problem}")
                last = number


def _lines(first: int, last: int) -> str:
    if first == last:
        return f"line {first} of the trail is"
    return f"lines {first} to {last} of the trail are"
