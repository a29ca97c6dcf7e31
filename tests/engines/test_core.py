"""From the question to the withdrawal, in Firefox and in WebKitGTK."""

import pytest

from tests.browser.service import OPTIONAL, gated
from tests.browser.web import VENDOR

FRAME = '<iframe data-category="marketing" data-src="{url}" title="Video"></iframe>'
LISTEN = """<script nonce="abc">
    window.violations = [];
    document.addEventListener('securitypolicyviolation', (event) => {
        violations.push(`${event.violatedDirective} ${event.blockedURI}`);
    });
</script>"""

#: An engine.
pytestmark = pytest.mark.one_row_in(2)


def test_nothing_is_stored_and_no_vendor_is_asked_before_a_choice(visitor, site, web):
    frame = FRAME.format(url=f"{web.origin(VENDOR)}/v")
    visitor.open(site.page(gated("analytics", "/a.js", web) + frame))

    visitor.expect("button", "accept")
    visitor.expect("button", "reject")
    visitor.engine.run("() => new Promise((resolve) => setTimeout(resolve, 300))")

    assert all(names == [] for names in visitor.stored().values())
    assert web.requests_to(VENDOR) == []
    assert (visitor.granted(), visitor.ran(), site.records()) == (set(), [], [])


def test_a_refusal_is_remembered_without_an_identifier(visitor, site, web):
    visitor.open(address := site.page(gated("analytics", "/a.js", web)))
    visitor.press("reject")
    visitor.expect_said("rejected_status")
    visitor.eventually(site.records, "the refusal is in the log")

    visitor.open(address)

    visitor.expect("button", "reopen")
    assert not visitor.sees("button", "accept")
    assert visitor.stored()["cookies"] == ["consent_state"]
    assert visitor.remembered() == dict.fromkeys(OPTIONAL, False)
    assert [record["event"] for record in site.records()] == ["refused"]
    assert web.requests_to(VENDOR) == []


def test_an_acceptance_has_its_proof_before_a_gated_script_runs_once(visitor, site, web):
    visitor.open(site.page(gated("analytics", "/a.js", web)))

    visitor.press("accept")
    visitor.expect_said("saved_status")
    visitor.eventually(visitor.ran, "the gated script runs")

    (record,) = site.records()
    claims = visitor.claims()
    assert (claims["aud"], claims["jti"]) == (site.id, record["record_id"])
    assert visitor.granted() == set(OPTIONAL)
    assert site.check(visitor.engine.cookies()["consent_token"], "analytics")["granted"] is True
    assert (visitor.ran(), web.requests_to(VENDOR)) == (["a"], ["/a.js"])


def test_a_switch_grants_its_purpose_alone(visitor, site, web):
    scripts = gated("analytics", "/a.js", web) + gated("marketing", "/m.js", web)
    visitor.open(site.page(scripts))

    visitor.press("choose")
    visitor.expect("dialog", "preferences_title")
    visitor.switch("category.analytics.title")
    visitor.press("save", within="dialog")
    visitor.expect_no("dialog")
    visitor.expect_said("saved_status")
    visitor.eventually(visitor.ran, "the gated script runs")

    assert visitor.granted() == {"analytics"}
    assert (visitor.ran(), web.requests_to(VENDOR)) == (["a"], ["/a.js"])
    assert [record["event"] for record in site.records()] == ["partial"]


def test_a_reload_finds_the_grant_and_asks_nothing(visitor, site, web):
    visitor.open(address := site.page(gated("analytics", "/a.js", web)))
    visitor.press("accept")
    visitor.expect_said("saved_status")

    visitor.open(address)
    visitor.eventually(visitor.ran, "the gated script runs again")

    visitor.expect("button", "reopen")
    assert not visitor.sees("button", "accept")
    assert (visitor.granted(), visitor.ran()) == (set(OPTIONAL), ["a"])
    assert len(site.records()) == 1


def test_a_withdrawal_takes_effect_at_once_and_lasts(visitor, site, web):
    visitor.open(address := site.page(gated("analytics", "/a.js", web)))
    visitor.press("accept")
    visitor.expect_said("saved_status")

    visitor.press("reopen")
    visitor.press("withdraw", within="dialog")
    visitor.expect_said("withdrawn_status")

    assert visitor.granted() == set()
    visitor.eventually(lambda: len(site.records()) == 2, "the withdrawal is in the log")
    assert [record["event"] for record in site.records()] == ["given", "withdrawn"]
    visitor.open(address)
    assert (visitor.granted(), visitor.ran()) == (set(), [])


def test_a_strict_policy_sees_no_violation_from_question_to_withdrawal(visitor, site, web):
    policy = [
        "default-src 'none'",
        f"script-src 'nonce-abc' {site.service.origin} {web.origin(VENDOR)}",
        f"connect-src {site.service.origin}",
        f"frame-src {web.origin(VENDOR)}",
        "img-src 'self'",  # Firefox counts its own look for an icon
        "base-uri 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types consent-server",
    ]
    body = gated("analytics", "/a.js", web) + FRAME.format(url=f"{web.origin(VENDOR)}/v")
    page = site.page(body, head=LISTEN + site.tag, Content_Security_Policy="; ".join(policy))
    visitor.open(page)

    visitor.press("choose")
    visitor.engine.press("Escape")
    visitor.expect_no("dialog")
    visitor.press("accept")
    visitor.expect_said("saved_status")
    visitor.eventually(visitor.ran, "the gated script runs")
    visitor.press("reopen")
    visitor.press("withdraw", within="dialog")
    visitor.expect_said("withdrawn_status")

    assert visitor.engine.run("() => violations") == []


@pytest.mark.criterion("2.1.1", "2.4.3")
def test_the_keyboard_alone_chooses_a_purpose(visitor, site):
    visitor.open(site.page())
    visitor.tab_to("choose")
    visitor.engine.press("Enter")
    visitor.expect("dialog", "preferences_title")
    assert visitor.in_focus() == visitor.texts["preferences_title"]

    visitor.engine.press("Enter")
    visitor.engine.press(" ")
    assert (visitor.sees("dialog"), site.records()) == (True, [])

    visitor.tab_to("category.functional.title")
    visitor.engine.press(" ")
    visitor.tab_to("save")
    visitor.engine.press("Enter")
    visitor.expect_said("saved_status")
    assert visitor.granted() == {"functional"}


@pytest.mark.criterion("2.1.2", "2.4.3")
def test_escape_closes_the_second_layer_decides_nothing_and_gives_the_focus_back(visitor, site):
    visitor.open(site.page())
    visitor.tab_to("choose")
    visitor.engine.press("Enter")
    visitor.expect("dialog")

    visitor.engine.press("Escape")
    visitor.expect_no("dialog")

    assert visitor.in_focus() == visitor.texts["choose"]
    visitor.expect("button", "accept")
    assert (visitor.engine.cookies(), site.records()) == ({}, [])
