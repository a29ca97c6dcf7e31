"""``rights restricted``: whoever has the private key opens what was kept of erased records."""

import base64
import json
import os
import stat
from datetime import UTC, datetime

import pytest

from consent_server.db import db
from consent_server.ledger.restricted import FORMAT, private_key, public_key_of, seal
from consent_server.log.models import RestrictedProof
from tests.builders import OTHER_VISITOR, VISITOR, acceptance, bundle_hash
from tests.erasing.legal import KEY, OTHER_KEY, keeping

WHY = ["--why", "claim 2026-17"]
#: What is no proof, and can be sealed like one.
STRANGE = [
    b"text",
    b"\xff",
    b"[]",
    b"[" * 100_000,
    b"{}",
    *(
        json.dumps({"format": FORMAT, "record": {"site": site}, **more}).encode()
        for site, more in [
            (["demo"], {}),
            ("other", {"log_index": 1}),
            ("demo", {"log_index": "1"}),
            ("demo", {"log_index": 10**30}),
            ("demo", {"log_index": None, "entry": 7}),
        ]
    ),
    json.dumps(
        {"format": FORMAT, "record": {"site": "demo", "bundle": "\0"}, "log_index": 0}
    ).encode(),
]


@pytest.fixture
def site(publish):
    """The site ``demo``, which keeps sealed proofs."""
    return publish("demo", restricted_proof=keeping())


@pytest.fixture
def agree(decide):
    """Agree to everything there; gives the record's id."""

    def agree(n=1, **changes):
        known = bundle_hash(restricted_proof=keeping())
        return decide(acceptance(n, bundle=known, **changes)).json["record_id"]

    return agree


@pytest.fixture
def erase(run):
    """Erase as the operator does for a visitor."""

    def erase(consent_id=VISITOR):
        done = run("rights", "erase", "demo", "--consent-id", consent_id)
        assert done.exit_code == 0, done.output
        return done.stdout

    return erase


@pytest.fixture
def open_(run, tmp_path):
    """Open what is kept; gives the result, and the packs by their files."""

    def open_(*words, key=KEY, into="packs", why=WHY):
        path = tmp_path / f"{into}.pem"
        path.write_bytes(key)
        folder = tmp_path / into
        done = run("rights", "restricted", "demo", "--key", path, "--out", folder, *words, *why)
        packs = {file: json.loads(file.read_bytes()) for file in folder.glob("*")}
        return done, packs

    return open_


def test_a_key_is_made_for_its_owner_alone_and_never_twice(run, tmp_path):
    path = tmp_path / "legal.pem"

    made = run("rights", "restricted-key", "--out", path)
    before = path.read_bytes()
    again = run("rights", "restricted-key", "--out", path)

    assert (made.exit_code, again.exit_code) == (0, 1)
    assert made.stdout == public_key_of(private_key(before)) + "\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_bytes() == before


def test_what_was_kept_opens_to_packs_that_are_verified_by_a_checkpoint_kept_apart(
    run, client, agree, erase, open_, tmp_path
):
    ids = {agree(1)}
    run("log", "seal", "demo")
    ids.add(agree(2))  # waits for its place
    told = erase()
    waiting, packs = open_(into="early")
    assert (waiting.exit_code, len(packs)) == (1, 1)
    run("log", "seal", "demo")
    head = tmp_path / "head"
    head.write_text(run("log", "checkpoint", "demo").stdout)
    vkey = client.get("/v1/sites/demo/log/key").text.strip()

    done, packs = open_()
    verified = run("verify", *packs, "--checkpoint", head, "--key", vkey)

    assert told.endswith("sealed proofs are kept for legal claims until 2029-11-22\n")
    assert (done.exit_code, len(packs)) == (0, 2), done.output
    assert {pack["record"]["record_id"] for pack in packs.values()} == ids
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in packs)
    assert verified.exit_code == 0, verified.output


def test_a_pack_that_is_changed_is_not_verified(run, agree, erase, open_):
    """The control: it is the record that is verified."""
    agree()
    run("log", "seal", "demo")
    erase()
    _, packs = open_()
    [(file, pack)] = packs.items()
    pack["record"]["categories"]["analytics"]["granted"] = False
    file.write_text(json.dumps(pack))

    assert run("verify", file).exit_code == 1


def test_another_key_opens_nothing(run, agree, erase, open_):
    agree()
    run("log", "seal", "demo")
    erase()

    done, packs = open_(key=OTHER_KEY)

    assert (done.exit_code, packs) == (1, {})
    assert done.stderr == "1: sealed to another key, or changed\n"


def test_one_visitors_or_records_proofs_are_written_alone(run, agree, erase, open_):
    own = agree(1), agree(2)
    other = agree(1, consent_id=OTHER_VISITOR)
    run("log", "seal", "demo")
    erase()
    erase(OTHER_VISITOR)

    _, of_visitor = open_("--consent-id", VISITOR, into="visitor")
    _, of_record = open_("--record", other, into="record")

    assert {pack["record"]["record_id"] for pack in of_visitor.values()} == set(own)
    assert [pack["record"]["record_id"] for pack in of_record.values()] == [other]


def test_what_has_ended_is_not_opened_even_before_it_is_deleted(run, agree, erase, open_, clock):
    agree()
    run("log", "seal", "demo")
    erase()
    clock.set("2029-11-22T00:00:00+00:00")

    done, packs = open_()

    assert (done.exit_code, packs) == (0, {})
    assert run("purge").stdout.endswith("1 restricted proof erased\n")


