"""R097: who erases is told before, and again after, what is kept for claims, and until when."""

import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from consent_server.evidence.restricted import count_kept
from consent_server.sites.durations import last_day_of
from tests.browser.test_records import _open_records
from tests.erasing.legal import keeping

REASON = {
    "en": "A sealed proof stays for legal claims; our lawyers alone can open it.",
    "fr": "Une preuve scellée reste pour la défense en justice ; seuls nos avocats l’ouvrent.",
    "ar": "يبقى إثبات مختوم للدفاع القانوني فقط، ولا يفتحه إلا محامونا.",
}
LONG = {"year": "numeric", "month": "long", "day": "numeric", "timeZone": "UTC"}


@pytest.fixture
def keeper(a_site):
    """A site that keeps sealed proofs."""
    return a_site(
        languages={"default": "en", "available": ["en", "fr", "ar"]},
        restricted_proof=keeping(months=36, reason=REASON),
    )


def the_day(visitor, language):
    """Return the day on which a proof ends that is kept now, as the browser writes it."""
    end = last_day_of(datetime.now(UTC), 36)
    spell = "([at, tag, form]) => new Date(at).toLocaleDateString(tag, form)"
    return visitor.page.evaluate(spell, [end.timestamp() * 1000, language, LONG])


@pytest.mark.parametrize("language", ["en", "fr", "ar"])
def test_reason_and_end_are_told_before_and_after(language, visitor, keeper):
    visitor.speaks(language)
    visitor.open(keeper.page(language=language))
    visitor.accept_all()
    dialog = _open_records(visitor)
    told = f"{REASON[language]} {the_day(visitor, language)}"

    visitor.button(dialog, "erase").click()
    warning = dialog.get_by_role("alert")
    expect(warning).to_have_text(visitor.texts["erase_confirm"] + told)
    visitor.button(dialog, "erase_yes").click()

    expect(visitor.status).to_have_text(f"{visitor.texts['erased_status']} {told}")
    visitor.wait_until_delivered()
    with keeper.service.app.app_context():
        assert count_kept(keeper.id, datetime.now(UTC)) == 1


def test_a_page_carries_none_of_it(visitor, keeper):
    answer = visitor.page.request.get(keeper.script)

    assert re.search("restricted_proof|legal claims", answer.text()) is None


def test_where_it_came_meanwhile_it_is_told_after(visitor, site):
    visitor.open(site.page())
    visitor.accept_all()
    dialog = _open_records(visitor)
    site.publish(
        restricted_proof=keeping(reason={tag: REASON[tag] for tag in ("en", "fr")}),
        reason="nobody is asked again",
    )

    visitor.button(dialog, "erase").click()
    expect(dialog.get_by_role("alert")).to_have_text(visitor.texts["erase_confirm"])
    visitor.button(dialog, "erase_yes").click()

    expect(visitor.status).to_contain_text(REASON["en"])
