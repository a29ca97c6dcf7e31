"""A record in plain words, in every language that ships."""

import pytest

from consent_server.sites.document.closed_lists import LANGUAGES
from consent_server.vocabulary import kantara, words


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_a_yes_a_no_and_a_way_to_write_an_instant(language):
    yes, no = words.YES_AND_NO[language]

    assert yes != no
    assert words.yes_or_no(language, True) == yes
    assert "2026" in words.moment("2026-11-22T20:00:00.000Z", language)
    assert words.direction(language) == ("rtl" if language == "ar" else "ltr")
    assert words.language_name(language)[0].isupper()


def test_every_event_action_and_method_has_words():
    from consent_server.consents.models import ACTIONS, EVENTS, METHODS

    assert set(EVENTS) == words.EVENTS.keys()
    assert set(ACTIONS) == words.ACTIONS.keys()
    assert set(METHODS) == words.METHODS.keys()


def test_a_withdrawal_is_not_said_to_be_of_a_place_that_the_record_does_not_know(every_kind):
    record, bundle = every_kind["withdrawn"]
    record = {**record, "method": "preferences"}
    receipt = kantara.receipt(record, bundle)

    assert words.happened(record).endswith("in the second layer, or by a link of the page.")
    assert receipt["collectionMethod"] == "withdraw, second layer, or a link of the page"
    assert words.happened({**record, "action": "save"}).endswith("in the second layer.")


def test_what_the_controller_put_right_is_not_told_as_something_that_was_pressed(every_kind):
    record, bundle = every_kind["corrected"]

    told = "The controller put right what an earlier record said; the visitor pressed nothing."
    assert (record["event"], words.happened(record)) == ("changed", told)
    assert kantara.receipt(record, bundle)["collectionMethod"].startswith("put right by the contr")


def test_what_was_answered_is_told_category_by_category(every_kind):
    told = {
        kind: [one.state for one in words.answers(*every_kind[kind], {})] for kind in every_kind
    }

    assert told["given"] == ["required", "granted", "granted", "granted"]
    assert told["partial"] == ["required", "refused", "granted", "refused"]
    assert told["withdrawn"] == ["required", "withdrawn", "withdrawn", "refused"]
    assert told["refused"] == ["required", "refused", "refused", "refused"]
    assert "expired" in told["expired"]


def test_a_service_follows_its_category_unless_it_was_asked_alone(every_kind):
    *_, analytics, marketing = words.answers(*every_kind["single"], {})

    assert [(one.title, one.state) for one in analytics.services] == [("Stats", "granted")]
    assert [(one.title, one.state) for one in marketing.services] == [("Video", "granted")]
    assert (marketing.state, marketing.word) == ("refused", "Non")


def test_english_stands_beside_a_title_in_another_language(every_kind):
    necessary, *_ = words.answers(*every_kind["given"], {})

    assert (necessary.title, necessary.english) == ("Nécessaire", "Necessary")
    assert necessary.word is None
