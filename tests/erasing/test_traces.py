"""After an erasure nothing of it is in the files of the database."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from consent_server.committing import shared_commits
from consent_server.db import db
from consent_server.erasing.traces import compact, remove_traces
from tests.builders import OTHER_VISITOR, acceptance, refusal, withdrawal


@pytest.fixture
def files(app, tmp_path):
    """The bytes of every file of the SQLite database, once nobody has it open."""

    def files():
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
        settings = app.extensions["consent_settings"]
        found = sorted(settings.sqlite_path.parent.glob(f"{settings.sqlite_path.name}*"))
        return b"\n".join(path.read_bytes() for path in found)

    return files


@pytest.fixture
def secrets_of(rows, subject):
    """What must not be found any more: ids, pseudonym, keys, choices, instants."""

    def secrets_of(consent_id):
        own = [row for row in rows("consent_records") if row["subject"] == subject(consent_id)]
        ids = {row["record_id"] for row in own}
        keys = [row for row in rows("log_opening_keys") if row["record_id"] in ids]
        instants = {str(row["recorded_at"]).encode() for row in own}
        return {
            subject(consent_id).encode(),
            *(id_.encode() for id_ in ids),
            *(bytes(row[name]) for row in keys for name in ("decision_key", "subject_key")),
            *instants,
        }

    return secrets_of


@pytest.fixture
def a_busy_site(decide, seal, clock):
    """Two visitors among many others, in the log and in the queue."""
    for number in range(40):
        decide(refusal())
        clock.advance(seconds=1)
        if number == 10:
            decide(acceptance(1))
        if number == 20:
            decide(acceptance(1, consent_id=OTHER_VISITOR))
            seal()
        clock.advance(seconds=7)
    decide(withdrawal(2))
    clock.advance(seconds=7)


@pytest.fixture
def database_url(sqlite_url):
    """SQLite alone: PostgreSQL keeps what was deleted until its tables are written anew."""
    return sqlite_url


@pytest.mark.usefixtures("a_busy_site")
def test_nothing_of_what_was_erased_is_in_any_file_of_the_database(
    app, client, erase, seal, files, secrets_of, clock
):
    own, others = secrets_of("AAECAwQFBgcICQoLDA0ODw"), secrets_of(OTHER_VISITOR)
    before = files()
    assert [secret for secret in own | others if secret not in before] == []

    assert erase() == 2
    clock.advance(seconds=31)
    seal()
    with app.app_context():
        assert remove_traces()

    after = files()
    assert [secret for secret in own if secret in after] == []
    assert [secret for secret in others if secret not in after] == []


@pytest.mark.usefixtures("a_busy_site")
def test_without_secure_delete_and_writing_anew_it_would_be_found(app, erase, files, secrets_of):
    """The control: what is only deleted is still there to be read."""
    own = secrets_of("AAECAwQFBgcICQoLDA0ODw")

    def careless(connection, _record, _proxy):
        connection.execute("PRAGMA secure_delete=OFF")

    with app.app_context():
        sa.event.listen(db.engine, "checkout", careless)
        assert erase() == 2
        sa.event.remove(db.engine, "checkout", careless)

    assert [secret for secret in own if secret in files()] != []


@pytest.mark.usefixtures("a_busy_site")
def test_a_write_ahead_log_is_emptied_too(app, erase, seal, clock, files, secrets_of, monkeypatch):
    """As on every SQLite that has the fix of its WAL bug."""
    own = secrets_of("AAECAwQFBgcICQoLDA0ODw")
    path = app.extensions["consent_settings"].sqlite_path
    with app.app_context():
        db.engine.dispose()
    monkeypatch.setattr("consent_server.db.is_wal_safe", lambda version: True)

    erase()
    clock.advance(seconds=31)
    seal()
    with app.app_context(), db.engine.connect() as reader:
        mode = reader.exec_driver_sql("PRAGMA journal_mode").scalar()
        reader.rollback()
        copied = Path(f"{path}-wal").stat().st_size
        assert remove_traces()
        emptied = Path(f"{path}-wal").stat().st_size

    assert (mode, copied > 0, emptied) == ("wal", True, 0)
    after = files()
    assert [secret for secret in own if secret in after] == []


def test_a_larger_database_is_written_anew_by_a_command_alone(app, decide, erase, files):
    record_id = decide(acceptance()).json["record_id"]
    erase()

    with app.app_context():
        left = remove_traces(at_most=4096)
        compact()

    assert left is False
    assert record_id.encode() not in files()


def test_a_database_that_somebody_reads_is_left_for_later(app, decide, erase):
    decide(acceptance())
    erase()
    with app.app_context(), db.engine.connect() as reader:
        reader.exec_driver_sql("SELECT count(*) FROM sites").scalar()

        assert remove_traces() is False

        reader.rollback()
        assert remove_traces() is True


def test_whoever_takes_traces_away_waits_in_the_line_of_those_who_decide(app, decide, erase):
    """SQLite itself has them sleep and try again, and under load they lose every time."""
    decide(acceptance())
    erase()
    with app.app_context():
        line = shared_commits(db.engine)

    def take_away():
        with app.app_context():
            return remove_traces()

    with ThreadPoolExecutor(1) as pool:
        with line.alone():
            removed = pool.submit(take_away)
            deadline = time.monotonic() + 20
            while line.in_line == 0 and not removed.done():
                assert time.monotonic() < deadline
                time.sleep(0.001)
            was_in_line = line.in_line
        assert (was_in_line, removed.result(30)) == (1, True)