def test_an_archived_site_keeps_and_ends_its_proofs_like_others(
    run, run_json, agree, erase, open_, clock
):
    agree()
    run("log", "seal", "demo")
    run("site", "archive", "demo")
    erase()

    done, packs = open_()
    clock.set("2029-11-22T00:00:00+00:00")

    assert (done.exit_code, len(packs)) == (0, 1)
    assert run_json("purge")["restricted_proofs"] == 1


def test_opening_needs_a_reason_and_leaves_a_line(run, run_json, agree, erase, open_):
    agree()
    erase()

    refused, _ = open_(why=[])
    open_()

    assert refused.exit_code == 2
    *_, line, _ = run_json("trail", "demo")
    assert (line["what"], line["why"], line["facts"]) == (
        "restricted",
        "claim 2026-17",
        {"kept": 1},
    )


def test_what_anybody_sealed_to_the_public_key_hides_no_proof(app, run, agree, erase, open_):
    own = agree()
    run("log", "seal", "demo")
    erase()
    public, end = public_key_of(private_key(KEY)), datetime(2029, 11, 22, tzinfo=UTC)
    with app.app_context():
        for at, data in enumerate(STRANGE):
            sealed = seal(data, public, "demo", "2029-11-22T00:00:00.000Z")
            row = RestrictedProof(site_id="demo", proof_id=f"-{at}", ends_at=end, sealed=sealed)
            db.session.add(row)
        db.session.commit()

    done, packs = open_()

    assert (done.exit_code, done.stderr) == (1, f"{len(STRANGE)}: not what was signed\n")
    assert [pack["record"]["record_id"] for pack in packs.values()] == [own]


def test_a_second_run_writes_what_the_first_one_wrote_again(run, agree, erase, open_):
    agree()
    run("log", "seal", "demo")
    erase()
    _, before = open_()
    [file] = before
    file.write_bytes(file.read_bytes()[:99])  # as a full disk leaves one

    done, after = open_()

    assert (done.exit_code, after) == (0, before)


@pytest.mark.parametrize("words", [("restricted", "demo", *WHY), ("restricted-key",)])
def test_a_place_that_cannot_be_written_is_named(run, site, words, tmp_path):
    key = tmp_path / "legal.pem"
    key.write_bytes(KEY)
    options = ["--key", key] if words[0] == "restricted" else []

    done = run("rights", *words, *options, "--out", key / "below")

    assert (done.exit_code, str(key / "below") in done.stderr) == (1, True), done.exception


def test_a_key_that_finds_no_room_leaves_no_file(run, tmp_path, monkeypatch):
    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    done = run("rights", "restricted-key", "--out", tmp_path / "legal.pem")

    assert (done.exit_code, "No space left" in done.stderr) == (1, True)
    assert list(tmp_path.glob("*.pem")) == []


@pytest.mark.parametrize("key", [b"no key", b""], ids=["text", "nothing"])
def test_what_is_no_key_is_a_wrong_use(open_, site, key):
    done, packs = open_(key=key)

    assert (done.exit_code, packs) == (2, {})


@pytest.mark.one_row_in(2)
@pytest.mark.parametrize("form", ["csv", "jsonl", "jsonld"])
@pytest.mark.parametrize("level", ["decisions", "subjects"])
def test_no_export_holds_it(run, agree, erase, rows, tmp_path, form, level):
    erased = agree()
    kept_on = agree(1, consent_id=OTHER_VISITOR)
    run("log", "seal", "demo")
    erase()
    run("log", "seal", "demo")
    [row] = rows("restricted_proofs")
    path = tmp_path / "export"

    done = run("export", "demo", "--format", form, "--level", level, "-o", path)

    text = path.read_text()
    assert (done.exit_code, kept_on in text) == (0, True)
    sealed = base64.b64encode(bytes(row["sealed"])).decode()
    for hidden in (erased, row["proof_id"], sealed[:60], sealed.replace("/", "_")[:60]):
        assert hidden not in text


def test_no_door_of_the_service_gives_it_out(client, api_key, agree, erase, run, rows):
    erased = agree()
    run("log", "seal", "demo")
    erase()
    [row] = rows("restricted_proofs")
    key = api_key("export", "admin", "check")
    site = "/v1/sites/demo"

    answers = [
        client.get(path, headers=key)
        for path in (
            f"{site}/consents",
            f"{site}/consents?level=subjects",
            f"{site}/consents/{erased}/proof",
            f"{site}/consents/{row['proof_id']}/proof",
            f"{site}/trail",
            f"{site}/export?level=subjects&format=jsonl",
        )
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 404, 404, 200, 200]
    for answer in answers:
        assert erased not in answer.text
        assert row["proof_id"] not in answer.text or answer.status_code == 404


class TestARestore:
    @pytest.fixture
    def database_url(self, sqlite_url):
        """Of a file, which can be put in the place of another."""
        return sqlite_url

    @pytest.fixture
    def kept(self, app, rows):
        """How many are kept in the file that is there now, and no longer open afterwards."""

        def kept():
            found = rows("restricted_proofs")
            with app.app_context():
                db.session.remove()
                db.engine.dispose()
            return len(found)

        return kept

    def test_deletes_what_ended_while_it_was_in_the_backup(
        self, run, agree, erase, kept, clock, tmp_path
    ):
        agree()
        erase()
        run("backup", tmp_path / "backup")
        made = kept()
        clock.set("2028-01-01T00:00:00+00:00")
        early = run("restore", tmp_path / "backup", "--replace")
        left = kept()
        clock.set("2029-11-22T00:00:00+00:00")

        late = run("restore", tmp_path / "backup", "--replace")

        assert (early.exit_code, late.exit_code) == (0, 0), (early.output, late.exception)
        assert (made, left, kept()) == (1, 1, 0)
