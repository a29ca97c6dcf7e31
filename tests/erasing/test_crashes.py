"""A process that dies at any statement of an erasure leaves nothing half done, and nothing lost."""

from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from consent_server.db import db
from consent_server.erasing.replay import replay
from consent_server.erasing.service import erase_subject
from consent_server.sealing import service as sealing
from tests.builders import OTHER_VISITOR, acceptance, refusal, withdrawal


class Killed(BaseException):
    """Nothing in the service catches it, as nothing catches the end of a process."""


@contextmanager
def killed_before(statement):
    """End whoever works on the database just before a statement of one number, commits included."""
    counted = iter(range(statement))

    def count(*_):
        if next(counted, None) is None:
            raise Killed

    events = ("before_cursor_execute", "commit")
    for name in events:
        sa.event.listen(db.engine, name, count)
    try:
        yield
    finally:
        for name in events:
            sa.event.remove(db.engine, name, count)
        db.session.remove()


@pytest.fixture
def is_whole(app, erased, clock, seal, audit, rows, subject):
    """Whether all about the visitor is there, or nothing; never something between."""

    def is_whole():
        assert audit() == []
        keys = {row["record_id"] for row in rows("log_opening_keys")}
        records = {row["record_id"] for row in rows("consent_records")}
        linked = {row["record_id"] for row in (*rows("log_entries"), *rows("log_queue"))} - {None}
        assert keys == records == linked
        return len([row for row in rows("consent_records") if row["subject"] == subject()])

    return is_whole


def test_killed_before_every_statement_in_turn(
    app, decide, seal, clock, erased, subject, is_whole, audit, rows
):
    decide(acceptance(consent_id=OTHER_VISITOR))
    statement, has_died, n = 0, True, 0
    while has_died:
        decide(acceptance(n + 1))
        seal()
        clock.advance(minutes=1)
        decide(withdrawal(n + 2))
        decide(refusal())
        n += 2
        with app.app_context():
            try:
                with killed_before(statement):
                    erase_subject("demo", subject(), "art17", clock.instant, erased)
                has_died = False
            except Killed:
                pass
        left = is_whole()
        assert left in (0, 2), f"killed before statement {statement}"

        with app.app_context():
            erase_subject("demo", subject(), "art17", clock.instant, erased)
        clock.advance(seconds=31)
        seal()

        assert is_whole() == 0, f"killed before statement {statement}"
        statement += 1
    assert statement >= 20
    assert rows("log_queue") == []


def test_an_erasure_that_reached_the_list_is_done_by_whoever_comes_next(
    app, decide, seal, clock, erased, subject, is_whole, monkeypatch
):
    decide(acceptance())
    seal()

    def die(*arguments):
        real(*arguments)
        raise Killed

    real = erased.append
    with monkeypatch.context() as patched, app.app_context():
        patched.setattr(erased, "append", die)
        with pytest.raises(Killed):
            erase_subject("demo", subject(), "art17", clock.instant, erased)
    assert is_whole() == 1

    with app.app_context():
        done = replay(erased, clock.instant), replay(erased, clock.instant)

    assert done == (1, 0)
    assert is_whole() == 0


def test_a_line_that_was_cut_off_is_as_if_it_had_never_been(
    app, decide, clock, erase, erased, is_whole
):
    decide(acceptance(1))
    erase()
    path = app.extensions["consent_settings"].data_dir / "erased" / "list.jsonl"
    with path.open("a") as file:
        file.write('{"number":2,"site":"demo","rec')
    decide(acceptance(2))

    assert erase() == 1

    assert is_whole() == 0
    with erased.held():
        assert [len(line.records) for line in erased.lines(0)] == [1, 1]


def test_a_disk_that_does_not_take_the_list_leaves_everything_as_it_was(
    app, decide, clock, erased, subject, is_whole, monkeypatch
):
    decide(acceptance())

    def fail(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched, app.app_context():
        patched.setattr(erased, "append", fail)
        with pytest.raises(OSError, match="No space"):
            erase_subject("demo", subject(), "art17", clock.instant, erased)

    assert is_whole() == 1


@pytest.mark.parametrize("step", ["settled_batch", "_require_unchanged", "grow"])
def test_an_erasure_between_any_two_steps_of_a_batch_does_not_stop_the_log(
    decide, seal, erase, audit, rows, monkeypatch, step
):
    decide(acceptance())
    decide(refusal())
    real, erasures = getattr(sealing, step), []

    def between(*arguments):
        db.session.rollback()
        found = real(*arguments)
        db.session.rollback()
        if not erasures:
            erasures.append(erase())
        return found

    monkeypatch.setattr(sealing, step, between)

    assert seal().count == 3

    assert erasures == [1]
    assert audit() == []
    assert rows("log_alarms") == rows("log_queue") == []


def test_a_record_that_vanished_without_an_erasure_still_stops_the_log(
    app, decide, seal, monkeypatch
):
    """The control: what is no erasure is no excuse."""
    from consent_server.sealing.errors import RecordDiffers
    from tests.log.tampering import unguarded

    decide(acceptance())
    with app.app_context(), unguarded(db.engine) as connection:
        connection.execute(sa.text("DELETE FROM idempotency_keys"))
        connection.execute(sa.text("DELETE FROM log_opening_keys"))
        connection.execute(sa.text("DELETE FROM consent_records"))

    with pytest.raises(RecordDiffers):
        seal()
