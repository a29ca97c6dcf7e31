"""What is left of a log in several places, and does not agree."""

import shutil

import pytest

from consent_server.backup.errors import NotRecoverable
from consent_server.backup.recovery import gap_of, recover
from consent_server.sealing.errors import LeaseLost, LogInconsistent
from consent_server.sealing.lease import take_lease
from consent_server.sealing.rotation import retire, rotate
from tests.builders import OTHER_VISITOR, acceptance, refusal


@pytest.fixture
def elsewhere(journal, tmp_path):
    """Keep a copy of log/, as another machine has it."""

    def elsewhere(name="other"):
        shutil.copytree(journal.parent, tmp_path / name)
        return tmp_path / name

    return elsewhere


@pytest.fixture
def old(decide, seal, backup):
    """A log of three entries, of which there is a copy."""
    decide(acceptance())
    seal()
    backup.take()


def test_two_histories_that_were_both_signed_are_not_gone_on_from(
    old, decide, seal, backup, journal, elsewhere, go_on, rows
):
    """Two machines, each with a database of its own: whichever is longer, the other was shown."""
    for _ in range(2):
        decide(refusal())
    seal()
    other = elsewhere()
    backup.restore()
    shutil.rmtree(journal.parent)
    decide(refusal())
    seal()
    backup.restore()

    with pytest.raises(LogInconsistent, match="did not grow from the 4"):
        go_on(other)

    assert len(rows("log_entries")) == 3
    assert go_on().lost == 1


@pytest.mark.parametrize("torn", ["own", "other"])
def test_what_a_power_cut_left_in_one_place_hides_nothing_of_another(
    old, decide, seal, backup, journal, elsewhere, go_on, audit, torn
):
    for _ in range(3):
        decide(refusal())
    seal()
    other = elsewhere()
    path = journal if torn == "own" else other / journal.name
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:4], lines[4][:20] + bytes(9) + b"\n", *lines[5:]]))
    backup.restore()

    assert go_on(other).lost == 3
    assert audit() == []


@pytest.mark.parametrize("machine", ["this", "another"])
def test_a_promise_that_no_key_of_this_directory_signed_is_not_taken(
    old, decide, seal, backup, app, notary, clock, go_on, audit, journal, elsewhere, machine
):
    """As with an older copy of keys/: what it signed now would be nobody's later."""
    path = app.extensions["consent_settings"].data_dir / "keys" / "log.json"
    before = path.read_bytes()
    first = elsewhere("first")
    with app.app_context():
        rotate(notary, clock.instant)
        seal()
        retire(notary)
    decide(refusal())
    seal()
    after = path.read_bytes()
    backup.restore()
    path.write_bytes(before)
    others = []
    if machine == "another":
        others = [elsewhere()]
        shutil.rmtree(journal.parent)
        shutil.copytree(first, journal.parent)

    with pytest.raises(NotRecoverable, match="keys/"):
        go_on(*others)

    path.unlink()
    path.write_bytes(after)
    path.chmod(0o600)
    assert go_on(*others).lost == 1
    assert audit() == []


def test_a_newer_copy_has_nothing_that_the_log_says_is_lost(
    old, decide, seal, backup, go_on, audit, rows
):
    """What is said to be lost is so for ever, also where another copy turns up."""
    older = backup.taken()
    decide(refusal())
    seal()
    decide(acceptance(consent_id=OTHER_VISITOR))
    newer = backup.taken()
    seal()
    backup.restore(older)
    assert go_on().lost == 2
    backup.restore(newer)

    found = go_on()

    assert (found.kept, found.lost, found.erased_again) == (0, 0, 2)
    assert len(rows("consent_records")) == 1
    assert audit() == []


def test_the_lease_is_given_back_when_it_is_refused(
    old, decide, seal, backup, app, notary, clock, journal, publish
):
    clock.advance(hours=1)
    publish(name="Another")
    kept = journal.read_bytes()
    backup.restore()
    journal.write_bytes(b"")
    publish(name="A third")
    journal.write_bytes(kept)
    clock.advance(seconds=60)

    with app.app_context():
        gap = gap_of("demo", notary)
        with pytest.raises(NotRecoverable):
            recover(gap, notary, clock.instant)
        assert take_lease("demo", "another", clock.instant)
        with pytest.raises(LeaseLost):
            recover(gap, notary, clock.instant)
