"""Nobody but the visitor grants: no script, no frame, no cookie that was written by hand."""

import base64
import json
import urllib.parse
from datetime import UTC, datetime, timedelta

import pytest

from tests.browser.service import OPTIONAL, gated
from tests.browser.web import SHOP, VENDOR

CLICK = """name => {
    const root = document.querySelector('consent-server').shadowRoot;
    [...root.querySelectorAll('button')].find((one) => one.textContent === name).click();
}"""


def test_a_script_that_presses_our_buttons_grants_nothing(visitor, site, web):
    visitor.open(site.page(gated("analytics", "/a.js", web)))
    visitor.expect_asked()

    for slot in ("accept", "choose"):
        visitor.page.evaluate(CLICK, visitor.texts[slot])
    visitor.page.evaluate(
        """() => document.querySelector('consent-server').shadowRoot
            .querySelectorAll('[role=switch]').forEach((one) => { one.checked = true })"""
    )
    visitor.page.evaluate(CLICK, visitor.texts["save"])

    assert (visitor.granted(), visitor.ran(), visitor.cookies()) == (set(), [], {})
    assert site.records() == []


LISTENING_IN = """() => {
    const {addEventListener} = EventTarget.prototype;
    window.listeners = [];
    EventTarget.prototype.addEventListener = function (type, listener, options) {
        listeners.push(listener);
        return addEventListener.call(this, type, listener, options);
    };
}"""


def test_a_script_that_replaces_how_pages_listen_is_handed_no_press(visitor, site):
    """With the listener of a button it could call it with an event of its own making."""
    visitor.open(site.page())
    visitor.expect_asked()
    visitor.page.evaluate(LISTENING_IN)

    visitor.page.evaluate("addEventListener('focus', (event) => event); ConsentServer.show()")
    visitor.page.evaluate("ConsentServer.showPreferences()")
    visitor.preferences.wait_for()
    visitor.page.evaluate(
        """async () => {
            const made = {isTrusted: true, preventDefault() {}, target: document.body};
            made.composedPath = () => [document.body];
            for (const listener of listeners) try { await listener(made); } catch {}
        }"""
    )

    assert visitor.page.evaluate("listeners.length") >= 1
    assert (visitor.granted(), site.records()) == (set(), [])
    visitor.button(visitor.preferences, "accept").click()
    visitor.wait_until_delivered()
    assert [record["trusted"] for record in site.records()] == [True]


def test_a_grant_by_the_page_itself_is_recorded_as_what_it_is(visitor, site):
    visitor.open(site.page())

    granted = visitor.page.evaluate("ConsentServer.acceptAll()")

    (record,) = site.records()
    assert granted is True
    assert (record["method"], record["trusted"]) == ("api", False)


def test_the_question_inside_a_frame_of_another_site_grants_nothing(visitor, site, web):
    inner = site.page()
    outer = web.put(VENDOR, "/trap", f'<iframe src="{inner}" width="900" height="600"></iframe>')
    visitor.page.goto(outer)
    frame = visitor.page.frame_locator("iframe")

    frame.get_by_role("button", name=visitor.texts["accept"], exact=True).click()

    frame.get_by_text(visitor.texts["framed"]).wait_for()
    assert site.records() == []


