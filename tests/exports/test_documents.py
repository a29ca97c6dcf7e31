"""Proof packs, receipts, tokens and proofs: verified when whole, refused when anything changed."""

import base64
import json
import random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consent_server import verification
from tests.builders import ORIGIN, VISITOR, acceptance

PRIVATE = Ed25519PrivateKey.from_private_bytes(b"\x03" * 32)
JWKS = {"one": PRIVATE.public_key().public_bytes_raw()}


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def jws(claims, typ="consent-receipt+jwt", private=PRIVATE):
    header = {"alg": "EdDSA", "kid": "one", "typ": typ}
    signed = f"{encoded(compact(header).encode())}.{encoded(compact(claims).encode())}"
    return f"{signed}.{encoded(private.sign(signed.encode()))}"


@pytest.fixture
def proven(decide, seal, client, api_key, export_to, app):
    """One record with all that proves it, as a proof pack."""
    record_id = decide(acceptance(consent_id=VISITOR)).json["record_id"]
    decide(acceptance(consent_id="EBESExQVFhcYGRobHB0eHw"))
    seal()
    proof = client.get(
        f"/v1/sites/demo/consents/{record_id}/proof?format=tlog-proof", headers=api_key("export")
    )
    lines = [json.loads(line) for line in export_to("jsonl", "subjects").read_bytes().splitlines()]
    record = next(line for line in lines if line.get("record_id") == record_id)
    names = ("log_index", "decision_key", "subject_key")
    openings = {name: record.pop(name) for name in names}
    with app.app_context():
        from consent_server.sites.service import publication_of, widget_build

        bundle = publication_of("demo", record["bundle"]).bundle
        build = widget_build(record["build"]).source.decode()
    return {
        "format": "consent-proof/v1",
        "record": record,
        **openings,
        "bundle": bundle,
        "build": build,
        "texts": json.loads(bundle)["texts"]["fr"],
        "proof": proof.text,
        "checkpoint": lines[-1]["manifest"]["checkpoint"],
        "vkey": lines[-1]["manifest"]["vkey"],
    }


@pytest.fixture
def receipt(proven):
    """The claims of a receipt."""
    return {
        "iss": "https://consent.example",
        "aud": "demo",
        "jti": f"{proven['record']['record_id']}-r",
        "iat": 1_780_000_000,
        "receipt": {"dpv:hasRecordOfActivity": {"consent:record": proven["record"]}},
        "openings": {name: proven[name] for name in ("decision_key", "subject_key")},
        "proof": proven["proof"],
        "vkey": proven["vkey"],
    }


@pytest.fixture
def check(tmp_path, verified):
    """Verify a text or a value as a file."""

    def check(content, **given):
        path = tmp_path / "document"
        text = content if isinstance(content, str) else compact(content)
        path.write_text(text, encoding="utf-8")
        return verified(path, **given)

    return check


def test_a_proof_pack_verifies(proven, check):
    report = check(proven)

    assert report.is_good, list(map(str, report.problems))
    assert report.kind == "proof pack"
    assert [text.split(" is ")[0] for text in report.proved] == [
        f"record {proven['record']['record_id']}",
        "it says: given at 2026-11-22T20:00:00.000Z (accept_all), "
        "analytics yes, functional yes, marketing yes, necessary yes",
        "the bundle",
        "the widget build",
    ]


def test_what_nobody_pressed_is_told_as_such(proven):
    expired = {**proven["record"], "event": "expired", "action": None}

    assert verification._said(expired).startswith(
        "expired at 2026-11-22T20:00:00.000Z (no press), analytics"
    )


def test_a_page_that_holds_the_pack_verifies(proven, check):
    text = compact(proven).replace("<", "\\u003c")
    page = f'<!doctype html><script type="application/json" id="pack">{text}</script></html>'

    assert check(page).kind == "proof pack in a page"
    assert check(page).is_good
    assert any("the page around it" in text for text in check(page).unproved)
    assert not check(page.replace('"accept_all"', '"save"')).is_good


