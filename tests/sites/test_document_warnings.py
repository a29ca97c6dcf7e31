"""What a valid document could say better."""

import pytest

from consent_server.sites.document import load_document, warnings
from tests.sites.documents import ROOT, a_document, a_service, a_value


def _paths(**changes: object) -> list[str]:
    return [finding.path for finding in warnings(a_document(**changes))]


def test_the_demo_document_leaves_nothing_to_say():
    assert warnings(load_document((ROOT / "examples/demo.yaml").read_text("utf-8"))) == ()


def test_a_service_that_names_no_host_is_remarked_on():
    paths = _paths(services=[a_service(hosts=[]), a_service(id="told")])

    assert paths == ["services[0].hosts"]


def test_a_document_without_services_or_questions_is_remarked_on():
    assert _paths() == ["services"]
    assert "categories" in _paths(categories=a_value()["categories"][:1])


def test_a_signal_that_no_category_feeds_is_remarked_on():
    paths = _paths(
        services=[a_service()],
        categories=a_value()["categories"][:2],
        signals={"microsoft_uet": "on", "matomo": "on", "google_consent_mode": "basic"},
    )

    assert paths == ["signals.microsoft_uet"]


def test_a_signal_is_fed_by_the_category_that_stands_for_another():
    value = a_value(texts={"fr": {}, "en": {}})
    for language in value["texts"].values():
        language |= {"category.ads.title": "Ads", "category.ads.text": "Ads pay for this."}
    categories = [value["categories"][0], {"id": "ads"}]
    told = {"microsoft_uet": "on"}
    changes = {"services": [a_service(category="ads")], "categories": categories}
    changes["texts"] = value["texts"]

    assert _paths(**changes, signals=told) == ["signals.microsoft_uet"]
    assert _paths(**changes, signals={**told, "categories": {"marketing": "ads"}}) == []


def test_what_is_sent_before_consent_is_remarked_on():
    google = {"mode": "basic", "url_passthrough": True}

    paths = _paths(
        services=[a_service()], signals={"google_consent_mode": google, "matomo": "cookies"}
    )

    assert paths == ["signals.google_consent_mode.url_passthrough", "signals.matomo"]


@pytest.mark.parametrize(
    "text",
    [
        "We use cookies to improve your experience.",
        "Pour améliorer votre expérience.",
        "Für ein optimales Nutzungserlebnis.",
        "By continuing to browse you agree.",
        "En poursuivant votre navigation, vous acceptez.",
        "We rely on our legitimate interest.",
        "Wir haben ein berechtigtes Interesse.",
        "Without them the site may not work.",
        "We value your privacy!",
        "See also our terms of use.",
        "<b>Please</b> accept",
    ],
)
def test_a_vague_or_misleading_text_is_remarked_on(text):
    texts = {"fr": {"intro": text}, "en": {"intro": "We count visits."}}

    assert _paths(services=[a_service()], texts=texts) == ["texts.fr.intro"]


def test_a_text_that_only_some_visitors_read_is_remarked_on():
    paths = _paths(services=[a_service()], texts={"fr": {"title": "Vos choix"}})

    assert paths == ["texts.en.title"]
