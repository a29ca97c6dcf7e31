"""R110 to R112: outside parties are told what may run, in their own words and in time."""

import urllib.request
from itertools import product

import pytest

from consent_server.embed.shipped import artifacts
from tests.browser.web import VENDOR

CATEGORIES = ["functional", "analytics", "marketing", "video"]
TEXTS = {"category.video.title": "Films", "category.video.text": "We show films of others."}
#: Google's tag manager and gtag.js as their own snippets start, without loading anything.
GOOGLE_TAG = """<script>
    window.dataLayer = window.dataLayer || [];
    dataLayer.push({'gtm.start': 1, event: 'gtm.js'});
    function gtag() { dataLayer.push(arguments); }
    gtag('js', 1);
    gtag('config', 'G-1');
</script>"""
HELD_BACK = '<script type="text/plain" data-category="analytics">gtag("js", 2)</script>'
THREE = {"google_consent_mode": "basic", "microsoft_uet": "on", "microsoft_clarity": "on"}
#: Everything that was said to Google, UET and Clarity so far, as lists.
SAID = """() => ({
    google: [...(window.dataLayer ?? [])].map((it) => it.event ? [it.event, it.consent] : [...it]),
    uet: [...(window.uetq ?? [])],
    clarity: [...(window.clarity?.q ?? [])].map((it) => [...it]),
})"""
ALL_ON = dict.fromkeys(artifacts().widget.signals, "on") | {"google_consent_mode": "basic"}


def _word(granted, category):
    return "granted" if category in granted else "denied"


def _types(*granted):
    ads, statistics, extras = (
        _word(granted, category) for category in ("marketing", "analytics", "functional")
    )
    return {
        "ad_storage": ads,
        "ad_user_data": ads,
        "ad_personalization": ads,
        "analytics_storage": statistics,
        "functionality_storage": extras,
        "personalization_storage": extras,
        "security_storage": "granted",
    }


def _clarity(*granted):
    names = {"ad_Storage": "marketing", "analytics_Storage": "analytics"}
    return ["consentv2", {name: _word(granted, id_) for name, id_ in names.items()}]


@pytest.fixture
def tagged(a_site):
    """A site that tells three parties, and its page with Google's tag behind ours."""

    def build(body="", **signals):
        site = a_site(signals={**THREE, **signals})
        head = f'<script src="{site.script}"></script>{GOOGLE_TAG}'
        return site.page(body, head=head)

    return build


def _said(visitor):
    return visitor.page.evaluate(SAID)


def test_the_default_comes_before_any_tag_and_denies_all(visitor, tagged):
    visitor.open(tagged())

    said = _said(visitor)
    assert [command[:2] for command in said["google"]] == [
        ["consent", "default"],
        ["set", "ads_data_redaction"],
        ["set", "url_passthrough"],
        ["gtm.js", None],
        ["js", 1],
        ["config", "G-1"],
    ]
    assert said["google"][0][2] == _types()
    assert [command[2] for command in said["google"][1:3]] == [True, False]
    assert said["uet"] == ["consent", "default", {"ad_storage": "denied"}]
    assert said["clarity"] == [_clarity()]


def test_each_of_sixteen_choices_is_told_exactly_once(visitor, a_site):
    site = a_site(
        categories=[
            {"id": "necessary", "required": True, "reason": "consent_choice"},
            *({"id": name} for name in CATEGORIES),
        ],
        texts={"en": TEXTS, "fr": TEXTS},
        signals={**THREE, "data_layer": "on"},
    )
    visitor.open(site.page())

    for answers in product([False, True], repeat=4):
        choice = dict(zip(CATEGORIES, answers, strict=True))
        granted = [name for name, answer in choice.items() if answer]
        visitor.page.evaluate("ConsentServer.rejectAll()")
        before = _said(visitor)
        assert visitor.page.evaluate("choice => ConsentServer.save(choice)", choice)
        after = _said(visitor)
        told = {party: after[party][len(before[party]) :] for party in after}

        update = ["consent", "update", _types(*granted)]
        event = ["consent_update", choice]
        assert told["google"] == [update, event] or told["google"] == [event, update]
        assert told["uet"] == ["consent", "update", {"ad_storage": _word(granted, "marketing")}]
        assert told["clarity"] == [_clarity(*granted)]