def _encode(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _part(token, index):
    part = token.split(".")[index]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def _without_token(_token):
    return ""


def _with_alg_none(token):
    return f"{_encode({**_part(token, 0), 'alg': 'none'})}.{token.split('.')[1]}."


def _with_more_granted(token):
    claims = _part(token, 1)
    for category in claims["categories"].values():
        category["granted"] = True
    head, _, signature = token.split(".")
    return f"{head}.{_encode(claims)}.{signature}"


def _with_a_later_end(token):
    claims = _part(token, 1)
    head, _, signature = token.split(".")
    return f"{head}.{_encode({**claims, 'exp': claims['exp'] + 86_400})}.{signature}"


def _with_another_key(token):
    _, claims, signature = token.split(".")
    return f"{_encode({**_part(token, 0), 'kid': 'A' * 43})}.{claims}.{signature}"


def _with_a_changed_signature(token):
    return token[:-10] + ("A" if token[-10] != "A" else "B") + token[-9:]


FORGERIES = [
    _without_token,
    _with_alg_none,
    _with_more_granted,
    _with_a_later_end,
    _with_another_key,
    _with_a_changed_signature,
    lambda token: token + ".",
    lambda _token: "garbage",
]


@pytest.mark.one_row_in(2)
@pytest.mark.parametrize("forge", FORGERIES, ids=lambda forge: forge.__name__.strip("_"))
def test_cookies_that_were_written_by_hand_run_nothing(forge, visitor, site, web):
    visitor.open(site.page(gated("marketing", "/m.js", web)))
    visitor.allow("Analytics")
    state = {**visitor.state(), "categories": dict.fromkeys(OPTIONAL, True)}
    if forge in (_with_a_later_end, _without_token):
        state["expires"] = dict.fromkeys(OPTIONAL, "2999-01-01T00:00:00.000Z")
    _write(visitor, web, "consent_state", urllib.parse.quote(json.dumps(state)))
    _write(visitor, web, "consent_token", forge(visitor.token()))

    visitor.reload()

    visitor.expect_asked()
    assert (visitor.granted(), visitor.ran()) == (set(), [])
    assert web.requests_to(VENDOR) == []


def test_a_state_that_says_more_than_the_token_grants_only_what_the_token_says(visitor, site, web):
    body = gated("marketing", "/m.js", web) + gated("analytics", "/a.js", web)
    visitor.open(site.page(body))
    visitor.allow("Analytics")
    state = {**visitor.state(), "categories": dict.fromkeys(OPTIONAL, True)}
    _write(visitor, web, "consent_state", urllib.parse.quote(json.dumps(state)))

    visitor.reload()

    visitor.wait_until_ran()
    visitor.expect_asked()
    assert (visitor.granted(), visitor.ran()) == ({"analytics"}, ["a"])


def test_a_token_of_another_site_runs_nothing(visitor, a_site, web):
    other, site = a_site(), a_site()
    visitor.open(other.page())
    visitor.accept_all()

    visitor.open(site.page(gated("analytics", "/a.js", web)))

    assert (visitor.granted(), visitor.ran()) == (set(), [])


def test_a_token_whose_time_is_over_runs_nothing(visitor, site, web):
    visitor.open(site.page(gated("analytics", "/a.js", web)))
    visitor.accept_all()
    state = {**visitor.state(), "expires": dict.fromkeys(OPTIONAL, "2999-01-01T00:00:00.000Z")}
    _write(visitor, web, "consent_state", urllib.parse.quote(json.dumps(state)))

    visitor.page.clock.set_fixed_time(datetime.now(UTC) + timedelta(days=367))
    visitor.reload()

    visitor.expect_asked()
    assert (visitor.granted(), visitor.ran()) == (set(), [])


@pytest.mark.one_row_in(2)
@pytest.mark.parametrize(
    "state",
    [
        "",
        "garbage",
        "%",
        "{}",
        "null",
        "[]",
        '{"v":1}',
        '{"v":1,"categories":null}',
        '{"v":1,"categories":"analytics"}',
        '{"v":1,"categories":{"analytics":true},"services":7}',
        '{"v":1,"categories":{"analytics":true},"revision":1,"day":"never"}',
        '{"v":1,"categories":{"analytics":true},"revision":1,"expires":{"analytics":7}}',
        '{"v":2,"categories":{"analytics":true}}',
    ],
)
def test_a_damaged_entry_is_no_decision(state, visitor, site, web):
    address = site.page(gated("analytics", "/a.js", web))
    visitor.page.goto(site.page(head="", path="/empty"))
    _write(visitor, web, "consent_state", urllib.parse.quote(state, safe="%"))

    visitor.open(address)

    visitor.expect_asked()
    assert (visitor.granted(), visitor.ran()) == (set(), [])


def _write(visitor, web, name, value):
    cookie = {"name": name, "value": value, "url": web.origin(SHOP)}
    visitor.page.context.add_cookies([cookie])
