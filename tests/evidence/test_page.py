"""The page says in words what happened, whatever it was."""

import html
import re

import pytest

from consent_server.consents.correcting import Correction
from consent_server.retention.service import record_lapses
from consent_server.rights.service import correct
from tests.builders import a_decision, acceptance, refusal, withdrawal


@pytest.fixture
def page_of(ask, seal, records):
    """The page about the newest record of an event, without its data."""

    def page_of(event):
        seal()
        found = [record for record in records() if record["event"] == event]
        answer = ask(found[-1]["record_id"], format="html")
        assert answer.status_code == 200, answer.text
        return html.unescape(answer.text.partition('<script type="application/json"')[0])

    return page_of


def test_a_grant_is_told_with_its_time_and_its_end(page_of, decide):
    decide(acceptance())

    page = page_of("given")

    assert "The visitor allowed everything that was asked for. “Accept all” was pressed" in page
    assert "22 November 2026, 20:00:00 UTC" in page
    assert "22 November 2027, 20:00:00 UTC (12 months after it was made)" in page
    assert "Mesure d’audience" in page
    assert "<small>Analytics</small>" in page


def test_a_refusal_is_told_without_anybody(page_of, decide):
    decide(refusal())

    page = page_of("refused")

    assert "The visitor allowed nothing that was asked for." in page
    assert "who refuses is given no identifier" in page
    assert "pseudonym" not in page


def test_a_withdrawal_and_an_expiry_are_told_as_what_they_are(page_of, decide, app, clock):
    decide(acceptance())
    clock.advance(minutes=1)
    decide(withdrawal(2))
    clock.advance(minutes=1)
    decide(a_decision(n=3))
    clock.advance(days=400)
    with app.app_context():
        record_lapses(clock.instant)

    assert "The visitor took back what had been allowed." in page_of("withdrawn")
    expired = page_of("expired")
    assert "The service recorded that by itself." in expired
    assert "pressed" not in expired.partition("What was decided")[0]


def test_a_correction_is_told_as_the_controllers(page_of, decide, app, clock):
    wrong = decide(acceptance()).json["record_id"]
    clock.advance(minutes=1)
    with app.app_context():
        correct("demo", wrong, Correction(["analytics"]), clock.instant)

    page = page_of("changed")

    assert "The controller put right what an earlier record said" in page
    assert f", which corrects <code>{wrong}</code></dd>" in page


def test_a_decision_without_effect_is_told_as_such(page_of, decide, clock):
    decide(a_decision(n=2))
    clock.advance(minutes=1)
    decide(acceptance(1))

    assert "had no effect" in page_of("given")


def test_nothing_in_it_has_an_address_that_a_browser_would_fetch(page_of, decide):
    decide(acceptance())

    page = page_of("given")

    assert not re.search(r"\b(src|srcset|poster|background)=|<link|@import|url\(", page)
