"""What holds for the bearer of a token, in one round trip and below the object mapper."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from consent_server.consents.choices import Held, choices_of
from consent_server.consents.models import ConsentRecord
from consent_server.db import db
from consent_server.driver import borrowed
from consent_server.statements import Query

_ISSUED = ConsentRecord.__table__.alias("issued")
_HELD = ConsentRecord.__table__.alias("held")
#: Written out: SQLite prepares a statement anew for each value of a limit that is a parameter.
ONE: sa.ColumnElement[int] = sa.literal_column("1")


@dataclass(frozen=True)
class Standing:
    """The record in force for the subject of another one, which a token was issued for."""

    #: When the record that the token was issued for ends.
    token_ends: datetime
    record_id: str
    held: Held


def _query(*conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Return the question: by the key of the one record, then by the index of its subject.

    Each record is looked for by itself: of a join, PostgreSQL makes a plan by an empty table that
    reads all of it for each row, and keeps it while the table grows.

    What a newer decision overrides is marked when it arrives, so the last one that is not marked
    holds (``consents.records.record_in_force``). By an instant that cannot be read a grant would be
    the last one for ever, also after a no: it is read for this alone, and then nothing is known.
    """
    site = sa.bindparam("site", type_=sa.Text)
    issued = (_ISSUED.c.site_id == site, _ISSUED.c.record_id == sa.bindparam("record"))
    ends = sa.select(_ISSUED.c.expires_at).where(*issued).scalar_subquery()
    subject = sa.select(_ISSUED.c.subject).where(*issued).scalar_subquery()
    return (
        sa.select(
            ends, _HELD.c.record_id, _HELD.c.categories, _HELD.c.services, _HELD.c.recorded_at
        )
        .where(
            _HELD.c.site_id == site,
            _HELD.c.subject == subject,
            _HELD.c.superseded == sa.false(),
            *conditions,
        )
        .order_by(_HELD.c.recorded_at.desc())
        .limit(ONE)
    )


#: Made once: what holds now, and what held at an instant.
NOW = Query(_query())
THEN = Query(_query(_HELD.c.recorded_at <= sa.bindparam("at")))


def standing(site_id: str, record_id: str, at: datetime | None) -> Standing | None:
    """Return what holds, or held, for the subject of a record; None where nobody or nothing does.

    The caller has no transaction open: this is one of its own.

    :param at: aware, UTC; None for now
    :raises RowUnreadable: it is not as the service writes it; ``columns.UNREADABLE`` says what else
    """
    values = {"site": site_id, "record": record_id}
    with borrowed(db.engine) as connection:
        if at is None:
            row = NOW.first(connection, values)
        else:
            row = THEN.first(connection, {**values, "at": at})
    if row is None:
        return None
    return Standing(row[0], row[1], Held(choices_of(row[2]), choices_of(row[3])))
