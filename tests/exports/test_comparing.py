"""Which key, which earlier checkpoint: what only somebody outside can hold against a log."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consent_server import verification
from consent_server.ledger.checkpoint import Checkpoint
from consent_server.ledger.note import NoteKey, sign_note
from consent_server.sealing.keyfile import LogKeyFile
from tests.builders import refusal


def manifest(path):
    return json.loads(path.read_bytes().splitlines()[-1])["manifest"]


@pytest.fixture
def grown(sealed, export_to, decide, seal, tmp_path):
    """An export, the checkpoint of that time, and an export after more was recorded."""
    early = export_to("jsonl", name="early")
    kept = tmp_path / "kept.checkpoint"
    kept.write_text(manifest(early)["checkpoint"], encoding="utf-8")
    for _ in range(9):
        decide(refusal())
    seal()
    return early, kept, export_to("jsonl", name="late")


@pytest.fixture
def kept_between(grown, decide, seal, client, tmp_path):
    """A checkpoint of 41 entries, with 40 to 43 hidden: a filtered export has one hash of these."""
    for _ in range(4):
        decide(refusal())
    seal()
    kept = tmp_path / "between.checkpoint"
    kept.write_text(client.get("/v1/sites/demo/log/checkpoint").text, encoding="utf-8")
    for _ in range(3):
        decide(refusal())
    seal()
    return kept


@pytest.fixture
def forked(grown, tmp_path, environment):
    """A checkpoint of the same log and key that contradicts the one that was kept."""
    early, _, _ = grown
    private = LogKeyFile(Path(environment["CONSENT_DATA_DIR"])).read(may_create=False).at_work[0]
    origin = manifest(early)["checkpoint"].partition("\n")[0]
    path = tmp_path / "forked.checkpoint"
    path.write_text(Checkpoint(origin, 26, b"\x07" * 32).sign(private), encoding="utf-8")
    return path


def test_a_key_that_came_with_the_file_is_warned_of_and_one_that_was_given_is_not(
    sealed, export_to, verified
):
    path = export_to("jsonl")
    vkey = manifest(path)["vkey"]

    assert verified(path).warnings[0].startswith("the log's key came with the file")
    assert verified(path, vkey=vkey).is_good
    assert verified(path, vkey=vkey).warnings == []


def test_a_file_that_another_key_signed_throughout_is_believed_only_without_a_pin(
    sealed, export_to, verified, tmp_path
):
    path = export_to("jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    closing = json.loads(lines[-1])
    own = closing["manifest"]["vkey"]
    private = Ed25519PrivateKey.generate()
    head = Checkpoint.open(closing["manifest"]["checkpoint"], [NoteKey.parse(own)])
    theirs = NoteKey(head.origin, private.public_key().public_bytes_raw()).vkey
    closing["manifest"] |= {"checkpoint": head.sign(private), "vkey": theirs}
    digest = verification.hashlib.sha256(verification.canonical(closing["manifest"])).digest()
    text = f"consent-export/v1\n{verification.base64_of(digest)}\n"
    closing["signature"] = sign_note(text, head.origin, private)
    written = json.dumps(closing, ensure_ascii=False, separators=(",", ":"))
    path.write_bytes(b"".join(lines[:-1]) + written.encode() + b"\n")

    assert verified(path).is_good  # and warns
    assert not verified(path, vkey=own).is_good


def test_an_export_that_continues_a_kept_checkpoint_says_so(grown):
    early, kept, late = grown
    vkey = manifest(early)["vkey"]

    first, second = verification.verify_all([early, late], vkey=vkey, checkpoint=kept)

    assert first.proved[-1] == "it is the very checkpoint that was kept"
    assert second.proved[-1] == "it continues the checkpoint of 26 entries that was kept"
    assert not any("rewrote" in text for text in second.unproved)


def test_a_log_that_was_rewritten_contradicts_the_kept_checkpoint(grown, forked):
    early, _, late = grown
    vkey = manifest(early)["vkey"]

    reports = verification.verify_all([early, late], vkey=vkey, checkpoint=forked)

    assert ["contradicts the checkpoint that was kept" in str(r.problems[0]) for r in reports] == [
        True,
        True,
    ]


@pytest.mark.parametrize("holds", ["another log's", "no text", "no note"])
def test_a_kept_checkpoint_that_cannot_be_held_against_a_file_is_named(grown, tmp_path, holds):
    early, kept, _ = grown
    other = Ed25519PrivateKey.generate()
    head = Checkpoint.open(kept.read_text(), [NoteKey.parse(manifest(early)["vkey"])])
    held = {"another log's": head.sign(other).encode(), "no text": b"\xff", "no note": b"{}"}
    kept.write_bytes(held[holds])

    with pytest.raises(verification.Unverifiable) as refusal:
        verification.verify_all([early], vkey=manifest(early)["vkey"], checkpoint=kept)

    assert str(refusal.value).startswith(f"{kept}, the checkpoint that was kept: ")
    if holds == "another log's":
        assert str(refusal.value).endswith("the log's key did not sign the note")


def test_a_filtered_export_cannot_show_an_earlier_tree_and_says_so(grown, kept_between, export_to):
    early, _, _ = grown
    size = kept_between.read_text().split("\n")[1]
    path = export_to("jsonl", name="some", event="expired")

    (report,) = verification.verify_all(
        [path], vkey=manifest(early)["vkey"], checkpoint=kept_between
    )

    assert f"cannot show what it was at {size} entries" in str(report.problems[0])


def test_two_views_of_one_log_are_found(grown, forked):
    early, kept, late = grown
    vkey = manifest(early)["vkey"]

    def conclude(*paths):
        reports = verification.verify_all(list(paths), vkey=vkey)
        return verification.conclude(reports, as_json=False, must_compare=True)

    same, split, at_once = (
        conclude(early, kept, late),
        conclude(late, forked),
        conclude(kept, forked),
    )

    assert same[1] == 0 and same[0].endswith("one log, as far as these files reach")
    assert split[1] == at_once[1] == 1
    assert "SPLIT VIEW" in split[0] and "contradict each other at 26 entries" in at_once[0]


def test_files_that_do_not_show_how_they_relate_are_not_called_compared(
    grown, kept_between, export_to
):
    early, _, _ = grown
    some = export_to("jsonl", name="some", event="expired")
    reports = verification.verify_all([some, kept_between], vkey=manifest(early)["vkey"])

    loose = verification.conclude(reports, as_json=False, must_compare=False)
    strict = verification.conclude(reports, as_json=True, must_compare=True)

    assert loose[1] == 0
    assert strict[1] == 1
    assert json.loads(strict[0])["unknown"]


def test_two_keys_under_one_name_are_no_split_view_of_the_log(forked, grown):
    early, _, _ = grown
    first = verification.verify(early, verification.Trusted())
    other = verification.Report("made up")
    other.head = verification.Head(first.head.origin, first.head.size, b"\x07" * 32, b"\x08" * 32)

    splits, unknown = verification.compare([first, other])

    assert splits == []
    assert "two keys" in unknown[0]


def test_a_file_without_a_checkpoint_is_not_passed_over_in_a_comparison(grown):
    early, _, late = grown
    first, second = verification.verify_all([early, late])
    third = verification.Report("no head")

    text, code = verification.conclude([first, second, third], as_json=False, must_compare=True)

    assert code == 1
    assert "no head shows no checkpoint" in text


@pytest.mark.parametrize("level", ["counts", "decisions"])
def test_a_witness_sees_a_log_and_no_counts(sealed, export_to, verified, level):
    """They stand beside the checkpoint; the log's key alone says that they are of it."""
    path = export_to("jsonl", level)
    policy = verification.Policy(f"log {manifest(path)['vkey']}\nquorum none\n")

    report = verified(path, policy=policy)

    assert report.is_good is (level == "decisions")
    assert verified(path).is_good


def test_nor_what_waits(sealed, export_to, verified, decide):
    decide(refusal())
    path = export_to("jsonl")
    policy = verification.Policy(f"log {manifest(path)['vkey']}\nquorum none\n")

    assert not verified(path, policy=policy).is_good
