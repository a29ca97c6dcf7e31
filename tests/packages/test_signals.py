"""Packages that run from the start, told by a signal: what docs/signals.md says is what they do."""

import json

import pytest

from tests.packages.catalogue import is_named

#: As docs/signals.md says for those who do not hold PostHog back.
QUIET_POSTHOG = """window.posthogSettings = {
    opt_out_capturing_by_default: true, opt_out_persistence_by_default: true,
}"""


def _kept(journey, pattern):
    return {name for _, name in journey.kept() if is_named(name, pattern)}


@pytest.fixture
def posthog(set_out):
    """A visitor on a page with PostHog, quiet until it is told otherwise."""
    journey, shop = set_out(signals={"posthog": "on"})
    shop.let_loose("posthog", QUIET_POSTHOG)
    journey.go("one")
    return journey


def _events(journey):
    return [asked.path for asked in journey.traces().asked if asked.path.startswith("/e/")]


def test_posthog_sends_and_keeps_nothing_before_a_choice_and_after_a_refusal(posthog):
    assert _events(posthog) == []
    assert _kept(posthog, "ph_*") == set()

    posthog.visitor.reject_all()
    posthog.stay()
    posthog.go("two")

    assert _events(posthog) == []
    assert _kept(posthog, "ph_*") == set()
    assert posthog.page.evaluate("posthog.has_opted_out_capturing()") is True


def test_posthog_begins_with_the_acceptance_and_ends_with_the_withdrawal(posthog):
    posthog.visitor.accept_all()
    posthog.stay()
    posthog.eventually(lambda: _events(posthog), "an event is sent")
    assert _kept(posthog, "ph_*_posthog") != set()

    posthog.visitor.withdraw()
    posthog.visitor.expect_said("withdrawn_status")
    posthog.be_quiet()
    posthog.mark()
    posthog.page.evaluate("posthog.capture('after')")
    posthog.stay()
    posthog.go("two")

    assert _events(posthog) == []
    assert _kept(posthog, "ph_*_posthog") == set()


def test_segment_sends_the_choice_with_every_event(set_out):
    journey, shop = set_out(signals={"segment": "on"})
    shop.let_loose("segment")
    journey.go("one")

    def preferences(event):
        journey.mark()
        journey.page.evaluate("name => { void analytics.track(name); }", event)
        journey.page.clock.run_for(1_000)
        found = []
        journey.eventually(lambda: found.extend(_tracked(journey, event)) or found, event)
        return found[0]

    assert set(preferences("before").values()) == {False}
    journey.visitor.allow("Analytics")
    assert preferences("allowed") == {"functional": False, "analytics": True, "marketing": False}
    journey.visitor.withdraw()
    journey.visitor.expect_said("withdrawn_status")
    assert set(preferences("withdrawn").values()) == {False}


def _tracked(journey, event):
    bodies = [json.loads(one.body) for one in journey.traces().asked if one.path == "/v1/t"]
    consents = [body["context"]["consent"] for body in bodies if body["event"] == event]
    return [consent["categoryPreferences"] for consent in consents]


def test_clarity_keeps_a_visitor_number_only_between_acceptance_and_withdrawal(set_out):
    journey, shop = set_out(signals={"microsoft_clarity": "on"})
    shop.let_loose("clarity")
    journey.go("one")
    assert _kept(journey, "_cl*k") <= {"_cltk"}

    journey.visitor.accept_all()
    journey.stay()
    journey.go("two")
    journey.wait_for((), {("cookie", "_clck")}, is_named)

    journey.visitor.withdraw()
    journey.visitor.expect_said("withdrawn_status")
    journey.stay()
    journey.go("three")
    assert _kept(journey, "_cl*k") <= {"_cltk"}
