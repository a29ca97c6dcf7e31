"""A log goes on from a database that is older than what was signed, and no history is rewritten."""

import shutil

import pytest

from consent_server.backup import recovery
from consent_server.backup.errors import NotRecoverable
from consent_server.backup.recovery import Recovered, gap_of
from consent_server.consents.correcting import Correction
from consent_server.ledger.entries import LOST
from consent_server.rights.service import correct
from consent_server.sealing.errors import LogRestored
from tests.builders import OTHER_VISITOR, acceptance, refusal, withdrawal

#: Entries of the publication, which the log has before anybody decides.
PUBLISHED = 2


@pytest.fixture
def lost(decide, seal, backup, given_out, exported):
    """A log of five decisions, the last three of them gone; gives the checkpoint from before."""
    decide(acceptance())
    seal()
    backup.take()
    for _ in range(3):
        decide(refusal())
    seal()
    kept = given_out()
    backup.restore()
    return kept


def test_what_was_given_out_stays_good_and_what_is_lost_is_said(
    lost, go_on, audit, exported, decide, seal
):
    assert go_on() == Recovered(PUBLISHED + 4, kept=0, lost=3, lost_in_clear=0, erased_again=0)
    decide(acceptance(consent_id=OTHER_VISITOR))
    seal()

    assert audit() == []
    for form in ("jsonl", "csv", "jsonld"):
        report = exported(lost, form)
        assert report.problems == []
        assert any(f"continues the checkpoint of {PUBLISHED + 4}" in one for one in report.proved)
        assert [one for one in report.warnings if one.startswith("3 entries were lost")]


def test_without_it_nothing_is_signed_and_decisions_are_taken(lost, decide, seal, clock):
    assert decide(refusal()).status_code == 201
    clock.advance(seconds=60)

    with pytest.raises(LogRestored, match="log recover"):
        seal()


def test_a_loss_that_no_tombstone_names_is_found(lost, go_on, audit, monkeypatch):
    """The control: an operator who leaves the tombstones out."""
    real = recovery.queue_tombstones
    monkeypatch.setattr(
        recovery, "queue_tombstones", lambda *told: None if LOST in told else real(*told)
    )
    go_on()

    assert [one for one in audit() if "the entry of no record" in one]


def test_a_record_that_waited_in_the_copy_keeps_its_place_and_gets_its_proof(
    client, decide, seal, backup, go_on, audit, api_key, clock
):
    key = api_key("export")
    seal()
    record_id = decide(acceptance()).json["record_id"]
    backup.take()
    decide(refusal())
    clock.advance(seconds=60)
    seal()
    backup.restore()

    found = go_on()

    assert (found.kept, found.lost) == (1, 1)
    assert audit() == []
    proof = client.get(f"/v1/sites/demo/consents/{record_id}/proof", headers=key)
    assert proof.status_code == 200, proof.text


def test_what_was_erased_since_is_erased_again(
    decide, seal, backup, go_on, audit, erase, rows, app
):
    decide(acceptance())
    seal()
    decide(acceptance(consent_id=OTHER_VISITOR))
    backup.take()
    seal()
    assert erase() == erase(OTHER_VISITOR) == 1
    seal()
    backup.restore()

    found = go_on()

    assert (found.kept, found.lost, found.erased_again) == (0, 0, 2)
    assert rows("consent_records") == []
    assert audit() == []


def test_what_was_corrected_before_the_log_went_on_is_erased_with_its_correction(
    decide, seal, backup, go_on, audit, erase, rows, app, clock
):
    given = decide(acceptance()).json["record_id"]
    seal()
    backup.take()
    erase()
    seal()
    backup.restore()
    with app.app_context():
        correct("demo", given, Correction(refused=["analytics"]), clock.instant)

    assert go_on().erased_again == 2

    assert rows("consent_records") == []
    assert audit() == []


def test_another_machine_signed_the_end_of_it(
    app, decide, seal, backup, go_on, audit, journal, tmp_path
):
    decide(acceptance())
    seal()
    backup.take()
    decide(refusal())
    seal()
    other = tmp_path / "other" / "log"
    shutil.copytree(journal.parent, other)
    (other / "demo.entries").write_bytes(journal.read_bytes().splitlines(keepends=True)[-1])
    lines = journal.read_bytes().splitlines(keepends=True)
    decide(withdrawal(2))
    seal()
    journal.write_bytes(
        b"".join([*lines[:-1], *journal.read_bytes().splitlines(True)[len(lines) :]])
    )
    backup.restore()

    with pytest.raises(NotRecoverable, match=r"1 of the 2 entries .* the first is entry 3"):
        go_on()

    assert go_on(other).lost == 2
    assert audit() == []


@pytest.mark.parametrize("change", ["another entry", "none"])
def test_entries_that_are_not_those_that_were_signed_are_refused(
    lost, go_on, journal, rows, change
):
    lines = journal.read_bytes().splitlines(keepends=True)
    if change == "none":
        journal.unlink()
    else:
        lines[-1] = lines[-1].replace(b'{"d":"', b'{"d":"A', 1)
        journal.write_bytes(b"".join(lines))
    before = rows("log_entries")

    with pytest.raises(NotRecoverable):
        go_on()

    assert rows("log_entries") == before


def test_a_log_that_lacks_nothing_is_left_alone(app, decide, seal, notary):
    decide(acceptance())
    seal()

    with app.app_context(), pytest.raises(NotRecoverable, match="lacks nothing"):
        gap_of("demo", notary)


def test_a_copy_can_be_gone_on_from_twice(lost, go_on, backup, decide, seal, clock, audit):
    """The same copy, or one of before it: what was recovered is in the journal as well."""
    go_on()
    decide(acceptance(2))
    clock.advance(seconds=60)
    seal()
    backup.restore()

    found = go_on()

    # The tombstone of the first time, and the decision after it.
    assert (found.size, found.lost) == (PUBLISHED + 6, 1)
    assert audit() == []