def test_a_withdrawal_and_a_refusal_deny(visitor, tagged):
    visitor.open(tagged())
    visitor.accept_all()
    assert _said(visitor)["google"][-1] == ["consent", "update", _types(*CATEGORIES)]

    visitor.withdraw()
    visitor.expect_said("withdrawn_status")

    said = _said(visitor)
    assert said["google"][-1] == ["consent", "update", _types()]
    assert said["uet"][-1] == {"ad_storage": "denied"}
    assert said["clarity"][-1] == _clarity()


def test_for_a_returning_visitor_the_update_comes_before_the_first_tag(visitor, tagged):
    address = tagged(HELD_BACK)
    visitor.open(address)
    visitor.accept_all()

    visitor.open(address)
    visitor.page.wait_for_function("[...dataLayer].some((it) => it[0] === 'js' && it[1] === 2)")

    google = _said(visitor)["google"]
    assert google[0] == ["consent", "default", {**_types(), "wait_for_update": 500}]
    assert google.index(["consent", "update", _types(*CATEGORIES)]) < google.index(["js", 2])


def test_who_refused_before_makes_no_tag_wait(visitor, tagged):
    address = tagged()
    visitor.open(address)
    visitor.reject_all()

    visitor.open(address)

    told = [command for command in _said(visitor)["google"] if command[0] == "consent"]
    assert told == [["consent", "default", _types()], ["consent", "update", _types()]]


def test_regions_and_waiting_are_as_the_document_says(visitor, tagged):
    google = {"mode": "basic", "regions": ["EEA", "US-CA"], "wait_for_update": 900}
    visitor.open(tagged(google_consent_mode=google))

    commands = _said(visitor)["google"]
    defaults = [command[2] for command in commands if command[1] == "default"]
    assert [len(default.pop("region", [])) for default in defaults] == [30, 1, 0]
    assert defaults == [_types()] * 3


def test_an_own_category_stands_for_the_usual_one(visitor, a_site):
    site = a_site(
        categories=[
            {"id": "necessary", "required": True, "reason": "consent_choice"},
            {"id": "video"},
        ],
        services=[],
        texts={"en": TEXTS, "fr": TEXTS},
        signals={**THREE, "categories": {"marketing": "video"}},
    )
    visitor.open(site.page())

    visitor.accept_all()

    assert _said(visitor)["google"][-1] == ["consent", "update", _types("marketing")]


def test_without_any_vendor_on_the_page_every_signal_is_harmless(visitor, a_site, web):
    site = a_site(signals=ALL_ON)
    visitor.page.goto(site.page(head="", path="/bare"))
    bare = set(visitor.page.evaluate("Object.keys(window)"))

    visitor.open(site.page())
    visitor.accept_all()
    visitor.withdraw()
    visitor.expect_said("withdrawn_status")

    added = set(visitor.page.evaluate("Object.keys(window)")) - bare
    lists = {"dataLayer", "uetq", "_paq", "_hsp", "clarity"}
    assert added == {"ConsentServer", "wp_consent_type", *lists}
    assert web.requests_to(VENDOR) == []


def test_a_vendor_that_comes_with_the_grant_is_told_when_it_has_loaded(visitor, a_site, web):
    site = a_site(signals={"tiktok": "on", "meta": "on"})
    pixel = """
        window.told = [];
        window.ttq = {grantConsent: () => told.push('grant'), revokeConsent: () => told.push('no')};
        window.fbq = (...command) => told.push(command.join());
    """
    address = web.put(VENDOR, "/pixel.js", pixel, "text/javascript")
    gate = f'<script type="text/plain" data-category="marketing" data-src="{address}"></script>'
    visitor.open(site.page(gate))

    visitor.accept_all()
    visitor.page.wait_for_function("window.told?.length === 2")
    visitor.withdraw()
    visitor.expect_said("withdrawn_status")

    told = visitor.page.evaluate("told")
    assert sorted(told[:2]) == ["consent,grant", "grant"]
    assert sorted(told[2:]) == ["consent,revoke", "no"]


def test_a_signal_that_a_site_does_not_use_is_not_in_its_script(a_site):
    site = a_site(signals={"microsoft_uet": "on"})

    with urllib.request.urlopen(site.script, timeout=10) as answer:
        script = answer.read()

    signals = artifacts().widget.signals
    assert len(signals) == 13
    assert [name for name, code in signals.items() if code in script] == ["microsoft_uet"]
