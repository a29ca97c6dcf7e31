"""A visitor takes away a receipt of each record: to read, as data, and signed."""

import html
import json
import re

import jwt
import pytest

from consent_server.consents.correcting import Correction
from consent_server.rights import receipt_page
from consent_server.rights.service import correct
from tests.builders import (
    OTHER_VISITOR,
    VISITOR,
    a_decision,
    acceptance,
    refusal,
    withdrawal,
)
from tests.evidence.verifier import commitment, decision_part, decode, encode, subject_part
from tests.log.verifier import included

FORMS = ["html", "jsonld", "kantara", "jwt"]


@pytest.fixture
def verify(client):
    """Verify a signed receipt with the published keys alone; gives its header and claims."""

    def verify(text):
        header = jwt.get_unverified_header(text)
        keys = jwt.PyJWKSet.from_dict(client.get("/.well-known/jwks.json").json)
        options = {"verify_iat": False}  # the clock of the test stands still
        found = jwt.decode(
            text, keys[header["kid"]], algorithms=["EdDSA"], audience="demo", options=options
        )
        return header, found

    return verify


def opened(claims, bundle):
    """Whether the openings of a receipt are of the entry in its proof."""
    openings = claims["openings"]
    _, entry = included(claims["proof"], claims["vkey"])
    stated = json.loads(entry)
    parts = {
        "decision": decision_part(openings["record"], bundle),
        "subject": subject_part(openings["record"]),
    }
    return all(
        encode(commitment(name, decode(openings[f"{name}_key"]), part)) == stated[name[0]]
        for name, part in parts.items()
    )


def test_the_receipt_is_a_consent_receipt_of_27560(ask, decide, clock):
    recorded = decide(a_decision()).json
    clock.advance(minutes=5)

    answer = ask("/receipt")

    receipt = answer.json
    assert answer.content_type == "application/ld+json"
    assert receipt["@type"] == "dpv:ConsentReceipt"
    assert receipt["dct:identifier"] == f"{recorded['record_id']}-r"
    assert receipt["dct:created"] == "2026-11-22T20:05:00.000Z"
    record = receipt["dpv:hasRecordOfActivity"]
    assert record["dct:identifier"] == recorded["record_id"]
    assert record["dpv:hasDataController"]["dpv:hasName"] == "Shop SAS"
    assert record["dpv:hasAuthority"]["dpv:hasName"] == "CNIL"
    assert VISITOR not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_receipt_in_kantaras_form(ask, decide):
    recorded = decide(a_decision()).json

    receipt = ask("/receipt", format="kantara").json

    assert receipt["version"] == "KI-CR-v1.1.0"
    assert receipt["consentReceiptID"] == f"{recorded['record_id']}-r"


def test_the_page_says_it_in_the_visitors_language(ask, decide, site):
    decide(a_decision())
    texts = json.loads(site.bundle)["texts"]["fr"]

    answer = ask("/receipt", format="html")

    shown = html.unescape(answer.text)
    assert answer.content_type == "text/html; charset=utf-8"
    assert '<html lang="fr" dir="ltr">' in answer.text
    for slot in ("title", "withdraw_title", "authority", "category.analytics.text", "country.FR"):
        assert texts[slot] in shown
    assert texts["withdraw_how"].format_map(texts) in shown
    assert "22 novembre 2026" in shown
    assert re.findall(r'class="answer (\w+)">(\w+)', answer.text) == [
        ("none", texts["always_active"].split()[0]),
        ("no", "Non"),
        ("yes", "Oui"),
        ("yes", "Oui"),
        ("no", "Non"),
        ("no", "Non"),
    ]


@pytest.mark.parametrize("has_word", [True, False])
def test_the_page_of_what_the_controller_put_right_says_so(
    has_word, ask, decide, site, app, clock, monkeypatch
):
    """Texts that were published earlier have no word for it."""
    wrong = decide(acceptance()).json["record_id"]
    texts = json.loads(site.bundle)["texts"]["fr"]
    clock.advance(minutes=1)
    with app.app_context():
        correct("demo", wrong, Correction(["analytics"]), clock.instant)
    word = texts["event.corrected"]
    earlier = {slot: text for slot, text in texts.items() if text != word}
    monkeypatch.setattr(receipt_page, "texts_of", lambda *_: texts if has_word else earlier)

    shown = html.unescape(ask("/receipt", format="html").text)

    assert (word in shown) is has_word
    assert ("The controller put right what an earlier record said" in shown) is not has_word
    assert texts["event.changed"] not in shown
    assert texts["event.given"] in html.unescape(ask("/receipt", format="html", record=wrong).text)


def test_the_page_runs_and_fetches_nothing(ask, decide):
    decide(a_decision())

    answer = ask("/receipt", format="html")

    policy = answer.headers["Content-Security-Policy"]
    nonce = re.search(r'<style nonce="([\w-]+)">', answer.text)[1]
    assert policy.startswith(f"default-src 'none'; style-src 'nonce-{nonce}'")
    assert "script-src" not in policy
    assert re.findall(r"<script type=\"([\w/+-]+)\"", answer.text) == ["application/jwt"]
    assert not re.search(r"<(img|link|iframe|form)\b|\ssrc=", answer.text)