@pytest.mark.parametrize(
    "name, value",
    [
        ("bundle", "{}"),
        ("build", "alert()"),
        ("texts", {"accept": "OK"}),
        ("log_index", 0),
        ("decision_key", encoded(b"\x00" * 32)),
        ("subject_key", encoded(b"\x00" * 31)),
        ("vkey", "consent.example/log/demo+00000000+AQ=="),
        ("checkpoint", "demo\n1\nAAAA\n"),
        ("proof", "c2sp.org/tlog-proof@v1\nindex 0\n\n"),
        ("format", "consent-proof/v2"),
    ],
)
def test_a_pack_with_another_part_is_refused(proven, check, name, value):
    assert not check({**proven, name: value}).is_good


def test_1000_random_changes_of_a_record_in_a_pack_are_all_found(proven, check):
    from tests.exports.tampering import change_within

    chance = random.Random(7)
    missed = []
    for trial in range(1000):
        record = json.loads(compact(proven["record"]))
        change_within(record, chance)
        if record != proven["record"] and check({**proven, "record": record}).is_good:
            missed.append((trial, record))

    assert missed == []


def test_a_receipt_verifies_with_the_keys_of_the_service(receipt, check):
    report = check(jws(receipt), jwks=JWKS)

    assert report.is_good, list(map(str, report.problems))
    assert report.kind == "receipt"
    assert "is entry" in report.proved[-2]
    assert report.proved[-1].startswith("it says: given at")


def test_a_receipt_before_its_record_is_in_the_log_is_a_promise(receipt, check):
    claims = {name: value for name, value in receipt.items() if name != "proof"}

    report = check(jws({**claims, "promised_by": "2026-11-22T20:01:00.000Z"}), jwks=JWKS)

    assert report.is_good
    assert "promised by 2026-11-22T20:01:00.000Z" in report.unproved[0]


def test_a_receipt_is_refused_when_signature_record_or_name_are_others(receipt, check):
    other = {**receipt, "jti": "A" * 22 + "-r"}
    record = {**receipt["receipt"]["dpv:hasRecordOfActivity"]["consent:record"], "gpc": True}
    changed = {**receipt, "receipt": {"consent:record": record}}
    text = jws(receipt)

    assert not check(text).is_good  # without keys
    assert not check(jws(receipt, private=Ed25519PrivateKey.generate()), jwks=JWKS).is_good
    assert not check(jws(other), jwks=JWKS).is_good
    assert not check(jws(changed), jwks=JWKS).is_good
    assert not check(jws(receipt, typ="JWT"), jwks=JWKS).is_good
    assert not check(text[:-2] + ("AA" if text[-2:] != "AA" else "BB"), jwks=JWKS).is_good


@pytest.mark.parametrize(
    "address", ["me?format=jsonld", "me/receipt?format=jsonld", "me/receipt?format=kantara"]
)
def test_a_copy_without_a_signature_is_not_called_a_damaged_one(decide, client, check, address):
    decide(acceptance(consent_id=VISITOR))
    copy = client.get(
        f"/v1/sites/demo/{address}", headers={"Origin": ORIGIN, "Consent-Id": VISITOR}
    )

    report = check(copy.text)

    assert copy.status_code == 200 and not report.is_good
    assert "not signed (receipts: jwt, html are)" in str(report.problems[0])


def test_a_token_of_the_service_verifies_with_its_jwks_file(decide, client, check, tmp_path):
    from consent_server.verification import read_jwks

    token = decide(acceptance()).json["token"]
    path = tmp_path / "jwks.json"
    path.write_bytes(client.get("/.well-known/jwks.json").data)

    report = check(token, jwks=read_jwks(path.read_text()))

    assert report.is_good, list(map(str, report.problems))
    assert '"granted": true' in report.proved[-1]
    assert not check(token[:-4] + "AAAA", jwks=read_jwks(path.read_text())).is_good


