"""A proof pack holds all that is needed, exactly, and verifies with nothing of ours."""

import copy
import json

import pytest

from tests.builders import a_decision, refusal
from tests.evidence.verifier import problems
from tests.log.verifier import included

MEMBERS = [
    "format",
    "record",
    "log_index",
    "decision_key",
    "subject_key",
    "bundle",
    "build",
    "texts",
    "proof",
    "checkpoint",
    "vkey",
]


@pytest.fixture
def vkey(client, site):
    return client.get("/v1/sites/demo/log/key").text


def test_a_pack_verifies_with_nothing_of_the_service(ask, record_id, vkey, site, records):
    answer = ask(record_id)

    pack = answer.json
    assert answer.content_type == "application/json"
    assert list(json.loads(answer.text)) == MEMBERS
    assert pack["format"] == "consent-proof/v1"
    assert pack["record"] == records()[0]
    assert pack["bundle"] == site.bundle
    assert pack["texts"]["accept"] == json.loads(site.bundle)["texts"]["fr"]["accept"]
    assert problems(pack, vkey) == []


def flipped(text):
    """The text with another character in its middle."""
    at = len(text) // 2
    return text[:at] + ("B" if text[at] != "B" else "C") + text[at + 1 :]


def test_each_part_that_is_changed_is_named(ask, record_id, vkey):
    pack = ask(record_id).json
    record = pack["record"]
    changes = {
        "bundle": {"bundle": pack["bundle"].replace("Shop SAS", "Shop SAX")},
        "build": {"build": flipped(pack["build"])},
        "texts": {"texts": {**pack["texts"], "accept": "OK"}},
        "decision": {"record": {**record, "recorded_at": "2026-11-21T20:00:00.000Z"}},
        "subject": {"record": {**record, "subject": flipped(record["subject"])}},
        "proof": {"log_index": pack["log_index"] + 1},
        "vkey": {"vkey": flipped(pack["vkey"])},
    }

    found = {
        name: problems({**copy.deepcopy(pack), **changed}, vkey)
        for name, changed in changes.items()
    }

    assert found == {name: [name] for name in changes}


def test_a_refusal_has_a_pack_without_anybody_in_it(ask, decide, seal, vkey):
    recorded = decide(refusal()).json["record_id"]
    seal()

    pack = ask(recorded).json

    assert pack["record"]["subject"] is None
    assert problems(pack, vkey) == []


def test_the_same_record_at_the_same_checkpoint_gives_the_same_bytes(ask, record_id, clock):
    first = {form: ask(record_id, format=form).data for form in ("pack", "html", "tlog-proof")}
    clock.advance(days=3)

    assert {form: ask(record_id, format=form).data for form in first} == first


def test_the_plain_proof_is_the_one_in_the_pack(ask, record_id, vkey):
    answer = ask(record_id, format="tlog-proof")

    assert answer.content_type == "text/plain; charset=utf-8"
    assert answer.text == ask(record_id).json["proof"]
    assert included(answer.text, vkey)[0] == ask(record_id).json["log_index"]


@pytest.mark.parametrize("form", ["pack", "html", "tlog-proof"])
def test_a_record_that_waits_has_no_proof_yet(ask, decide, form):
    recorded = decide(a_decision()).json["record_id"]

    answer = ask(recorded, format=form)

    assert (answer.status_code, answer.json["reason"]) == (409, "not_sealed")


def test_an_unknown_form_is_refused(ask, record_id):
    assert ask(record_id, format="pdf").json["reason"] == "invalid_request"


def test_a_browser_makes_a_file_of_it(ask, record_id):
    names = {
        form: ask(record_id, format=form).headers.get("Content-Disposition")
        for form in ("pack", "html", "tlog-proof")
    }

    assert names == {
        "pack": f'attachment; filename="consent-proof-{record_id}.json"',
        "html": f'attachment; filename="consent-proof-{record_id}.html"',
        "tlog-proof": None,
    }


def test_an_archived_site_keeps_its_evidence(app, ask, record_id, clock):
    from consent_server.sites.archiving import archive

    before = ask(record_id).data
    with app.app_context():
        archive("demo", clock.instant)

    assert ask(record_id).data == before


def test_the_page_holds_the_pack_as_data(ask, record_id):
    page = ask(record_id, format="html").text

    _, _, rest = page.partition('<script type="application/json" id="consent-proof">')
    data, _, _ = rest.partition("</script>")
    assert json.loads(data) == ask(record_id).json
