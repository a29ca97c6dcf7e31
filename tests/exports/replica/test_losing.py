"""A replica that goes away, changes or refuses in the middle: the export goes on without it."""

import threading

import psycopg
import pytest
import sqlalchemy as sa

from consent_server import rowscope
from consent_server.exports.selection import Selection
from consent_server.exports.service import Export
from consent_server.trail.service import leave_line
from tests.application import NOW
from tests.builders import ORIGIN
from tests.exports.paging import records_a_page
from tests.tworoles import connect

#: The visitor whose record is the first of the log (``sealed``), and the one of the last.
FIRST, LAST = (f"{number}AECAwQFBgcICQoLDA0ODw"[:21] + "w" for number in (0, 5))


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch):
    records_a_page(monkeypatch, 5)


@pytest.fixture
def begin(app, notary, sealed, replica):
    """Begin an export as a request does, with the replica or without."""

    def begin(form="jsonl", *, from_replica=True):
        made = Export(Selection("demo"), form, notary)
        if from_replica:
            made.source.prefer(replica, leave_line("demo", "os:test", "export", NOW))
        return made

    with app.app_context():
        yield begin


def gone(pair, _source):
    pair.standby.fail()


def started_again(pair, _source):
    pair.standby.fail()
    pair.start_standby()


def set_back(_pair, source):
    """As after the end of one of its processes it may begin with less than it has shown."""
    source._reading._position += 2**40


@pytest.mark.parametrize(
    ("happens", "form", "before", "is_gone"),
    [
        pytest.param(gone, "jsonld", 2, True, id="gone after the first page"),
        pytest.param(started_again, "csv", 3, False, id="started again"),
        pytest.param(set_back, "jsonl", 4, False, id="set back"),
    ],
)
def test_the_export_goes_on_with_the_database(
    happens, form, before, is_gone, begin, pair, outcomes, logged
):
    made = begin(form)
    pieces = made.pieces()
    got = [next(pieces) for _ in range(before)]
    happens(pair, made.source)
    try:
        got += pieces
    finally:
        if is_gone:
            pair.start_standby()

    assert b"".join(got) == b"".join(begin(form, from_replica=False).pieces())
    assert outcomes() == {"lost": 1}
    assert [line["reason"] for line in logged if line["event"] == "replica_not_read"] == ["lost"]


def test_a_replica_that_is_stopped_is_not_needed(begin, pair, replica, export_to, outcomes):
    pieces = begin().pieces()
    pair.standby.fail()
    try:
        begun_before, begun_later = b"".join(pieces), export_to("jsonl").read_bytes()
    finally:
        pair.start_standby()

    assert begun_before == begun_later == b"".join(begin(from_replica=False).pieces())
    assert outcomes() == {"lost": 1, "away": 1}


def test_what_the_database_says_after_the_replica_fits(
    begin, held_back, client, replica, tmp_path, verified
):
    """Erased while the replica shows it still: the one was given out before, the other is gone."""
    path = tmp_path / "export.jsonl"
    pieces = begin().pieces()
    got = [next(pieces) for _ in range(2)]
    held_back.hold_back()
    for visitor in (FIRST, LAST):
        headers = {"Origin": ORIGIN, "Consent-Id": visitor}
        assert client.delete("/v1/sites/demo/me", headers=headers).json["erased"] == 3
    replica.engine.dispose()
    held_back.standby.fail()
    try:
        got += pieces
    finally:
        held_back.start_standby()

    path.write_bytes(b"".join(got))
    assert verified(path).problems == []


def test_a_page_that_the_replica_cancels_is_asked_of_the_database(
    begin, pair, replicated, outcomes, logged
):
    """What is replayed takes a lock that the page is in the way of."""
    source = begin().source
    pair.ask(pair.standby, "ALTER SYSTEM SET max_standby_streaming_delay = 0")
    pair.ask(pair.standby, "SELECT pg_reload_conf()")
    seconds = iter([60])

    def ask(connection):
        query = sa.text("SELECT count(*), pg_sleep(:seconds) FROM log_tiles")
        return connection.scalar(query, {"seconds": next(seconds, 0)})

    def get_in_the_way():
        asked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
        while not pair.ask(pair.standby, asked):
            pass
        with connect(replicated.administrator) as connection, connection.transaction():
            connection.execute("LOCK TABLE log_tiles IN ACCESS EXCLUSIVE MODE")

    other = threading.Thread(target=get_in_the_way)
    other.start()
    try:
        count = source.read(ask)
    finally:
        other.join()
        pair.ask(pair.standby, "ALTER SYSTEM RESET max_standby_streaming_delay")
        pair.ask(pair.standby, "SELECT pg_reload_conf()")

    assert count == 1
    assert outcomes() == {"lost": 1}
    assert [line.get("error") for line in logged if line["event"] == "replica_not_read"] == [
        "SerializationFailure"
    ]


def test_a_replica_that_is_promoted_is_read_and_written_no_longer(begin, pair, replica, outcomes):
    made = begin()
    pieces = made.pieces()
    got = [next(pieces) for _ in range(8)]
    pair.ask(pair.standby, "SELECT pg_promote()")
    try:
        got += pieces
        with replica.engine.connect() as connection, pytest.raises(sa.exc.InternalError) as caught:
            connection.exec_driver_sql("DELETE FROM consent_records")
    finally:
        pair.renew_standby()

    assert isinstance(caught.value.orig, psycopg.errors.ReadOnlySqlTransaction)
    assert b"".join(got) == b"".join(begin(from_replica=False).pieces())
    assert outcomes() == {"lost": 1}


def test_one_site_sees_there_what_it_sees_here(begin, publish):
    publish("other")
    source = begin().source
    counts = "SELECT count(DISTINCT site_id) FROM log_entries"

    with rowscope.one_site("demo"):
        of_one = source.read(lambda asked: asked.exec_driver_sql(counts).scalar())
        source.rest()
    with rowscope.one_site(""):
        of_none = source.read(lambda asked: asked.exec_driver_sql(counts).scalar())
        source.rest()
    of_all = source.read(lambda asked: asked.exec_driver_sql(counts).scalar())
    source.rest()

    assert (of_one, of_none, of_all) == (1, 0, 2)