def test_a_proof_file_and_a_checkpoint_verify_with_the_logs_key(proven, check):
    key = {"vkey": proven["vkey"]}
    index = proven["log_index"]

    assert check(proven["proof"], **key).proved[0].split(", by")[0].endswith(f"number {index}")
    assert check(proven["checkpoint"], **key).is_good
    assert not check(proven["checkpoint"]).is_good  # nobody said which key
    assert not check(proven["proof"].replace(f"index {index}", "index 0"), **key).is_good


@pytest.mark.parametrize(
    "text", ["", "x", "{}", "[]", "\x00", "null", '{"manifest":{}}', "a,b\r\n"]
)
def test_anything_else_is_not_verified_and_breaks_nothing(check, text):
    report = check(text)

    assert not report.is_good
    assert report.proved == []


def test_nothing_beside_what_a_pack_is_made_of_is_let_through(proven, check):
    others = proven["proof"].splitlines(keepends=True)
    entry = '{"d":"A","s":"A","t":"ev","v":1}'
    extra = f"extra {base64.b64encode(entry.encode()).decode()}\n"
    swapped = "".join([others[0], extra, *others[2:]])

    assert others[1].startswith("extra ")
    assert not check({**proven, "decision": "refused everything"}).is_good
    assert not check({**proven, "proof": swapped}).is_good


def test_a_page_with_two_packs_is_not_taken_for_one(proven, check):
    block = '<script type="application/json">{}</script>'.format
    pack = compact(proven).replace("<", "\\u003c")
    other = pack.replace('"accept_all"', '"save"')

    assert check(f"<!doctype html>{block(pack)}</html>").is_good
    assert not check(f"<!doctype html>{block(pack)}{block(other)}</html>").is_good


def test_a_receipt_for_another_site_than_that_of_its_record_is_refused(receipt, check):
    assert check(jws(receipt), jwks=JWKS).is_good
    assert not check(jws({**receipt, "aud": "other"}), jwks=JWKS).is_good


@pytest.mark.parametrize("piece", ["<script", "<script application/json>", "application/json"])
def test_a_page_is_read_in_time_that_grows_with_it(piece):
    looked = []

    class Counted(str):
        def find(self, *given):
            looked.append(given)
            return super().find(*given)

    text = Counted('"consent-proof/v1"' + piece * 100_000)

    assert list(verification._scripts(text, "application/json")) == []
    assert len(looked) < 5


def test_a_line_without_end_is_not_read_to_its_end(verified, tmp_path, monkeypatch):
    monkeypatch.setattr(verification, "LARGEST_LINE", 10_000)
    path = tmp_path / "long.jsonl"
    path.write_bytes(b'{"log_index":' + b" " * 20_000)

    assert [str(found) for found in verified(path).problems] == [
        "a line is longer than any of an export"
    ]


def test_what_a_file_says_cannot_write_another_verdict(verified, tmp_path):
    report = verification.Report("x.jsonl")
    report.wrong("is another", 1, "A\nx.jsonl: VERIFIED (export)\x1b[1A\x9b2K")

    text, code = verification.conclude([report], as_json=False, must_compare=False)

    assert code == 1
    assert len(text.splitlines()) == 2
    assert "\x1b" not in text and "\x9b" not in text


@pytest.mark.parametrize("is_fast", [True, False])
def test_what_is_no_json_is_none_with_and_without_orjson(is_fast, monkeypatch):
    monkeypatch.setattr(verification, "fast", verification.fast if is_fast else None)
    outline = verification.Outline()

    assert verification._parsed(b'{"a":1}', 1, outline) == {"a": 1}
    for text in (b'{"a":NaN}', b'{"a":Infinity}', b'{"a":1', b"[1]"):
        with pytest.raises(verification.Unverifiable):
            verification._parsed(text, 1, outline)
    assert outline.respelled == 0
    verification._parsed(b'{"a":1,"a":2}', 7, outline)
    assert outline.respelled == 7
