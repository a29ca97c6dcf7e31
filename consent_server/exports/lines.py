"""From rows of the database to what every format writes of a record: itself, and its openings."""

from collections.abc import Iterable, Iterator
from typing import Any

from consent_server.consents.rows import NAMES, complete
from consent_server.exports.ahead import Row
from consent_server.ledger.canonical import base64url_encode
from consent_server.ledger.entries import EntryInvalid, Event, decode
from consent_server.ledger.record import MEMBERS
from consent_server.sites.service import bundle_of, publications

#: An entry of an event begins with these bytes and has its two hashes at fixed places.
EVENT = b'{"d":"'
SUBJECT, LENGTH = slice(56, 99), 116


#: One record of an export, and what opens it: its place in the log, None while it waits for one;
#: the members of a record as ``ledger.record`` has them; the openings of its level.
Line = dict[str, Any]


class Bundles:
    """What a site published, by hash, read once."""

    def __init__(self, site_id: str):
        #: In the order of publication.
        self._known = {row.bundle_hash: bundle_of(row) for row in publications(site_id)}

    def __getitem__(self, bundle_hash: str) -> dict[str, Any]:
        """Return a bundle.

        :raises KeyError: the site had not published it
        """
        return self._known[bundle_hash]

    def category_ids(self, hashes: Iterable[str] | None) -> list[str]:
        """Return every category that these bundles, or all, ask about, in order of publication."""
        wanted = None if hashes is None else set(hashes)
        known: dict[str, None] = {}
        for bundle_hash, bundle in self._known.items():
            if wanted is None or bundle_hash in wanted:
                known.update(dict.fromkeys(item["id"] for item in bundle["categories"]))
        return list(known)


def members_of(level: str) -> tuple[str, ...]:
    """Return the members of a record on a level."""
    return NAMES if level == "subjects" else MEMBERS


def openings_of(level: str) -> tuple[str, str]:
    """Return what stands last in a line, on a level."""
    return "decision_key", "subject_key" if level == "subjects" else "subject_commitment"


def lines(site_id: str, level: str, bundles: Bundles, page: Iterable[Row]) -> Iterator[Line]:
    """Yield what rows say.

    :param level: ``decisions`` or ``subjects``
    """
    has_subject = level == "subjects"
    first, second = openings_of(level)
    names = ("log_index", *members_of(level), first, second)
    for row in page:
        line = dict(zip(names, row))  # noqa: B905
        complete(line, site_id, bundles[line["bundle"]]["reprompt_after"])
        line[first] = base64url_encode(line[first])
        if has_subject:
            line[second] = base64url_encode(line[second])
        else:
            line[second] = _subject_commitment(bytes(line[second]))
            for asked in line["categories"], line["services"]:
                for choice in asked.values():
                    choice.pop("n", None)
        yield line


def _subject_commitment(entry: bytes) -> str:
    """Return ``s`` of an event's entry; it has one form (``ledger.entries``)."""
    found = entry[SUBJECT]
    if entry[:6] == EVENT and len(entry) == LENGTH and found.isascii():
        return found.decode("ascii")
    event = decode(entry)  # raises what is wrong with it
    if not isinstance(event, Event):
        raise EntryInvalid("not the entry of a record")
    return base64url_encode(event.subject)