def test_a_signed_receipt_is_verified_by_another_library(ask, decide, verify):
    recorded = decide(a_decision()).json

    answer = ask("/receipt", format="jwt")
    header, claims = verify(answer.text)

    assert answer.content_type == "application/jwt"
    assert header["typ"] == "consent-receipt+jwt"
    assert claims["iss"] == "https://consent.example"
    assert claims["aud"] == "demo"
    assert claims["jti"] == f"{recorded['record_id']}-r"
    assert claims["iat"] == 1795377600
    assert claims["receipt"] == ask("/receipt").json
    with pytest.raises(jwt.InvalidSignatureError):
        verify(answer.text[:-4] + "AAAA")


def test_a_receipt_promises_a_proof_and_then_has_it(ask, decide, seal, verify, site, clock):
    decide(a_decision())
    _, before = verify(ask("/receipt", format="jwt").text)
    clock.advance(seconds=60)
    seal()

    _, after = verify(ask("/receipt", format="jwt").text)

    assert before["promised_by"] == "2026-11-22T20:01:00.000Z"
    assert "proof" not in before
    assert before["openings"]["log_index"] is None
    assert "promised_by" not in after
    assert opened(after, json.loads(site.bundle))
    assert after["openings"]["decision_key"] == before["openings"]["decision_key"]


def test_a_receipt_that_was_changed_does_not_open(ask, decide, seal, verify, site):
    decide(a_decision())
    seal()
    _, claims = verify(ask("/receipt", format="jwt").text)

    claims["openings"]["record"]["categories"]["marketing"]["granted"] = True

    assert not opened(claims, json.loads(site.bundle))


def test_the_signed_form_is_no_consent_token_and_a_token_no_receipt(ask, decide, check):
    token = decide(a_decision()).json["token"]
    receipt = ask("/receipt", format="jwt").text

    assert check(token)["granted"] is True
    assert check(receipt)["categories"]["analytics"]["reason"] == "invalid"


def test_the_newest_decision_is_the_one_of_the_receipt_and_older_ones_are_there_by_id(
    ask, decide, clock
):
    given = decide(acceptance()).json["record_id"]
    clock.advance(minutes=1)
    withdrawn = decide(withdrawal(2)).json["record_id"]

    assert ask("/receipt").json["dct:identifier"] == f"{withdrawn}-r"
    assert ask("/receipt", record=given).json["dct:identifier"] == f"{given}-r"


@pytest.mark.parametrize("form", FORMS)
def test_a_refusal_has_a_receipt_for_whoever_was_told_its_id(ask, decide, form):
    refused = decide(refusal()).json["record_id"]

    answer = ask("/receipt", consent_id=None, record=refused, format=form)

    assert answer.status_code == 200
    if form != "jwt":
        assert f"{refused}-r" in answer.text


@pytest.mark.parametrize("form", FORMS)
def test_a_record_of_somebody_looks_unknown_without_the_consent_id(ask, decide, publish, form):
    given = decide(acceptance()).json["record_id"]
    refused = decide(refusal()).json["record_id"]
    publish("other")

    unknown = ask("/receipt", consent_id=None, record="A" * 22, format=form)
    answers = [
        ask("/receipt", consent_id=None, record=given, format=form),
        ask("/receipt", consent_id=OTHER_VISITOR, record=given, format=form),
        ask("/receipt", consent_id=OTHER_VISITOR, format=form),
        ask("/receipt", record=refused, format=form),
        ask("/receipt", consent_id=None, record=refused, site_id="other", format=form),
    ]

    assert (unknown.status_code, unknown.json["reason"]) == (404, "consent_id_unknown")
    assert [answer.data for answer in answers] == [unknown.data] * len(answers)


@pytest.mark.parametrize("parameters", [{"format": "pdf"}, {"record": "short"}, {"colour": "red"}])
def test_another_question_is_refused(ask, decide, parameters):
    decide(acceptance())

    assert ask("/receipt", **parameters).json["reason"] == "invalid_request"


@pytest.mark.parametrize("words", ["me@shop.example", "//other.example/x", "Jane Doe, Paris"])
def test_plain_words_are_no_address_to_press(ask, decide, publish, words):
    """Such a link would lead to a page of the service, or to a stranger's."""
    controller = {"name": "Shop", "address": "1 rue X", "contact": words, "dpo": words}
    bundle = publish("demo", controller=controller).bundle_hash
    decide(acceptance(bundle=bundle))

    page = ask("/receipt", format="html").text
    party = ask("/receipt").json["dpv:hasRecordOfActivity"]["dpv:hasDataController"]

    assert page.count(words) == 2
    assert f'href="{words}' not in page
    assert (party["dpv:hasContact"], "schema:url" in party) == (words, False)
    stated = ask("/receipt", format="kantara").json["piiControllers"][0]
    assert stated["contact"] == words
    assert stated["piiControllerUrl"].startswith("https://")
