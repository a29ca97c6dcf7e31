"""Rows that somebody exchanged: of two records, of two sites. The audit names it each time."""

from itertools import combinations

import pytest

from consent_server.db import db
from consent_server.sealing.audit import Audit
from tests.builders import ORIGIN, OTHER_VISITOR, acceptance, bundle_hash, withdrawal
from tests.log.tampering import ENTRY, HEAD, RECORD, TILE, Tampering, unguarded

#: Table, what names a row, what is exchanged.
EXCHANGED = [
    *(
        ("consent_records", RECORD, columns)
        for columns in (
            ("categories",),
            ("subject", "n"),
            ("recorded_at",),
            ("expires_at",),
            ("previous",),
            ("record_id",),
        )
    ),
    *(
        ("log_opening_keys", RECORD, columns)
        for columns in (("decision_key",), ("subject_key",), ("decision_key", "subject_key"))
    ),
    *(("log_entries", ENTRY, columns) for columns in (("entry",), ("record_id",))),
    ("log_entries", ENTRY, ("entry", "record_id")),
    ("log_checkpoints", HEAD, ("root",)),
    ("log_checkpoints", HEAD, ("note",)),
    ("log_checkpoints", HEAD, ("root", "note", "previous_size")),
]
#: A site as small as these has a single tile.
BETWEEN_SITES = [*EXCHANGED, ("log_tiles", TILE, ("hashes",))]


@pytest.fixture
def database_url(postgresql_url):
    """PostgreSQL alone: little depends on the engine."""
    return postgresql_url


@pytest.fixture
def two_sites(client, publish, decide, site, seal, clock):
    """Each with a grant, a grant and its withdrawal, in two batches."""
    other = publish("other")
    for name, bundle in (("demo", bundle_hash()), ("other", other.bundle_hash)):
        for body in (
            acceptance(bundle=bundle),
            acceptance(bundle=bundle, consent_id=OTHER_VISITOR),
            withdrawal(2, bundle=bundle, consent_id=OTHER_VISITOR),
        ):
            assert decide(body, ORIGIN, name).status_code == 201
            clock.advance(seconds=1)
            seal(name)


@pytest.fixture
def exchange(app):
    """Exchange columns of two rows, past every guard."""

    def exchange(table, key, columns, one, other):
        changed = [
            {**row, **{column: taken[column] for column in columns}}
            for row, taken in ((one, other), (other, one))
        ]
        assert changed[0] != one
        row = Tampering(table, key)
        with app.app_context():
            with unguarded(db.engine) as connection:
                row._delete(connection, one)
            row._replace(db.engine, other, changed[0])
            row._replace(db.engine, None, changed[1])

    return exchange


@pytest.fixture
def found(app, notary):
    """What an audit of each site says."""

    def found():
        with app.app_context():
            return [list(Audit(name, notary).findings()) for name in ("demo", "other")]

    return found


def _told(table, columns):
    return f"{table}-{'+'.join(columns)}"


@pytest.mark.parametrize(
    ("table", "key", "columns"), EXCHANGED, ids=[_told(row[0], row[2]) for row in EXCHANGED]
)
def test_of_two_records(two_sites, rows, exchange, found, table, key, columns):
    assert found() == [[], []]
    linked = [row for row in rows(table) if row.get("record_id", "") is not None]
    pair = next(
        (one, other)
        for one, other in combinations(linked, 2)
        if any(one[column] != other[column] for column in columns)
    )

    exchange(table, key, columns, *pair)

    here, other = found()
    assert here
    assert other == []


@pytest.mark.parametrize(
    ("table", "key", "columns"),
    BETWEEN_SITES,
    ids=[_told(row[0], row[2]) for row in BETWEEN_SITES],
)
def test_of_two_sites(two_sites, rows, exchange, found, table, key, columns):
    pair = [
        max(
            (row for row in rows(table, site=name) if row.get("record_id", "") is not None),
            key=lambda row: [str(row.get("recorded_at", "")), *(row[part] for part in key)],
        )
        for name in ("demo", "other")
    ]

    exchange(table, key, columns, *pair)

    assert all(found())
