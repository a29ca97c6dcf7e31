"""What the database itself remembers of erasures: how far a list is done, and spent counters."""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from consent_server.columns import UtcDateTime
from consent_server.db import db
from consent_server.log.models import ErasureMark

# One statement each: an erasure and a replay, or two of them, may write one row at once.
MARK = sa.text(
    "INSERT INTO erasure_marks (list_id, number) VALUES (:list_id, :number) "
    "ON CONFLICT (list_id) DO UPDATE SET number = excluded.number "
    "WHERE erasure_marks.number < excluded.number"
)
SPENT = sa.text(
    "INSERT INTO erased_subjects (site_id, digest, n, erased_at) "
    "VALUES (:site_id, :digest, :n, :erased_at) "
    "ON CONFLICT (site_id, digest) DO UPDATE SET "
    "n = CASE WHEN erased_subjects.n < excluded.n THEN excluded.n ELSE erased_subjects.n END, "
    "erased_at = CASE WHEN erased_subjects.erased_at < excluded.erased_at "
    "THEN excluded.erased_at ELSE erased_subjects.erased_at END"
).bindparams(sa.bindparam("erased_at", type_=UtcDateTime()))


def mark_of(list_id: str) -> int:
    """Return the number of the last line of a list that is done in this database; 0 for none."""
    mark = db.session.get(ErasureMark, list_id, populate_existing=True)
    return mark.number if mark is not None else 0


def set_mark(list_id: str, number: int) -> None:
    """Say that a list is done up to a line; never less than before. The caller commits."""
    if number:  # of a list that names nothing the database knows nothing
        db.session.execute(MARK, {"list_id": list_id, "number": number})


def remember_subjects(site_id: str, subjects: Mapping[str, tuple[int, datetime]]) -> None:
    """Let no decision of these subjects come back up to its counter; the caller commits.

    :param subjects: digest of a subject → the highest counter among its erased decisions, and when
        they were erased; the later one stays, and from then on it is remembered for its time
    """
    spent = [
        {"site_id": site_id, "digest": digest, "n": n, "erased_at": erased_at}
        for digest, (n, erased_at) in sorted(subjects.items())  # in one order, against deadlocks
    ]
    if spent:
        db.session.execute(SPENT, spent)
