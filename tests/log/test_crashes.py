"""A process that dies at any step loses nothing, doubles nothing, and signs no second history."""

import pytest
import sqlalchemy as sa

from consent_server.db import db
from consent_server.sealing import notary as notaries
from consent_server.sealing import service
from consent_server.sealing.audit import Audit
from tests.builders import acceptance, refusal

#: Entries of the publication, which the log has before anybody decides.
PUBLISHED = 2


class Killed(BaseException):
    """Nothing in the service catches it, as nothing catches the end of a process."""


@pytest.fixture
def killed_before(app, clock, notary, monkeypatch):
    """Run the sequencer and end it just before the commit of one number."""

    def killed_before(commit):
        counted = iter(range(commit))
        real = db.session.commit

        def count():
            if next(counted, None) is None:
                raise Killed
            real()

        with app.app_context(), monkeypatch.context() as patched:
            patched.setattr(db.session, "commit", count)
            try:
                service.seal("demo", notary, clock.instant)
            except Killed:
                return True
            finally:
                db.session.remove()
        return False

    return killed_before


@pytest.fixture
def is_whole(app, notary, rows):
    """Whether each record is in the log once, the queue is empty, and an audit finds nothing."""

    def is_whole():
        with app.app_context():
            found = list(Audit("demo", notary).findings())
        sealed = [row["record_id"] for row in rows("log_entries") if row["record_id"]]
        recorded = [row["record_id"] for row in rows("consent_records")]
        return (found, rows("log_queue"), sorted(sealed)) == ([], [], sorted(recorded))

    return is_whole


def test_killed_before_every_commit_in_turn(
    decide, seal, clock, killed_before, is_whole, rows, monkeypatch
):
    monkeypatch.setattr("consent_server.sealing.batch.MOST", 4)
    commit, has_died = 0, True
    while has_died:
        for _ in range(6):
            decide(refusal())
        has_died = killed_before(commit)
        clock.advance(seconds=31)
        seal()

        assert is_whole(), f"killed before commit {commit}"
        commit += 1
    assert commit >= 8
    assert len(rows("log_entries")) == 2 + 6 * commit


@pytest.mark.parametrize("step", ["promise", "_write", "_signed", "forget_batch"])
def test_killed_at_a_step_of_a_batch(
    decide, seal, clock, is_whole, rows, notary, monkeypatch, step
):
    decide(acceptance())
    target = notary if step == "promise" else service

    def die(*_):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(target, step, die)
        with pytest.raises(Killed):
            seal()
    assert len(rows("log_entries")) == PUBLISHED

    clock.advance(seconds=31)
    seal()

    assert is_whole()


def test_killed_between_the_promise_and_the_commit_the_same_head_is_signed_again(
    decide, seal, clock, killed_before, notary, rows
):
    for _ in range(20):
        decide(refusal())
    assert killed_before(2)  # the lease, the order, then the entries
    promised = notary.promised("demo")
    assert promised.size == 22
    assert [row["size"] for row in rows("log_checkpoints")] == [PUBLISHED]
    for _ in range(20):
        decide(refusal())

    clock.advance(seconds=31)
    seal()

    second = rows("log_checkpoints", "size")[1]
    assert (second["size"], bytes(second["root"])) == (promised.size, promised.root)


def test_a_disk_that_does_not_take_the_promise_leaves_the_log_as_it_was(
    decide, seal, clock, rows, is_whole, monkeypatch
):
    decide(acceptance())

    def fail(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(notaries, "replace_file", fail)
        with pytest.raises(OSError, match="No space"):
            seal()
    assert len(rows("log_checkpoints")) == 1

    clock.advance(seconds=31)
    seal()

    assert is_whole()


def test_a_database_error_while_the_entries_are_written_leaves_the_log_as_it_was(
    decide, seal, clock, rows, is_whole, monkeypatch
):
    decide(acceptance())

    def fail(*_):
        raise sa.exc.OperationalError("INSERT", {}, Exception("gone"))

    with monkeypatch.context() as patched:
        patched.setattr(service, "_signed", fail)
        with pytest.raises(sa.exc.OperationalError):
            seal()
    assert len(rows("log_entries")) == PUBLISHED

    clock.advance(seconds=31)
    seal()

    assert is_whole()
