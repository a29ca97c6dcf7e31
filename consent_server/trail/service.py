"""Use cases of the trail: leave a line before something is done, and read the lines."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, get_args

import sqlalchemy as sa

from consent_server.columns import rfc3339
from consent_server.consents.models import ConsentRecord
from consent_server.db import db, lock_for_writing, writing
from consent_server.errors import RowUnreadable
from consent_server.ledger.canonical import canonical, digest
from consent_server.ledger.entries import Artifact
from consent_server.log.models import LogEntry
from consent_server.log.queue import queue_artifact
from consent_server.sites.known import site_ids
from consent_server.sites.service import require_site
from consent_server.trail.models import TrailLine

Action = Literal[
    "archive",
    "audit",
    "backup",
    "correct",
    "erase",
    "export",
    "key-create",
    "key-revoke",
    "keys-revoke",
    "keys-rotate",
    "list",
    "log-key-retire",
    "log-key-rotate",
    "log-recover",
    "mend",
    "proof",
    "publish",
    "purge",
    "restore",
    "restricted",
    "show",
    "trail",
]
ACTIONS: tuple[Action, ...] = get_args(Action)
#: Who the service itself is, at what it does by the clock.
SERVICE = "service"
#: The largest integer of the canonical form (RFC 8785).
LARGEST_NUMBER = 2**53 - 1
#: Characters of a reason.
LONGEST_WHY = 200
#: Entries that one line names at most.
MOST_ENTRIES = 50
FORMAT = 1


def leave_line(
    site_id: str, who: str, what: Action, now: datetime, why: str | None = None, **facts: Any
) -> TrailLine:
    """Keep that somebody is about to do something, and queue it for the site's log; committed.

    It comes before the deed, so that nothing is read or changed without a line; of a deed that
    failed there is a line too. The caller has no transaction open.

    :param who: ``key:…``, ``os:…`` or :data:`SERVICE`
    :param now: aware, UTC
    :param why: at most :data:`LONGEST_WHY` characters
    :param facts: JSON-ready, without floats; names no visitor and no record
    :raises SiteUnknown: there is no such site (an archived one has its trail)
    :source: R072; GDPR Art. 5(2), 32(4)
    """
    with writing():
        require_site(site_id, archived=True)
        line = add_line(site_id, who, what, now, why, **facts)
        db.session.commit()
    return line


def add_line(
    site_id: str, who: str, what: Action, now: datetime, why: str | None = None, **facts: Any
) -> TrailLine:
    """Do the same in the transaction of the deed, which is not committed without it."""
    lock_for_writing("trail", site_id)
    before = sa.select(sa.func.max(TrailLine.number)).where(TrailLine.site_id == site_id)
    line = TrailLine(
        site_id=site_id,
        number=(db.session.scalar(before) or 0) + 1,
        line_id=secrets.token_urlsafe(16),
        at=now.replace(microsecond=now.microsecond // 1000 * 1000),
        who=who,
        what=what,
        why=why,
        facts=facts,
    )
    db.session.add(line)
    db.session.flush()
    queue_artifact(site_id, artifact_of(line), now)
    return line


def leave_line_everywhere(
    who: str, what: Action, now: datetime, why: str | None = None, **facts: Any
) -> None:
    """Do the same for every site, of a deed that concerns them all."""
    for site_id in site_ids():
        leave_line(site_id, who, what, now, why, **facts)


def lines_of(site_id: str, after: int = 0, limit: int | None = None) -> Sequence[TrailLine]:
    """Return the lines of a site's trail after a number, in order.

    :param after: 0 for the first there are
    :param limit: lines at most; None for all
    :raises SiteUnknown: there is no such site
    """
    require_site(site_id, archived=True)
    query = sa.select(TrailLine).where(TrailLine.site_id == site_id, TrailLine.number > after)
    return db.session.scalars(query.order_by(TrailLine.number).limit(limit)).all()


def numbers_of(site_id: str, after: int | None, limit: int) -> Sequence[int]:
    """Return the numbers of the lines of a trail after one, in order, whatever the lines say.

    :param after: None for the first there are
    """
    query = sa.select(TrailLine.number).where(TrailLine.site_id == site_id)
    if after is not None:
        query = query.where(TrailLine.number > after)
    return db.session.scalars(query.order_by(TrailLine.number).limit(limit)).all()


def entries_about(site_id: str, subject: str) -> dict[str, Any]:
    """Return which entries of the log are about a visitor, as facts of a line.

    ``records`` counts all there are; ``entries`` names the first :data:`MOST_ENTRIES` that are in
    the log.
    """
    about = ConsentRecord.site_id == site_id, ConsentRecord.subject == subject
    link = (LogEntry.site_id == ConsentRecord.site_id) & (
        LogEntry.record_id == ConsentRecord.record_id
    )
    count = db.session.scalar(sa.select(sa.func.count()).select_from(ConsentRecord).where(*about))
    query = sa.select(LogEntry.leaf_index).join_from(ConsentRecord, LogEntry, link).where(*about)
    entries = db.session.scalars(query.order_by(LogEntry.leaf_index).limit(MOST_ENTRIES))
    return {"records": count, "entries": list(entries)}


def entry_of(site_id: str, record_id: str) -> dict[str, Any]:
    """Return which entry of the log stands for a record, as facts of a line; none while it waits.

    A record that there is not looks the same.
    """
    query = sa.select(LogEntry.leaf_index).where(
        LogEntry.site_id == site_id, LogEntry.record_id == record_id
    )
    found = db.session.scalar(query)
    return {"entries": [] if found is None else [found]}


def members_of(line: TrailLine) -> dict[str, Any]:
    """Return a line as it is hashed, shown and given out (docs/trail.md).

    :raises RowUnreadable: somebody changed it, and its facts are none
    """
    if not isinstance(line.facts, dict):
        raise RowUnreadable
    reason = {} if line.why is None else {"why": line.why}
    return {
        "v": FORMAT,
        "site": line.site_id,
        "number": line.number,
        "id": line.line_id,
        "at": rfc3339(line.at),
        "who": line.who,
        "what": line.what,
        **reason,
        "facts": line.facts,
    }


def artifact_of(line: TrailLine) -> Artifact:
    """Return what a line adds to the site's log: its hash and its number."""
    hashed = digest(canonical(members_of(line)))
    return Artifact("trail", f"{line.site_id}/trail/{line.number}", hashed)
