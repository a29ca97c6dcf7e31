"""The records of a site that are old enough, and of whom nothing is younger."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from consent_server.columns import FIRST, is_instant, raw
from consent_server.consents.models import ConsentRecord
from consent_server.lists import among
from consent_server.retention.passed import Old, is_read

Page = Sequence[Old]

#: Before the instant of every record, as the driver of each engine has it.
BEFORE: dict[str, Any] = {"sqlite": "", "postgresql": FIRST}
_RECORDS = ConsentRecord.__table__
_LATER = _RECORDS.alias("later")
#: Something where the visitor of a record had a consent event after the cutoff. Looked for record
#: by record: of an EXISTS, PostgreSQL may think to read all that is younger first.
SINCE = (
    sa.select(sa.literal(1))
    .where(
        _LATER.c.site_id == sa.bindparam("of_site"),
        _LATER.c.subject == _RECORDS.c.subject,
        _LATER.c.recorded_at > sa.bindparam("cutoff"),
        _LATER.c.event != "expired",
        _LATER.c.corrects.is_(None),
    )
    .limit(1)
    .scalar_subquery()
)
#: In the order of the log, what stands after a place.
AFTER = sa.tuple_(_RECORDS.c.recorded_at, _RECORDS.c.record_id) > sa.tuple_(
    sa.bindparam("after", type_=sa.types.NullType()),
    sa.bindparam("after_id", type_=_RECORDS.c.record_id.type),
)
#: How many records of a site stand there up to an instant, whether they can be read or not: an
#: index knows.
STANDING = (
    sa.select(sa.func.count())
    .select_from(_RECORDS)
    .where(
        _RECORDS.c.site_id == sa.bindparam("of_site"),
        _RECORDS.c.recorded_at <= sa.bindparam("until"),
        AFTER,
    )
)
#: The records of a site that are old enough, the oldest first, by engine.
OLD = {
    engine: sa.select(
        _RECORDS.c.record_id,
        _RECORDS.c.subject,
        _RECORDS.c.recorded_at,
        _RECORDS.c.corrects,
        SINCE.is_(None).label("is_over"),
        sa.type_coerce(_RECORDS.c.recorded_at, sa.types.NullType()).label("place"),
    )
    .where(
        _RECORDS.c.site_id == sa.bindparam("of_site"),
        _RECORDS.c.recorded_at <= sa.bindparam("cutoff"),
        AFTER,
        is_read(engine),
    )
    .order_by(_RECORDS.c.recorded_at, _RECORDS.c.record_id)
    .limit(sa.bindparam("most"))
    for engine in BEFORE
}
#: Every record of some subjects of a site, by engine: its id (``columns.raw``), whose it is,
#: whether it says when it was made, and whether its visitor had no consent event since.
EVERY = {
    engine: sa.select(
        raw(_RECORDS.c.record_id, engine),
        _RECORDS.c.subject,
        is_instant(_RECORDS.c.recorded_at, engine).label("is_read"),
        SINCE.is_(None).label("is_over"),
    ).where(
        _RECORDS.c.site_id == sa.bindparam("of_site"),
        among(_RECORDS.c.subject, "subjects"),
    )
    for engine in BEFORE
}
