"""The verifier reads what the service itself gives out: before and after an erasure."""

import json

import pytest

from consent_server.verification import Trusted, read_jwks, verify
from tests.builders import OTHER_VISITOR, VISITOR, a_decision, acceptance, refusal, withdrawal

ORIGIN = "https://shop.example"
EXPORTS = [
    (form, level) for form in ("csv", "jsonl", "jsonld") for level in ("decisions", "subjects")
]


@pytest.fixture
def history(decide, seal, clock):
    """Two visitors and a refusal in the log; gives the first record of the first visitor."""
    record_id = decide(a_decision()).json["record_id"]
    decide(acceptance(consent_id=OTHER_VISITOR))
    clock.advance(hours=1)
    decide(withdrawal(2, consent_id=OTHER_VISITOR))
    decide(refusal())
    seal()
    return record_id


@pytest.fixture
def keep(tmp_path):
    """Keep an answer as a file."""

    def keep(answer, name):
        assert answer.status_code == 200, answer.text
        path = tmp_path / name
        path.write_bytes(answer.data)
        return path

    return keep


@pytest.fixture
def trusted(client, keep):
    """What an auditor has from another channel: the log's key and the tokens' keys."""
    vkey = client.get("/v1/sites/demo/log/key").text.strip()
    return Trusted(vkey=vkey, jwks=read_jwks(client.get("/.well-known/jwks.json").text))


def _me(client, method="GET", path="", consent_id=VISITOR, **asked):
    headers = {"Origin": ORIGIN, "Consent-Id": consent_id}
    address = f"/v1/sites/demo/me{path}"
    return client.open(address, method=method, headers=headers, query_string=asked)


@pytest.mark.parametrize("form", ["json", "html", "tlog-proof"])
def test_a_proof_pack_verifies_in_each_form(form, client, api_key, history, trusted, keep):
    asked = {} if form == "json" else {"format": form}
    path = f"/v1/sites/demo/consents/{history}/proof"
    answer = client.get(path, query_string=asked, headers=api_key("export"))

    report = verify(keep(answer, f"proof.{form}"), trusted)

    assert report.problems == []
    assert report.proved
    kinds = {"json": "proof pack", "html": "proof pack in a page", "tlog-proof": "proof"}
    assert report.kind == kinds[form]


def test_a_signed_receipt_verifies_with_its_record_in_the_log(client, history, trusted, keep):
    answer = _me(client, path="/receipt", format="jwt")

    report = verify(keep(answer, "receipt.jwt"), trusted)

    assert report.problems == []
    assert report.kind == "receipt"
    assert any("entry" in line for line in report.proved)


def test_the_page_of_a_receipt_verifies_by_the_receipt_that_it_carries(
    client, history, trusted, keep
):
    page = keep(_me(client, path="/receipt", format="html"), "receipt.html")
    signed = _me(client, path="/receipt", format="jwt").text

    report = verify(page, trusted)

    assert report.problems == []
    assert report.kind == "receipt in a page"
    assert any(history in line for line in report.proved)
    assert any("the page around it" in line for line in report.unproved)
    element = '<script type="application/jwt" id="consent-receipt">'
    text = page.read_text(encoding="utf-8")
    for forged, problem in (
        (text.replace(f"{element}ey", f"{element}eY"), "form"),
        (text.replace(element, f"{element}{signed[:-9]}.</script>{element}"), "more than one"),
        (text.replace(element, "<pre>application/jwt "), "no signed receipt"),
    ):
        page.write_text(forged, encoding="utf-8")
        assert problem in str(verify(page, trusted).problems[0])


def test_a_page_that_was_cut_off_is_said_to_be(client, api_key, history, trusted, keep):
    """Whatever it carries is whole: a reader would miss what a page says at its end."""
    proof = f"/v1/sites/demo/consents/{history}/proof"
    pages = (
        client.get(proof, query_string={"format": "html"}, headers=api_key("export")),
        _me(client, path="/receipt", format="html"),
    )
    for answer in pages:
        page = keep(answer, "page.html")
        whole = page.read_bytes()
        page.write_bytes(whole + b"\r\n")  # as an editor may leave it
        assert verify(page, trusted).problems == []
        carried = whole.index(b"</script>", whole.index(b'<script type="application/'))
        for end in (carried + 9, (carried + len(whole)) // 2, len(whole) - 1):
            page.write_bytes(whole[:end])
            [problem] = verify(page, trusted).problems
            assert problem.text == "the page was cut off: it has no end"


@pytest.mark.parametrize(("form", "level"), EXPORTS)
def test_an_export_verifies_whole_before_and_after_an_erasure(
    form, level, client, api_key, history, trusted, keep, seal
):
    asked = {"format": form, "level": level}
    headers = api_key("export")
    url = "/v1/sites/demo/export"
    before = verify(keep(client.get(url, query_string=asked, headers=headers), "before"), trusted)
    assert _me(client, "DELETE").json == {"site": "demo", "erased": 1}

    waiting = verify(keep(client.get(url, query_string=asked, headers=headers), "waiting"), trusted)
    seal()
    after_file = keep(client.get(url, query_string=asked, headers=headers), "after")
    after = verify(after_file, trusted)

    assert before.problems == []
    assert after.problems == []
    assert history not in after_file.read_text()
    # The tombstone, and a line of the trail for each of the two exports before.
    assert after.head.size == before.head.size + 3
    # Until its tombstone is signed, a missing record is told as what it is.
    assert waiting.problems == [] or "missing" in str(waiting.problems[0])


def test_a_pack_from_before_an_erasure_still_verifies_and_none_is_made_any_more(
    client, api_key, history, trusted, keep, seal
):
    path = f"/v1/sites/demo/consents/{history}/proof"
    kept = keep(client.get(path, headers=api_key("export")), "pack.json")
    assert json.loads(kept.read_bytes())["record"]["record_id"] == history
    _me(client, "DELETE")
    seal()

    assert verify(kept, trusted).problems == []
    gone = client.get(path, headers=api_key("export"))
    assert (gone.status_code, gone.json["reason"]) == (404, "record_unknown")
