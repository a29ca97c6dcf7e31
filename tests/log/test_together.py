"""Several processes that want to seal one log."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError

from consent_server import rowscope
from consent_server.db import db, lock_for_writing
from consent_server.sealing import batch, enrolment, lease, service
from consent_server.sealing.audit import Audit
from consent_server.sealing.errors import LogInconsistent, SealRefused
from consent_server.sealing.notary import Notary
from tests.builders import acceptance, refusal
from tests.log.backup import Backup


@pytest.fixture
def seal_together(app, clock, notary):
    """Seal one log from several threads at once, each with a session of its own."""

    def seal_together(count):
        def seal(_):
            with app.app_context(), rowscope.every_site():
                try:
                    return service.seal("demo", notary, clock.instant)
                finally:
                    db.session.remove()

        with ThreadPoolExecutor(count) as pool:
            return list(pool.map(seal, range(count)))

    return seal_together


def found(app, notary):
    with app.app_context():
        return list(Audit("demo", notary).findings())


def test_of_those_who_try_at_once_one_seals(app, decide, seal_together, seal, rows, notary):
    for _ in range(30):
        decide(refusal())

    runs = seal_together(4)

    assert sum(run.count for run in runs) == 30
    assert len(rows("log_entries")) == 32
    assert found(app, notary) == []


@pytest.mark.parametrize("without_lease", [False, True], ids=["lease", "no lease"])
def test_without_a_lease_there_is_still_one_history(
    app, decide, seal_together, seal, rows, notary, clock, monkeypatch, without_lease
):
    """The lease only saves work: the settled order and the log's lock keep the tree one."""
    if without_lease:
        monkeypatch.setattr(service, "take_lease", lambda *_: True)
        for module in (service, batch, enrolment):
            monkeypatch.setattr(
                module, "require_lease", lambda site, _: lock_for_writing("log", site)
            )
    monkeypatch.setattr(batch, "MOST", 5)
    for _ in range(20):
        decide(refusal())

    seal_together(4)
    clock.advance(seconds=31)
    seal()

    assert len(rows("log_entries")) == 22
    assert found(app, notary) == []


def test_one_who_lost_the_lease_leaves_the_rest_to_the_other(
    app, decide, seal, clock, rows, notary, monkeypatch
):
    decide(acceptance())
    promise = notary.promise

    def slow(*arguments):
        """While this one waits for its disk, the lease runs out and another one seals."""
        monkeypatch.undo()
        note = promise(*arguments)
        with app.app_context():
            other = service.seal("demo", notary, clock.instant + timedelta(seconds=31))
        assert other.count == 1
        return note

    monkeypatch.setattr(notary, "promise", slow)

    assert seal() == service.Sealed("demo", 0, is_busy=True)
    assert len(rows("log_entries")) == 3
    assert found(app, notary) == []


def test_one_who_stalled_before_it_read_the_head_promises_nothing(
    app, decide, seal, clock, rows, notary, monkeypatch
):
    """Its batch is in the log already: adding it to the newer head would be another history."""
    decide(acceptance())
    seal()
    decide(refusal())
    settled = service.settled_batch

    def slow(*arguments):
        monkeypatch.undo()
        batch = settled(*arguments)
        with app.app_context():
            other = service.seal("demo", notary, clock.instant + timedelta(seconds=31))
        assert other.count == len(batch) == 1
        return batch

    monkeypatch.setattr(service, "settled_batch", slow)

    assert seal() == service.Sealed("demo", 0, is_busy=True)
    assert notary.promised("demo").size == len(rows("log_entries")) == 4
    assert rows("log_alarms") == []
    assert found(app, notary) == []


def test_the_lease_of_one_who_died_runs_out(app, decide, seal, clock):
    decide(acceptance())
    with app.app_context():
        assert lease.take_lease("demo", "somebody", clock.instant)

    early = seal()
    clock.advance(seconds=31)

    assert early.is_busy
    assert seal().count == 1


@pytest.mark.parametrize(
    "step", ["take_lease", "grow", "raise_alarm", "clear_alarm", "give_back_lease"]
)
def test_a_run_that_failed_keeps_no_other_one_of_its_process_waiting(
    app, decide, seal, notary, monkeypatch, step
):
    """Wherever the server went away; of a commit nobody knows then whether it was one."""
    decide(acceptance())
    take_lease = service.take_lease

    def lost(*_arguments):
        raise OperationalError(None, None, ConnectionError("the server is gone"))

    def taken_and_lost(*arguments):
        take_lease(*arguments)
        lost()

    def differs(*_arguments):
        raise LogInconsistent("a reason for an alarm")

    with monkeypatch.context() as patched:
        if step == "raise_alarm":
            patched.setattr(service, "grow", differs)
        patched.setattr(service, step, taken_and_lost if step == "take_lease" else lost)
        with pytest.raises(OperationalError):
            seal()
        patched.setattr(service, "take_lease", lost)  # it is away for the next one too
        with pytest.raises(OperationalError):
            seal()
    decide(refusal())

    assert seal().count >= 1
    assert found(app, notary) == []


@pytest.fixture
def other(app, decide, seal, tmp_path):
    """Another machine: with the same key and a data directory of its own; a log was begun."""
    decide(acceptance())
    seal()
    key = app.extensions["consent_settings"].data_dir / "keys" / "log.json"
    (tmp_path / "other" / "keys").mkdir(parents=True, mode=0o700)
    shutil.copy(key, tmp_path / "other" / "keys" / "log.json")
    return Notary(tmp_path / "other", "https://consent.example")


def test_machines_take_turns_and_each_notices_a_database_that_was_set_back(
    app, decide, seal, clock, notary, other
):
    backup = Backup(app)
    backup.take()

    decide(refusal())
    with app.app_context():
        assert service.seal("demo", other, clock.instant).count == 1
    decide(refusal())
    assert seal().count == 1
    assert found(app, notary) == found(app, other) == []

    backup.restore()
    decide(refusal())
    with app.app_context(), pytest.raises(SealRefused):
        service.seal("demo", other, clock.instant)
    with pytest.raises(SealRefused):
        seal()


def test_a_machine_remembers_what_it_saw_signed_by_another(app, other, clock):
    with app.app_context():
        assert service.seal("demo", other, clock.instant).count == 0

    assert other.promised("demo").size == 3
