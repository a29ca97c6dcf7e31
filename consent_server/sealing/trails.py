"""Whether the lines of a site's trail are those of its log."""

import re
from collections.abc import Iterator

from consent_server.db import db
from consent_server.ledger.entries import Artifact, encode
from consent_server.sealing.findings import UNREADABLE, Finding
from consent_server.trail.models import TrailLine
from consent_server.trail.service import artifact_of, lines_of

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

    def problem(self, entry: bytes, artifact: Artifact) -> str | None:
        """Return what is wrong with the line that an entry stands for."""
        site_id, _, number = artifact.name.partition("/trail/")
        if site_id != self._site_id or not NUMBER.match(number):
            return "names no line of this trail"
        self._seen.add(int(number))
        line = db.session.get(TrailLine, (site_id, int(number)), populate_existing=True)
        if line is None:
            return f"line {number} of the trail is missing"
        try:
            is_same = encode(artifact_of(line)) == entry
        except UNREADABLE:
            is_same = False
        return None if is_same else f"line {number} of the trail is not what was written"

    def left_out(self) -> Iterator[Finding]:
        """Yield which lines no entry stood for, and which numbers have neither."""
        last = 0
        while page := [line.number for line in lines_of(self._site_id, last, PAGE)]:
            db.session.expunge_all()
            for number in page:
                for gap in range(last + 1, number):
                    if gap not in self._seen:  # else its entry has said so
                        yield Finding(None, f"line {gap} of the trail is missing")
                if number not in self._seen:
                    problem = "is neither in the log nor in its queue"
                    yield Finding(None, f"line {number} of the trail: {problem}")
                last = number
