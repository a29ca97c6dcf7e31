"""What one site meets, or one visitor's records, keeps no other waiting for their time."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from consent_server import background, rowscope
from consent_server.consents.models import ConsentRecord
from consent_server.db import db, lock_for_writing, writing
from consent_server.erasing import traces
from consent_server.errors import RowUnreadable
from consent_server.metrics.catalogue import PURGED
from consent_server.metrics.counts import COUNTS
from consent_server.retention import housekeeping, purging, retries
from consent_server.retention.service import record_lapses
from consent_server.sites import parsing
from tests.builders import OTHER_VISITOR, VISITOR, acceptance, bundle_hash, refusal
from tests.databases import locked
from tests.log.tampering import unguarded

#: Changes of the site ``another`` that somebody made.
NO_RETENTION = "UPDATE publications SET bundle = '{}', bundle_hash = 'of nothing'"
NO_INSTANT = "UPDATE consent_records SET recorded_at = '1971-'"
NO_CHOICES = "UPDATE consent_records SET categories = '{\"analytics\": 1}'"


#: Whether somebody waits for this transaction. It would see no new process in pg_stat_activity.
WAITING = sa.text(
    "SELECT count(*) FROM pg_locks WHERE NOT granted "
    "AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"
)


class Stop(BaseException):
    """Ends the endless work of a thread."""


@pytest.fixture
def change(app):
    """Change rows of the site ``another`` past what guards them."""

    def change(what):
        parsing.parsed_bundle.cache_clear()
        with app.app_context(), unguarded(db.engine) as connection:
            found = connection.execute(sa.text(f"{what} WHERE site_id = 'another'"))
            assert found.rowcount == 1

    return change


@pytest.fixture
def two_sites(publish, decide, clock):
    """A record of each of two sites, whose time is over."""
    publish("another")
    decide(refusal(bundle=bundle_hash("another")), site_id="another")
    decide(refusal())
    clock.set("2028-11-22T20:00:00+00:00")


@pytest.fixture
def rounds(app, clock, monkeypatch):
    """Keep house for some rounds of a minute; gives since when each of them looked for ends."""

    def rounds(count):
        asked, left = [], iter(range(count))

        def begin(_):
            if next(left, None) is None:
                raise Stop
            clock.advance(minutes=1)

        def lapse(now, since):
            asked.append(since)
            return record_lapses(now, since)

        with monkeypatch.context() as patched, pytest.raises(Stop):
            patched.setattr(background, "HOUSEKEEPING_EVERY", 0)
            patched.setattr(background, "require_clock", begin)  # the clock is the test's own
            patched.setattr(housekeeping, "record_lapses", lapse)
            background._keep_house(app)
        return asked

    return rounds


def test_a_site_that_says_no_retention_keeps_no_other_from_being_purged(
    app, two_sites, change, clock, rows
):
    change(NO_RETENTION)

    with app.app_context(), pytest.raises(RowUnreadable):
        purging.purge(clock.instant, app.extensions["consent_erased"])

    assert rows("consent_records") == []
    assert rows("idempotency_keys", site="another") == [], "what only retries needed goes anyway"


def test_what_a_purge_erased_before_it_failed_is_counted_and_leaves_no_trace(
    app, two_sites, change, rounds, rows, monkeypatch
):
    taken = []
    monkeypatch.setattr(housekeeping, "remove_traces", taken.append)
    change(NO_RETENTION)
    key = (PURGED.name, "records")
    before = COUNTS.totals().get(key, 0)

    rounds(1)

    assert rows("consent_records") == []
    assert taken == [traces.MEDIUM]
    assert COUNTS.totals()[key] - before == 1


def test_a_list_of_erasures_that_cannot_be_read_keeps_no_trace_of_a_purge(
    app, two_sites, rounds, rows, monkeypatch
):
    taken = []
    monkeypatch.setattr(housekeeping, "remove_traces", taken.append)
    erased = app.extensions["consent_erased"]
    with erased.held():
        erased._path.write_text("no list")

    rounds(1)

    assert rows("consent_records") == []
    assert taken == [traces.MEDIUM]


def test_rows_that_cannot_be_read_are_met_once_a_day_and_not_in_each_round(
    app, publish, decide, change, clock, rounds, monkeypatch
):
    """To look at every record takes minutes where there are many of them."""
    publish("another")
    decide(acceptance(bundle=bundle_hash("another")), site_id="another")
    change(NO_CHOICES)
    clock.set("2029-11-22T20:00:00+00:00")
    purges = []

    def purge(*_, **__):
        purges.append(1)
        raise LookupError("a row")

    monkeypatch.setattr(housekeeping, "purge", purge)

    asked = rounds(3)

    assert [since is None for since in asked] == [True, False, False]
    assert len(purges) == 1


def test_what_the_database_refused_is_tried_again_in_the_next_round(app, rounds, monkeypatch):
    purges = []

    def purge(*_, **__):
        purges.append(1)
        raise OperationalError(None, None, ConnectionError("it took too long"))

    monkeypatch.setattr(housekeeping, "purge", purge)

    rounds(3)

    assert len(purges) == 3


class TestTexts:
    """Of SQLite, which keeps instants as texts."""

    @pytest.fixture
    def database_url(self, sqlite_url):
        return sqlite_url

    def test_a_record_of_no_instant_keeps_no_other_site_from_being_purged(
        self, app, two_sites, change, clock, rows
    ):
        change(NO_INSTANT)

        with app.app_context(), pytest.raises(RowUnreadable):
            purging.purge(clock.instant, app.extensions["consent_erased"])

        assert rows("consent_records") == []


class TestLocks:
    """Of PostgreSQL: SQLite has one, for all of the database."""

    @pytest.fixture
    def database_url(self, postgresql_url):
        return postgresql_url

    def test_who_leaves_a_purge_to_another_process_leaves_no_line_of_one(
        self, app, two_sites, clock, rows
    ):
        """The trail is there for ever, and each process of each machine purges every day."""

        def purge():
            with app.app_context():
                erased = app.extensions["consent_erased"]
                return purging.purge(clock.instant, erased, gives_way=True).records

        with app.app_context():
            engine = db.engine
        with locked(engine, "purge", "demo"):
            left = purge()
        before = [line["what"] for line in rows("trail_lines")]
        own = purge()
        after = [line["what"] for line in rows("trail_lines")]

        assert (left, own) == (1, 1), "the site that nobody else purges, then this one"
        assert (before.count("purge"), after.count("purge")) == (0, 1)

    def test_keys_of_retries_that_an_erasure_takes_too_keep_nobody_in_a_circle(
        self, app, decide, clock, rows
    ):
        """The one goes by keys, the other by records, and each may have what the other wants."""
        for key in ("a", "b"):
            decide(refusal(idempotency_key=key * 22))
        clock.advance(days=2)
        gone = sa.text("DELETE FROM idempotency_keys WHERE key = :key")

        def purge():
            with app.app_context(), rowscope.every_site():
                how = {"rest": lambda: None, "is_dry_run": False}
                return list(retries.purge_keys("demo", clock.instant, **how))

        with app.app_context(), ThreadPoolExecutor(1) as pool, writing() as connection:
            lock_for_writing("log", "demo")  # as every erasure
            connection.execute(gone, {"key": "b" * 22})
            purged = pool.submit(purge)
            while not connection.execute(WAITING).scalar_one():
                assert not purged.done() or purged.result()
            connection.execute(gone, {"key": "a" * 22})
            db.session.commit()
            purged.result()

        assert rows("idempotency_keys") == []

    def test_somebody_who_is_locked_keeps_no_other_consent_from_ending(
        self, app, decide, clock, records
    ):
        for visitor in (VISITOR, OTHER_VISITOR):
            decide(acceptance(consent_id=visitor))
        first, second = sorted(record["subject"] for record in records())
        clock.set("2027-11-22T20:00:00+00:00")

        with app.app_context(), locked(db.engine, "subject", "demo", first):
            with pytest.raises(OperationalError):
                record_lapses(clock.instant)
            ended = sa.select(ConsentRecord.subject).where(ConsentRecord.event == "expired")
            found = db.session.scalars(ended).all()

        assert found == [second]
