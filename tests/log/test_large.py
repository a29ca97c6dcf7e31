"""Whatever reads a whole log does so in transactions that do not grow with it.

PostgreSQL ends a statement after five seconds, whoever waits for it; with SQLite's write-ahead log
a reader that stays lets the log of writes grow.
"""

import pytest
import sqlalchemy as sa

from bench.log.filling import fill
from consent_server.db import db, writing
from consent_server.exports.selection import Selection
from consent_server.exports.service import Export
from consent_server.exports.source import Source
from consent_server.exports.trailer import Trailer
from consent_server.log.tree import bundles_in
from consent_server.retention.purging import purge
from consent_server.retention.service import record_lapses
from consent_server.sealing.audit import Audit
from consent_server.sealing.rotation import is_key_declared, rotate
from consent_server.sealing.service import seal
from tests.application import NOW
from tests.log.effort import STEP, effort_of
from tests.log.tampering import unguarded

#: More than a page of everything that reads in pages.
SMALL, LARGE = 4_500, 13_500
#: As if each record had been sent by a browser.
KEYS = (
    "INSERT INTO idempotency_keys SELECT site_id, 'of-' || record_id, 'x', record_id, recorded_at "
    "FROM consent_records WHERE true ON CONFLICT DO NOTHING"
)
#: Beyond some for chance, for other pages are full.
MOST = 1.3

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def audit(app, clock):
    assert list(Audit("demo", app.extensions["consent_notary"]).findings()) == []


def export(app, clock):
    for _ in Export(Selection("demo"), "jsonl", app.extensions["consent_notary"]).pieces():
        pass


def foresee(app, clock):
    clock.set("2029-12-01T00:00:00+00:00")
    found = purge(clock.instant, app.extensions["consent_erased"], is_dry_run=True)
    assert found.records >= SMALL


def settle(app, clock):
    """The daily look at every record, on a day on which nothing is over."""
    assert record_lapses(clock.instant) == 0


def forget_keys(app, clock):
    found = purge(clock.advance(days=2), app.extensions["consent_erased"], is_dry_run=True)
    assert found.idempotency_keys >= SMALL


@pytest.fixture(params=[audit, export, foresee, settle, forget_keys])
def longest(request, app, site, clock):
    """Do one thing; give what its longest transaction took."""

    def longest():
        with app.app_context(), effort_of(db.engine) as effort:
            request.param(app, clock)
        return effort.longest

    return longest


@pytest.mark.one_row_in(2)
@pytest.mark.parametrize("is_sealed", [True, False], ids=["sealed", "waiting"])
def test_a_log_three_times_as_long_takes_no_longer_transaction(
    app, site, notary, longest, is_sealed
):
    def grow(count):
        with app.app_context():
            fill(site, count, NOW)
            with writing() as connection:
                connection.exec_driver_sql(KEYS)
                db.session.commit()
            if is_sealed:
                seal("demo", notary, NOW)

    grow(SMALL)
    small = longest()
    grow(LARGE - SMALL)
    large = longest()

    assert 0 < large < small * MOST


def look_for_key(app, clock):
    """What the sequencer asks before it seals, once a key was replaced."""
    assert not is_key_declared("demo", app.extensions["consent_notary"])


def look_for_bundles(app, clock):
    assert len(bundles_in("demo")) == 1


def look_for_tombstones(app, clock):
    """What an export asks at its end, of what was sealed since it began."""
    export = Export(Selection("demo"), "jsonl", app.extensions["consent_notary"])
    assert list(Trailer(Source(), "demo", export.head, export.exported)._later()) == []


@pytest.mark.one_row_in(2)
@pytest.mark.parametrize("work", [look_for_key, look_for_bundles, look_for_tombstones])
def test_entries_that_were_erased_are_not_gone_through(app, site, notary, clock, turn, work):
    def grow(count):
        with app.app_context():
            fill(site, count, NOW)
            seal("demo", notary, NOW)
            with unguarded(db.engine) as connection:
                connection.execute(sa.text("UPDATE log_entries SET record_id = NULL"))

    def longest():
        with app.app_context(), effort_of(db.engine) as effort:
            work(app, clock)
        return effort.longest

    grow(SMALL)
    turn(rotate)
    small = longest()
    grow(LARGE - SMALL)
    turn(rotate)
    large = longest()

    assert large <= small + 10 * STEP
