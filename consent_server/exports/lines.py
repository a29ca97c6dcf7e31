"""From rows of the database to what every format writes of a record: itself, and its openings."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from consent_server.consents.rows import NAMES, record_of
from consent_server.db import db
from consent_server.exports.reading import Row
from consent_server.ledger.canonical import base64url_encode
from consent_server.ledger.entries import Event, decode
from consent_server.sites.service import bundle_of, publications

#: An entry of an event begins with these bytes and has its two hashes at fixed places.
EVENT = b'{"d":"'
SUBJECT, LENGTH = slice(56, 99), 116
BUNDLE = NAMES.index("bundle")


@dataclass(slots=True)
class Line:
    """One record of an export."""

    #: Its place in the log; None while it waits for one.
    index: int | None
    #: As ``ledger.record`` has it.
    record: dict[str, Any]
    #: ``decision_key``, and ``subject_key`` or ``subject_commitment``.
    openings: dict[str, str]


class Bundles:
    """What a site published, by hash, read once."""

    def __init__(self, site_id: str):
        self._site_id = site_id
        self._known: dict[str, dict[str, Any]] = {}

    def __getitem__(self, bundle_hash: str) -> dict[str, Any]:
        """Return a bundle.

        :raises KeyError: the site never published it
        """
        if bundle_hash not in self._known:
            found = publications(self._site_id)
            self._known = {row.bundle_hash: bundle_of(row) for row in found}
            db.session.rollback()  # whoever reads the next piece may be slow
        return self._known[bundle_hash]

    def category_ids(self, hashes: Iterable[str] | None) -> list[str]:
        """Return every category that these bundles, or all, ask about, in order of publication."""
        wanted = None if hashes is None else set(hashes)
        known: dict[str, None] = {}
        for publication in publications(self._site_id):
            if wanted is None or publication.bundle_hash in wanted:
                asked = bundle_of(publication)["categories"]
                known.update(dict.fromkeys(item["id"] for item in asked))
        return list(known)


def lines(site_id: str, level: str, bundles: Bundles, page: Iterable[Row]) -> Iterator[Line]:
    """Yield what rows say.

    :param level: ``decisions`` or ``subjects``
    """
    has_subject = level == "subjects"
    for row in page:
        *_, index, decision_key, subject_key, entry = row
        duration = bundles[row[BUNDLE]]["reprompt_after"]
        record = record_of(site_id, row, duration, with_subject=has_subject)
        openings = {"decision_key": base64url_encode(decision_key)}
        if has_subject:
            openings["subject_key"] = base64url_encode(subject_key)
        else:
            openings["subject_commitment"] = _subject_commitment(bytes(entry))
        yield Line(index, record, openings)


def _subject_commitment(entry: bytes) -> str:
    """Return ``s`` of an event's entry; it has one form (``ledger.entries``)."""
    found = entry[SUBJECT]
    if entry[:6] == EVENT and len(entry) == LENGTH and found.isascii():
        return found.decode("ascii")
    event = decode(entry)  # raises what is wrong with it
    assert isinstance(event, Event)
    return base64url_encode(event.subject)
